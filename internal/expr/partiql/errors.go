package partiql

import (
	"fmt"

	"github.com/levee-io/levee/internal/expr"
)

func errorf(format string, args ...any) error { return expr.Error(fmt.Sprintf(format, args...)) }

// errorAt is errorf for what stands at one place of the statement: the line and
// column of a token, both from 1, and its length, in characters.
func errorAt(at place, format string, args ...any) error {
	return errorf("%s at %d:%d:%d", fmt.Sprintf(format, args...), at.line, at.column, at.length)
}

// malformed says that a statement has no meaning in the language. The detail is
// empty for what is not even a sequence of tokens.
func malformed(format string, args ...any) error {
	return errorf("Statement wasn't well formed, can't be processed: %s", fmt.Sprintf(format, args...))
}

// Details of a statement that is not well formed.
const (
	detailNoStatement  = "Expected data manipulation"
	detailLeftover     = "Unexpected token after expression"
	detailTerm         = "Unexpected term"
	detailKeyword      = "Unexpected keyword"
	detailOperator     = "Unexpected operator"
	detailRightOperand = "Missing right-hand side expression of infix operator"
	detailSimplePath   = "Expected identifier for simple path"
	detailPathDot      = "Invalid path dot component"
	detailType         = "Expected type name"
	detailExpected     = "Expected %s"
)

// Texts about statements that DynamoDB does not have.
const (
	textUnsupportedStatement = "Unsupported operation: %s"
	textUnsupportedClause    = "Unsupported clause: %s"
	textAlias                = "Aliasing is not supported"
	textOneSource            = "Only select from a single table or index is supported."
	textSourceTooLong        = "A path may contain at most 2 components in the FROM clause"
	textSourceEmpty          = "Path component cannot be an empty string"
	textInsertSource         = "FROM clause may only contain a single table name"
	textReturningInsert      = "RETURNING is not supported in INSERT"
	textReturningDelete      = "Invalid returning clause: RETURNING %s. Only RETURNING ALL OLD * is allowed in DELETE statements."
)

// Texts about columns and paths.
const (
	textStarAndOthers = "Other attributes should not be present in the projection when '*' is used."
	textColumnTwice   = "Duplicate identifiers in select clause: %s"
	textPathComponent = "Unexpected path component"
	textIndexRange    = "List index is not within the allowable range; index: [%s]"
	textPathTooDeep   = "The document path has too many nesting elements; nesting levels: %d"
)

// Texts about values.
const (
	textParameters    = "Number of parameters in request and statement don't match."
	textLiteral       = "Unsupported data type: %s under key %s"
	textUnder         = "%s under %s"
	textNesting       = "Nesting Levels have exceeded supported limits under %s"
	textEmptyBag      = "Empty bags are not supported"
	textBagElement    = "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags"
	textStringTwice   = "One or more parameter values were invalid: Input collection [%s] contains duplicates."
	textNumberTwice   = "One or more parameter values were invalid: Input collection [%s] contains duplicates! under %s"
	textTupleKeyTwice = "Duplicate keys in tuple. Key: %s under %s"
	textTupleKeyType  = "Tuple keys must be of type String. Actual type: %s under %s"
)

// Texts about operators and functions.
const (
	textConditionOperator = "Unsupported operator in Condition Expression. Operator: %s"
	textUpdateOperator    = "Unsupported operator in Update Expression. Operator: %s"
	textToken             = "Unsupported token in expression: %s"
	textFunction          = "Unrecognized function: %s"
	textMisused           = "The function is not allowed to be used this way in an expression; function: %s"
	textTooManyOperands   = "The IN operator is provided with too many operands; number of operands: %d"
	textIsType            = "Unsupported data type for IS operator: %s. Supported data types are [MISSING, NULL, BOOLEAN, BLOB, STRING, NUMERIC, STRUCT, TUPLE, LIST]"
	textSetArguments      = "%s must have exactly two arguments"
	textSetFirst          = "The first argument to %s must equal the assignment value"
	textSetSecond         = "The second argument to %s must be a value with type SET"
)
