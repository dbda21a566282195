package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// Values of attributes are read and written in the JSON of the protocol, with the
// type of each: nothing is lost of a number of 38 digits.

// maxShown is how many characters of a value a list shows.
const maxShown = 120

// parseItem reads the JSON of an item or a key.
func parseItem(text string) (attr.Map, error) {
	var d jsontok.Decoder
	d.Reset([]byte(text))
	m := api.ReadMap(&d)
	if err := readErr(&d); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, api.Validation("An item is a JSON object of attributes, each with its type")
	}
	return m, nil
}

// parseValue reads the JSON of a value with its type, as {"N":"1"}.
func parseValue(text string) (attr.Value, error) {
	var d jsontok.Decoder
	d.Reset([]byte(text))
	v := api.ReadValue(&d)
	return v, readErr(&d)
}

func readErr(d *jsontok.Decoder) error {
	if err := d.End(); err != nil {
		return api.Validation("This is not the JSON of attributes with their types: %s", err)
	}
	var bad *attr.ValueError
	switch noted := d.Noted(); {
	case errors.As(noted, &bad):
		return api.Validation("%s", bad.Err)
	case noted != nil:
		return api.Validation("%s", noted)
	}
	return nil
}

// typedValue makes a value of the text of a form: for strings, numbers and
// binaries the text itself, and for the others their JSON.
func typedValue(kind, text string) (attr.Value, error) {
	var b []byte
	b = jsontok.AppendString(append(b, '{'), kind)
	b = append(b, ':')
	switch kind {
	case "S", "N", "B":
		b = jsontok.AppendString(b, strings.TrimSuffix(text, "\r\n"))
	case "NULL":
		b = append(b, "true"...)
	default:
		b = append(b, text...)
	}
	return parseValue(string(append(b, '}')))
}

// valueText is the inverse of typedValue.
func valueText(v attr.Value) string {
	switch v.Kind() {
	case attr.KindS:
		return v.Str()
	case attr.KindN:
		return v.Num().String()
	case attr.KindNull:
		return ""
	}
	text := string(v.AppendJSON(nil)) // {"L":[...]}
	inner := text[strings.IndexByte(text, ':')+1 : len(text)-1]
	if v.Kind() == attr.KindB {
		return strings.Trim(inner, `"`) // base64 has no escapes
	}
	return inner
}

// shortText is what a list shows of a value.
func shortText(v attr.Value) string {
	text := valueText(v)
	if v.Kind() == attr.KindNull {
		text = "null"
	}
	if runes := []rune(text); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return text
}

// pretty writes the JSON of a map, indented.
func pretty(m attr.Map) string {
	var out bytes.Buffer
	if err := json.Indent(&out, m.AppendJSON(nil), "", "  "); err != nil {
		return string(m.AppendJSON(nil))
	}
	return out.String()
}

// some returns an optional text: absent if empty.
func some(text string) api.Opt[string] { return api.Opt[string]{V: text, OK: text != ""} }
