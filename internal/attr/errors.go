package attr

// Error is a complaint about the meaning of an attribute value, in the words of
// the service, which sends it as the message of a ValidationException.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }

const invalidParameter = "One or more parameter values were invalid: "

// The complaints whose text does not depend on the value.
const (
	ErrNotNumeric = Error("The parameter cannot be converted to a numeric value")
	ErrPrecision  = Error("Attempting to store more than 38 significant digits in a Number")
	ErrOverflow   = Error("Number overflow. Attempting to store a number with magnitude larger than supported range")
	ErrUnderflow  = Error("Number underflow. Attempting to store a number with magnitude smaller than supported range")

	ErrEmptyValue     = Error("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	ErrSeveralTypes   = Error("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	ErrEmptyStringSet = Error(invalidParameter + "An string set  may not be empty")
	ErrEmptyNumberSet = Error(invalidParameter + "An number set  may not be empty")
	ErrEmptyBinarySet = Error(invalidParameter + "Binary sets should not be empty")
	ErrEmptyName      = Error("Empty attribute name")
	ErrLongName       = Error("Attribute name is too large, must be less than 65536 bytes")
	ErrFalseNull      = Error(invalidParameter + "Null attribute value types must have the value of true")
	ErrTooDeep        = Error("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit")
)

// ValueError is what ReadValue and ReadMap note with the decoder. The service checks
// values in one of two layers, which word some complaints differently; it depends
// on the operation which one does (observed by public conformance suites, 2026).
type ValueError struct {
	Key   string // the name in the map being read under which the value stands, however deep; empty from ReadValue
	Err   Error
	Older Error // the complaint in the words of the older layer
}

// Error returns the text of the complaint alone.
func (e *ValueError) Error() string { return string(e.Err) }

// Unwrap returns e.Err.
func (e *ValueError) Unwrap() error { return e.Err }
