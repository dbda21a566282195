package expr

// Kind tells which request parameter an expression came from.
type Kind uint8

// The request parameters that hold an expression.
const (
	ConditionExpression Kind = iota
	FilterExpression
	KeyConditionExpression
	ProjectionExpression
	UpdateExpression
)

// String returns the name of the request parameter.
func (k Kind) String() string {
	names := [...]string{
		"ConditionExpression", "FilterExpression", "KeyConditionExpression",
		"ProjectionExpression", "UpdateExpression",
	}
	return names[k]
}
