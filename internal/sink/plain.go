package sink

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// appendPlainMap appends an item in the JSON that people write: without the types of
// its values. Sets are lists, binary values are Base64, numbers have all their
// digits.
func appendPlainMap(b []byte, m attr.Map) []byte {
	b = append(b, '{')
	for i, a := range m {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontok.AppendString(b, a.Name)
		b = append(b, ':')
		b = appendPlain(b, a.Value)
	}
	return append(b, '}')
}

func appendPlain(b []byte, v attr.Value) []byte {
	switch v.Kind() {
	case attr.KindS:
		return jsontok.AppendString(b, v.Str())
	case attr.KindN:
		return append(b, v.Num().String()...)
	case attr.KindB:
		return jsontok.AppendString(b, base64.StdEncoding.EncodeToString([]byte(v.Binary())))
	case attr.KindBool:
		if v.Truth() {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case attr.KindM:
		return appendPlainMap(b, v.Map())
	case attr.KindL, attr.KindSS, attr.KindNS, attr.KindBS:
		b = append(b, '[')
		for i, e := range v.Elems() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendPlain(b, e)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

// documentID makes the id of a document of the keys of its item: the value itself if
// there is one key, else all in the order of their names, escaped and with a | in
// between. What would be too long is a hash.
func documentID(keys attr.Map) string {
	var parts []string
	for _, a := range keys {
		text := a.Value.Str()
		switch a.Value.Kind() {
		case attr.KindN:
			text = a.Value.Num().String()
		case attr.KindB:
			text = base64.RawURLEncoding.EncodeToString([]byte(a.Value.Binary()))
		}
		if len(keys) > 1 {
			text = url.QueryEscape(text)
		}
		parts = append(parts, text)
	}
	id := strings.Join(parts, "|")
	if len(id) > maxDocumentID {
		sum := sha256.Sum256([]byte(id))
		return hex.EncodeToString(sum[:])
	}
	return id
}
