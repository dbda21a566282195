package wire

import (
	"bytes"
	"errors"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// serializationError says, as the services do, why a body is not of the shape
// that its operation takes.
func serializationError(body []byte, err error, svc *service) *api.Error {
	e := errMalformed()
	var mismatch *jsontok.TypeError
	switch {
	case errors.As(err, &mismatch):
		e.Message = typeText(body, mismatch, svc)
	case errors.Is(err, api.ErrTooManyElements):
		e.Message = "Too many elements"
	}
	return e
}

// typeText is the text for a value of the wrong type. The services name the Java
// class that they wanted; of the classes that one JSON type stands for, this is
// the one that most members have.
func typeText(body []byte, e *jsontok.TypeError, svc *service) string {
	depth := depthAt(body, e.Offset)
	switch e.Got {
	case jsontok.Object:
		return "Start of structure or map found where not expected"
	case jsontok.Array:
		return listText(e, depth, svc)
	}
	switch e.Want {
	case jsontok.Array:
		return "Unexpected field type"
	case jsontok.Object:
		if strings.HasPrefix(e.Type, "map of ") && isMember(body, e.Offset) {
			return "Unexpected field type"
		}
		if depth > 1 && !(e.Field && isMember(body, e.Offset)) { // a value within a map or list, such as an attribute value
			return "Unexpected value type in payload"
		}
		return "Unexpected field type"
	case jsontok.Base64:
		return base64Text(body, e)
	case jsontok.Bool:
		if e.Got == jsontok.String {
			return "Unexpected token received from parser"
		}
		return token(body, e) + " cannot be converted to Boolean"
	case jsontok.Number, jsontok.Integer:
		return token(body, e) + " cannot be converted to " + integerClass(e)
	}
	return token(body, e) + " cannot be converted to String"
}

// listText is the text for a list where there should be none.
func listText(e *jsontok.TypeError, depth int, svc *service) string {
	const unrecognized = "Unrecognized collection type "
	switch e.Want {
	case jsontok.String:
		return unrecognized + "class java.lang.String"
	case jsontok.Bool:
		return unrecognized + "class java.lang.Boolean"
	case jsontok.Number, jsontok.Integer:
		return unrecognized + "class java.lang." + integerClass(e)
	case jsontok.Base64:
		return unrecognized + "class java.nio.ByteBuffer"
	}
	if svc != dynamodb || depth == 0 {
		return "Start of list found where not expected"
	}
	if elem, ok := strings.CutPrefix(e.Type, "map of "); ok {
		class := "com.amazonaws.dynamodb.v20120810." + elem
		if elem == "String" {
			class = "java.lang.String"
		}
		return unrecognized + "java.util.Map<java.lang.String, " + class + ">"
	}
	if e.Type != "" {
		return unrecognized + "class com.amazonaws.dynamodb.v20120810." + e.Type
	}
	if depth == 1 {
		return unrecognized + "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
	}
	return unrecognized + "class com.amazonaws.dynamodb.v20120810.AttributeValue"
}

// integerClass names the class of an integer.
func integerClass(e *jsontok.TypeError) string {
	if e.Type != "" {
		return e.Type
	}
	return "Integer"
}

// token names the JSON token that was found.
func token(body []byte, e *jsontok.TypeError) string {
	switch e.Got {
	case jsontok.String:
		return "STRING_VALUE"
	case jsontok.Bool:
		if e.Offset < len(body) && body[e.Offset] == 't' {
			return "TRUE_VALUE"
		}
		return "FALSE_VALUE"
	case jsontok.Null:
		return "NULL_VALUE"
	}
	rest := body[min(e.Offset, len(body)):]
	if end := bytes.IndexAny(rest, ",]} \t\r\n"); end >= 0 {
		rest = rest[:end]
	}
	if bytes.ContainsAny(rest, ".eE") {
		return "DECIMAL_VALUE"
	}
	return "NUMBER_VALUE"
}

// base64Text is the text for what is not base64. A word of it is misspelt by the
// service.
func base64Text(body []byte, e *jsontok.TypeError) string {
	if e.Got != jsontok.String {
		return "only base-64-encoded strings are convertible to bytes"
	}
	var d jsontok.Decoder
	d.Reset(body[min(e.Offset, len(body)):])
	if n := len(d.Bytes()); n%4 != 0 {
		return "Base64 encoded length is expected a multiple of 4 bytes but found: " + string(api.AppendInt(nil, int64(n)))
	}
	return "Invalid last non-pad Base64 character dectected"
}

// isMember reports whether what stands at an offset of well-formed JSON is a
// member of an object, not an element of a list.
func isMember(body []byte, offset int) bool {
	return bytes.HasSuffix(bytes.TrimRight(body[:min(offset, len(body))], " \t\r\n"), []byte(":"))
}

// depthAt returns how many objects and lists are open before an offset of
// well-formed JSON.
func depthAt(body []byte, offset int) int {
	depth, quoted := 0, false
	for i := 0; i < offset && i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth
}
