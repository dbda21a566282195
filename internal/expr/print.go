package expr

import (
	"encoding/base64"

	"github.com/levee-io/levee/internal/attr"
)

// quote returns a string, number or binary as the service quotes it in error
// texts: {S:a}.
func quote(v attr.Value) string {
	var text string
	switch v.Kind() {
	case attr.KindS:
		text = v.Str()
	case attr.KindN:
		text = v.Num().String()
	case attr.KindB:
		text = base64.StdEncoding.EncodeToString([]byte(v.Binary()))
	}
	return "{" + v.Kind().String() + ":" + text + "}"
}
