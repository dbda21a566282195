package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
)

const (
	// MaxLength is the longest template in bytes.
	MaxLength = 8192
	// MaxOutput is the largest text that a template becomes, in bytes.
	MaxOutput = 6 << 20
)

// ErrTooLarge says that a filled template would be larger than MaxOutput.
var ErrTooLarge = errors.New("template: what the template becomes is too large")

// Vars are the values of the reserved variables that are not the event.
type Vars struct {
	PipeARN, PipeName, SourceARN, EnrichmentARN, TargetARN string
	Ingested                                               time.Time
}

// Template is a template that was read.
type Template struct {
	parts []part
	json  bool
}

// part is a piece of text as it is, or a placeholder.
type part struct {
	text     string
	path     *Path
	variable string
	quoted   bool // between the quotes of JSON
}

// variables are the reserved variables. What each is worth is in value.
var variables = map[string]bool{
	"aws.pipes.pipe-arn": true, "aws.pipes.pipe-name": true, "aws.pipes.source-arn": true, "aws.pipes.enrichment-arn": true,
	"aws.pipes.target-arn": true, "aws.pipes.event.ingestion-time": true, "aws.pipes.event": true, "aws.pipes.event.json": true,
}

// Parse reads a template. A < that begins no placeholder is text.
func Parse(text string) (*Template, error) {
	if len(text) > MaxLength {
		return nil, fmt.Errorf("template: longer than %d bytes", MaxLength)
	}
	t := new(Template)
	if first := strings.TrimSpace(text); first != "" {
		t.json = strings.IndexByte(`{["`, first[0]) >= 0
	}
	quoted := false
	for text != "" {
		name, before, after, ok := placeholder(text)
		quoted = t.add(before, quoted)
		if !ok {
			break
		}
		p := part{quoted: quoted && t.json}
		if strings.HasPrefix(name, "$") {
			var err error
			if p.path, err = ParsePath(name); err != nil {
				return nil, fmt.Errorf("template: %w: %s", err, name)
			}
		} else if p.variable = name; !variables[name] {
			return nil, fmt.Errorf("template: unknown variable: %s", name)
		}
		t.parts = append(t.parts, p)
		text = after
	}
	return t, nil
}

// placeholder finds the first placeholder of a text.
func placeholder(text string) (name, before, after string, ok bool) {
	for at := 0; ; {
		n := strings.IndexByte(text[at:], '<')
		if n < 0 {
			return "", text, "", false
		}
		at += n + 1
		end := strings.IndexByte(text[at:], '>')
		if end < 0 {
			return "", text, "", false
		}
		name = text[at : at+end]
		if strings.HasPrefix(name, "$") || strings.HasPrefix(name, "aws.pipes.") {
			return name, text[:at-1], text[at+end+1:], true
		}
	}
}

// add adds text, and reports whether it ends between quotes.
func (t *Template) add(text string, quoted bool) bool {
	if text != "" {
		t.parts = append(t.parts, part{text: text})
	}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		}
	}
	return quoted
}

// Fill returns the template with the values of an event.
func (t *Template) Fill(e *Event, v *Vars) ([]byte, error) {
	var b []byte
	for i := range t.parts {
		p := &t.parts[i]
		switch {
		case p.path == nil && p.variable == "":
			b = append(b, p.text...)
		case p.quoted:
			b = appendEscaped(b, p.value(e, v))
		case t.json:
			b = appendValue(b, p.value(e, v))
		default:
			if value := p.value(e, v); string(value) != "null" {
				b = append(b, plain(value)...)
			}
		}
		if len(b) > MaxOutput {
			return nil, ErrTooLarge
		}
	}
	return b, nil
}

func appendValue(b []byte, value json.RawMessage) []byte {
	if value == nil {
		return append(b, "null"...)
	}
	return append(b, value...)
}

// appendEscaped appends a value as text between quotes that are there already.
func appendEscaped(b []byte, value json.RawMessage) []byte {
	if value == nil || string(value) == "null" {
		return b
	}
	if value[0] == '"' {
		return append(b, value[1:len(value)-1]...)
	}
	return append(b, unquoted(quote(string(value)))...)
}

func unquoted(text json.RawMessage) json.RawMessage { return text[1 : len(text)-1] }

// value is the JSON of what a placeholder stands for, nil for nothing.
func (p *part) value(e *Event, v *Vars) json.RawMessage {
	switch p.variable {
	case "":
		return e.Find(p.path)
	case "aws.pipes.pipe-arn":
		return quote(v.PipeARN)
	case "aws.pipes.pipe-name":
		return quote(v.PipeName)
	case "aws.pipes.source-arn":
		return quote(v.SourceARN)
	case "aws.pipes.enrichment-arn":
		return quote(v.EnrichmentARN)
	case "aws.pipes.target-arn":
		return quote(v.TargetARN)
	case "aws.pipes.event.ingestion-time":
		return quote(v.Ingested.UTC().Format("2006-01-02T15:04:05.000Z"))
	case "aws.pipes.event.json":
		return e.whole()
	}
	return e.text
}

func quote(text string) json.RawMessage { return jsontok.AppendString(nil, text) }
