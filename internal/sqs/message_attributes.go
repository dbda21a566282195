package sqs

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

const (
	maxAttributes    = 10  // of a message
	maxAttributeName = 256 // bytes, of a name and of a type
	traceHeader      = model.MessageSystemAttributeNameAWSTraceHeader
)

// checkAttributes checks the attributes of a message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
func checkAttributes(m api.Map[model.MessageAttributeValue]) error {
	if len(m) > maxAttributes {
		return api.Errorf(codeInvalidParameterValue,
			"Number of message attributes [%d] exceeds the allowed maximum [%d].", len(m), maxAttributes)
	}
	for i := range m {
		if err := checkAttributeName(m[i].Key); err != nil {
			return err
		}
		if err := checkAttribute(m[i].Key, &m[i].Value); err != nil {
			return err
		}
	}
	return nil
}

// checkNoLists refuses the members of attributes that the service has not put to
// use, empty ones too. It does so for a batch as a whole.
func checkNoLists(operation string, m api.Map[model.MessageAttributeValue]) error {
	for i := range m {
		if v := &m[i].Value; v.StringListValues != nil || v.BinaryListValues != nil {
			return api.Errorf(model.CodeUnsupportedOperation,
				"Message attribute list values in %s operation are not supported.", operation)
		}
	}
	return nil
}

// checkAttributeName follows the service in taking letters of any script.
func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return api.Errorf(codeInvalidParameterValue, "The request must contain non-empty message (user) attribute names.")
	case len(name) > maxAttributeName:
		return api.Errorf(codeInvalidParameterValue, "Message (user) attribute name must be shorter than 256 bytes.")
	case !validText(name) || strings.ContainsFunc(name, func(r rune) bool { return r < 0x80 && !isWord(byte(r)) && r != '.' }):
		return api.Errorf(codeInvalidParameterValue, "Message (user) attributes name can only contain "+
			"upper and lower score characters, digits, periods, hyphens and underscores. ")
	case strings.HasPrefix(lower, "aws."), strings.HasPrefix(lower, "amazon."),
		strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.Contains(name, ".."):
		return api.Errorf(codeInvalidParameterValue, "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "+
			"These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	}
	return nil
}

// isWord reports whether c is a letter, a digit, a hyphen or an underscore.
func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func checkAttribute(name string, v *model.MessageAttributeValue) error {
	kind, _, _ := strings.Cut(v.DataType.V, ".")
	refuse := func(format string, args ...any) error {
		return api.Errorf(codeInvalidParameterValue, format, args...)
	}
	switch {
	case v.DataType.V == "":
		return refuse("The message attribute '%s' must contain a non-empty message attribute type.", name)
	case kind != "String" && kind != "Number" && kind != "Binary":
		return refuse("The type of message (user) attribute '%s' is invalid. "+
			"You must use only the following supported type prefixes: Binary, Number, String.", name)
	case len(v.DataType.V) >= maxAttributeName:
		return refuse("Message (user) attribute types must be shorter than 256 Bytes")
	case v.StringValue.OK && v.BinaryValue.OK:
		return refuse("Message (user) attribute '%s' must have a single value.", name)
	case kind == "Binary" && len(v.BinaryValue.V) == 0, kind != "Binary" && v.StringValue.V == "":
		return refuse("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, kind)
	case kind == "Binary":
		return nil
	case !validText(v.StringValue.V):
		return refuse("%s", invalidCharacters)
	case kind == "Number" && !isNumber(v.StringValue.V):
		return refuse("Can't cast the value of message (user) attribute '%s' to a number.", name)
	case kind == "Number" && !inRange(v.StringValue.V):
		return refuse("The value of message (user) attribute '%s' is not between 10^-128 and 10^126.", name)
	}
	return nil
}

// isNumber reports whether a text is a decimal number.
func isNumber(s string) bool {
	if strings.ContainsAny(s, "xXpP_nN") { // hexadecimal, underscores, infinities: numbers of Go only
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// inRange reports whether a number is 0, or between 10^-128 and 10^126 but for its sign.
func inRange(s string) bool {
	v, err := strconv.ParseFloat(s, 64)
	v = math.Abs(v)
	return err == nil && (v == 0 && !strings.ContainsAny(mantissa(s), "123456789") || v >= 1e-128 && v <= 1e126)
}

// mantissa is a number without its exponent.
func mantissa(s string) string {
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		return s[:i]
	}
	return s
}

// checkSystemAttributes returns the trace header, which is the only one that a
// sender can set.
func checkSystemAttributes(m api.Map[model.MessageSystemAttributeValue]) (trace string, err error) {
	for i := range m {
		v := &m[i].Value
		switch {
		case m[i].Key != traceHeader:
			return "", api.Errorf(codeInvalidParameterValue, "Message system attribute name '%s' is invalid.", m[i].Key)
		case v.DataType.V != "String":
			return "", api.Errorf(codeInvalidParameterValue,
				"The message system attribute '%s' is reserved for AWS X-Ray trace header. The type must be 'String'.", traceHeader)
		case v.StringValue.V == "" || !validText(v.StringValue.V):
			return "", api.Errorf(codeInvalidParameterValue,
				"Message (system) attribute '%s' must contain a non-empty value of type 'String'.", traceHeader)
		}
		trace = v.StringValue.V
	}
	return trace, nil
}

// systemAttributes is the same map with the type of message attributes.
func systemAttributes(m api.Map[model.MessageSystemAttributeValue]) api.Map[model.MessageAttributeValue] {
	out := make(api.Map[model.MessageAttributeValue], len(m))
	for i := range m {
		out[i] = api.Entry[model.MessageAttributeValue]{Key: m[i].Key, Value: model.MessageAttributeValue{
			StringValue: m[i].Value.StringValue, DataType: m[i].Value.DataType,
		}}
	}
	return out
}

// sortedAttributes returns the attributes in the order of their names.
func sortedAttributes(m api.Map[model.MessageAttributeValue]) api.Map[model.MessageAttributeValue] {
	byName := func(a, b api.Entry[model.MessageAttributeValue]) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(m, byName) {
		m = slices.Clone(m)
		slices.SortFunc(m, byName)
	}
	return m
}

// attributesMD5 is the hexadecimal MD5 of attributes sorted by name, "" if there
// are none: of each the name, the type and the value with their lengths, and
// before the value a byte that says how it is held.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
func attributesMD5(m api.Map[model.MessageAttributeValue]) string {
	if len(m) == 0 {
		return ""
	}
	var b []byte
	for i := range m {
		v := &m[i].Value
		b = appendSized(b, m[i].Key)
		b = appendSized(b, v.DataType.V)
		if v.BinaryValue.OK {
			b = appendSized(append(b, holdsBinary), v.BinaryValue.V)
		} else {
			b = appendSized(append(b, holdsString), v.StringValue.V)
		}
	}
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

func appendSized[T string | []byte](dst []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(s))), s...)
}
