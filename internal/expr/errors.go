package expr

import "fmt"

// Error is a refusal by the service, in its words. Engines answer it as a
// ValidationException.
type Error string

// Error returns the text of the service.
func (e Error) Error() string { return string(e) }

func errorf(format string, args ...any) Error { return Error(fmt.Sprintf(format, args...)) }

// invalid returns the error of an expression of kind k: all of them begin with
// the name of the request parameter, but for those of PartiQL.
func invalid(k Kind, format string, args ...any) Error {
	if k == Statement {
		return errorf(format, args...)
	}
	return "Invalid " + Error(k.String()) + ": " + errorf(format, args...)
}

// Texts about the form of an expression, in the order in which the service
// reports them. Each follows "Invalid <parameter>: ".
const (
	textEmpty            = "The expression can not be empty;"
	textTooLong          = "Expression size has exceeded the maximum allowed size; expression size: %d"
	textSyntax           = `Syntax error; token: "%s", near: "%s"`
	textRedundantParens  = "The expression has redundant parentheses;"
	textTooManyOperators = "The expression contains too many operators; operator count: %d"
	textUnknownFunction  = "Invalid function name; function: %s"
	textNotInCondition   = "The function is not allowed in a condition expression; function: %s"
	textNotInUpdate      = "The function is not allowed in an update expression; function: %s"
	textMisusedFunction  = "The function is not allowed to be used this way in an expression; function: %s"
	textReserved         = "Attribute name is a reserved keyword; reserved keyword: %s"
	textIndexRange       = "List index is not within the allowable range; index: [%s]"
	textPathTooDeep      = "The document path has too many nesting elements; nesting levels: %d"
	textRepeatedSection  = `The "%s" section can only be used once in an update expression;`
)

// Texts about names, values and operands. Each follows "Invalid <parameter>: ".
const (
	textUndefinedName   = "An expression attribute name used in the document path is not defined; attribute name: %s"
	textUndefinedValue  = "An expression attribute value used in expression is not defined; attribute value: %s"
	textPathsOverlap    = "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: %s, path two: %s"
	textPathsConflict   = "Two document paths conflict with each other; must remove or rewrite one of these paths; path one: %s, path two: %s"
	textOperandCount    = "Incorrect number of operands for operator or function; operator or function: %s, number of operands: %d"
	textTooManyOperands = "The IN operator is provided with too many operands; number of operands: %d"
	textNotDistinct     = "The first operand must be distinct from the remaining operands for this operator or function; operator: %s, first operand: %s"
	textNeedsPath       = "Operator or function requires a document path; operator or function: %s"
	textOperandType     = "Incorrect operand type for operator or function; operator or function: %s, operand type: %s"
	textActionType      = "Incorrect operand type for operator or function; operator: %s, operand type: %s"
	textTypeName        = "Invalid attribute type name found; type: %s, valid types: %s"
	textBetweenTypes    = "The BETWEEN operator requires same data type for lower and upper bounds; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s"
	textBetweenOrder    = "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: %s, upper bound operand: AttributeValue: %s"
)

// The types in textTypeName: the service lists them in no order, and in two.
const (
	typeNames          = "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
	typeNamesStatement = "{N,BS,L,B,NULL,M,S,SS,NS,BOOL}"
)

// anyType is how the service names the type of an operand that it cannot know
// before it sees the item.
const anyType = "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"

// Texts about the shape of a key condition. They stand alone.
const (
	textKeyOperator     = "Invalid operator used in KeyConditionExpression: %s"
	textKeyFirstOperand = "Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its first operand"
	textKeyNestedOp     = "KeyConditionExpressions cannot contain nested operations"
	textKeyManyNames    = "Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition"
	textKeyNestedPath   = "KeyConditionExpressions cannot have conditions on nested attributes"
	textKeyNoName       = "Invalid condition in KeyConditionExpression: No key attribute specified"
	textKeyTwice        = "Invalid KeyConditionExpression: KeyConditionExpressions must only contain one condition per key"
)

// Texts about a search condition. Those up to textSearchTwice follow "Invalid
// SearchConditionExpression: ".
const (
	textSearchComparator = "Invalid comparator used in SearchConditionExpression"
	textSearchOperator   = "Invalid operator used in SearchConditionExpression"
	textSearchNested     = "SearchConditionExpression cannot have conditions on nested attributes"
	textSearchTwice      = "SearchConditionExpression must only contain one condition per attribute"
	textSearchPartition  = "SearchConditionExpression must be provided when SearchSchema has a HASH key"
	textSearchKind       = "Type of '%s' attribute in SearchConditionExpression (%s) does not match type in search schema (%s)"
)

// Texts about a key condition and the key schema. They stand alone.
const (
	textKeyTooMany     = "The number of query conditions (%d) exceeds the number of key attributes defined in the schema (%d)"
	textKeyMissing     = "Query condition missed key schema element: %s"
	textKeyType        = invalidValues + "Condition parameter type does not match schema type"
	textKeyUnsupported = "Query key condition not supported"
	textKeyGap         = "RANGE key attributes %s must have equality conditions specified in the query because a condition is present on key attribute %s"
)

// Texts about the parameters that came before expressions. They stand alone.
const (
	textArgumentCount   = invalidValues + "Invalid number of argument(s) for the %s ComparisonOperator"
	textArgumentKinds   = invalidValues + "AttributeValues inside AttributeValueList must be of same type"
	textArgumentType    = invalidValues + "ComparisonOperator %s is not valid for %s AttributeValue type"
	textBoundsOrder     = "The BETWEEN condition was provided a range where the lower bound is greater than the upper bound"
	textKeyLength       = "Conditions can be of length 1 or 2 only"
	textKeyNotIndexable = "Attempted conditional constraint is not an indexable operation"
	textNameTwice       = invalidValues + "Duplicate value in attribute name: %s"
	textActionValue     = invalidValues + "Only DELETE action is allowed when no attribute value is specified"
	textAddType         = invalidValues + "ADD action is not supported for the type %s"
	textDeleteType      = invalidValues + "DELETE action with value is not supported for the type %s"
)

const invalidValues = "One or more parameter values were invalid: "

// Texts about the placeholders of a request. They stand alone.
const (
	textNamesEmpty   = "ExpressionAttributeNames must not be empty"
	textNamesKey     = `ExpressionAttributeNames contains invalid key: Syntax error; key: "%s"`
	textNamesUnused  = "Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}"
	textNamesLong    = "ExpressionAttributeNames contains invalid key: The expression attribute map contains a key that is too long; size of key: %d"
	textNamesSize    = "ExpressionAttributeNames exceeds max size"
	textValuesLong   = "ExpressionAttributeValues contains invalid key: The expression attribute map contains a key that is too long;"
	textNamesNothing = "ExpressionAttributeNames contains invalid value: Empty attribute name for key %s"
	textValuesSize   = "ExpressionAttributeValues exceeds max size"
	textTogetherSize = "Combined size of ExpressionAttributeNames and ExpressionAttributeValues exceeds max size"
	textValuesEmpty  = "ExpressionAttributeValues must not be empty"
	textValuesKey    = `ExpressionAttributeValues contains invalid key: Syntax error; key: "%s"`
	textValuesUnused = "Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}"
)

// Texts about expressions that name key attributes. They stand alone.
const (
	textFilterOnKey = "%s can only contain non-primary key attributes: Primary key attribute: %s"
	textUpdateKey   = invalidValues + "Cannot update attribute %s. This attribute is part of the key"
	textKeyScalar   = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: %s: %s"
)

// Errors that only an item can cause. They stand alone.
const (
	errDocumentPath = Error("The document path provided in the update expression is invalid for update")
	errOperandType  = Error("An operand in the update expression has an incorrect data type")
	errTypeMismatch = Error("Type mismatch for attribute to update") // of AttributeUpdates
	errMissing      = Error("The provided expression refers to an attribute that does not exist in the item")
)
