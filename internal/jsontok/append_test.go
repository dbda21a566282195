package jsontok

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestAppendString(t *testing.T) {
	for s, want := range map[string]string{
		"":                     `""`,
		"plain <b>&é𝄞\u2028":   "\"plain <b>&é𝄞\u2028\"",
		"a\"b\\c/":             `"a\"b\\c/"`,
		"\n\r\t\b\f\x00\x1f":   `"\n\r\t\u0008\u000c\u0000\u001f"`,
		"\x7f":                 "\"\x7f\"",
		"01234567\"89abcdef\n": `"01234567\"89abcdef\n"`,
	} {
		if got := string(AppendString(nil, s)); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
		if got := string(AppendString([]byte("x"), []byte(s))); got != "x"+want {
			t.Errorf("bytes %q: %s", s, got)
		}
	}
}

func TestStringsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		text := AppendString(nil, s)
		var d Decoder
		d.Reset(text)
		if got := d.String(); got != s || d.End() != nil {
			t.Fatalf("%q, %v", got, d.Err())
		}
		var std string
		if err := json.Unmarshal(text, &std); err != nil || std != s {
			t.Fatalf("encoding/json: %q, %v", std, err)
		}
	})
}

func TestBase64ComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
		text := AppendBase64(nil, b)
		if want := `"` + base64.StdEncoding.EncodeToString(b) + `"`; string(text) != want || string(AppendBase64(nil, string(b))) != want {
			t.Fatalf("%s, want %s", text, want)
		}
		var d Decoder
		d.Reset(text)
		if got := d.Base64(); string(got) != string(b) || d.End() != nil {
			t.Fatalf("%q, %v", got, d.Err())
		}
	})
}
