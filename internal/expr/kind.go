package expr

// Kind tells which request parameter an expression came from.
type Kind uint8

// The request parameters that hold an expression, and those of the time before
// expressions that mean the same as one.
const (
	ConditionExpression Kind = iota
	FilterExpression
	KeyConditionExpression
	ProjectionExpression
	UpdateExpression
	Expected
	QueryFilter
	ScanFilter
	KeyConditions
	AttributesToGet
	AttributeUpdates
	SearchConditionExpression
	Statement // of PartiQL; its errors do not name it
)

// String returns the name of the request parameter.
func (k Kind) String() string {
	names := [...]string{
		"ConditionExpression", "FilterExpression", "KeyConditionExpression",
		"ProjectionExpression", "UpdateExpression",
		"Expected", "QueryFilter", "ScanFilter", "KeyConditions", "AttributesToGet", "AttributeUpdates", "SearchConditionExpression", "Statement",
	}
	return names[k]
}
