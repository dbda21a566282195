package partiql

import (
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// nodeKind is what a node of the tree is.
type nodeKind uint8

const (
	nodeString  nodeKind = iota // text
	nodeNumber                  // text
	nodeBool                    // text: TRUE or FALSE
	nodeNull                    //
	nodeMissing                 //
	nodeUnknown                 // a literal of a type that DynamoDB does not have
	nodeParam                   // index
	nodePath                    // path
	nodeList                    // kids
	nodeBag                     // kids
	nodeStruct                  // kids: name and value in turn
	nodeCall                    // text: the function, in lower case; kids
	nodeSign                    // text: + or -; one kid
	nodeBinary                  // text: the operator; two kids
	nodeNot                     // one kid
	nodeBetween                 // three kids
	nodeIn                      // two kids
	nodeIs                      // one kid; text: the type
	nodeSelect                  // a SELECT within something else
)

// node is a node of the tree of a statement.
type node struct {
	kind  nodeKind
	at    place
	text  string
	index int
	path  expr.Path
	kids  []*node

	// value is that of a literal or parameter, once it is known.
	value attr.Value
}

// className is what the service calls a node.
func (n *node) className() string {
	switch n.kind {
	case nodeParam:
		return "Parameter"
	case nodePath:
		if len(n.path) > 1 {
			return "Path"
		}
		return "VariableReference"
	case nodeCall:
		return n.text
	case nodeMissing:
		return "MISSING"
	case nodeUnknown:
		return "UNKNOWN"
	case nodeList, nodeBag:
		return "Seq"
	case nodeStruct:
		return "Struct"
	case nodeIs:
		return "IsType"
	case nodeSelect:
		return "Select"
	case nodeString, nodeNumber, nodeBool, nodeNull:
		return "Literal"
	}
	return "NAry"
}

// Verb is what a statement does.
type Verb uint8

// The verbs.
const (
	Select Verb = iota
	Insert
	Update
	Delete
	Exists // a SELECT as a condition of a transaction
)

// Returning is the RETURNING clause of a write.
type Returning uint8

// The clauses.
const (
	ReturnNothing Returning = iota
	ReturnAllOld
	ReturnModifiedOld
	ReturnAllNew
	ReturnModifiedNew
)

// String returns the clause as the service quotes it.
func (r Returning) String() string {
	return [...]string{"", "ALL OLD *", "MODIFIED OLD *", "ALL NEW *", "MODIFIED NEW *"}[r]
}

// tree is a statement as the language has it.
type tree struct {
	verb      Verb
	source    []string // the components of the table's path
	star      bool
	columns   []*node
	where     *node
	order     []orderTerm
	value     *node // of INSERT
	actions   []action
	returning Returning
	unmeant   error // the first thing in it that DynamoDB does not have
}

type orderTerm struct {
	key  *node
	desc bool
}

// action is one SET or REMOVE.
type action struct {
	target *node
	value  *node // nil: REMOVE
}
