package surge

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf8"
)

// Limits of a file of events. What a file holds is not trusted: each is checked before anything is sent.
const (
	maxEventLine = 64 << 10 // bytes, without the line break
	maxEventText = 32 << 10 // bytes
	maxEventName = 128      // bytes of a company, chat or member
	maxChats     = 1_000_000
)

// event is one line of a file of events.
type event struct {
	Time    string `json:"time"`
	Company string `json:"company"`
	Chat    string `json:"chat"`
	Member  string `json:"member"`
	Text    string `json:"text"`
}

func (e event) chat() string   { return e.Company + "/" + e.Chat }
func (e event) member() string { return e.Company + "/" + e.Member }

// parseEvent reads one line.
func parseEvent(line []byte) (event, error) {
	var e event
	if !utf8.Valid(line) {
		return e, errors.New("not valid UTF-8")
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return e, err
	}
	for _, f := range []struct{ name, value string }{{"company", e.Company}, {"chat", e.Chat}, {"member", e.Member}} {
		if f.value == "" {
			return e, fmt.Errorf("%s is missing", f.name)
		}
		if len(f.value) > maxEventName {
			return e, fmt.Errorf("%s is longer than %d bytes", f.name, maxEventName)
		}
	}
	if len(e.Text) > maxEventText {
		return e, fmt.Errorf("text is longer than %d bytes", maxEventText)
	}
	if _, err := time.Parse(time.RFC3339, e.Time); err != nil {
		return e, fmt.Errorf("time %q is not of the form 2024-05-16T09:00:00Z (RFC 3339)", e.Time)
	}
	return e, nil
}

// readEvents yields the events of r; name and the number of the line are in each error. Empty lines are skipped.
// The reading ends at the first error.
func readEvents(name string, r io.Reader) iter.Seq2[event, error] {
	return func(yield func(event, error) bool) {
		lines := bufio.NewReaderSize(r, maxEventLine+2)
		for n := 1; ; n++ {
			line, err := readLine(lines)
			if errors.Is(err, io.EOF) {
				return
			}
			var e event
			if err == nil && len(line) == 0 {
				continue
			}
			if err == nil {
				e, err = parseEvent(line)
			}
			if err != nil {
				yield(event{}, fmt.Errorf("%s:%d: %w", name, n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// readLine is the next line without its break, valid until the next call; io.EOF is after the last one.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		err = nil // the last line has no break
	}
	line = bytes.TrimRight(line, "\r\n")
	if errors.Is(err, bufio.ErrBufferFull) || len(line) > maxEventLine {
		return nil, fmt.Errorf("line is longer than %d bytes", maxEventLine)
	}
	return line, err
}
