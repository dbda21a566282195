package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// errNotByKey refuses a SELECT that may read more than the one item of a key, where
// the operation takes no other.
func errNotByKey(operation string) error {
	return api.Validation("Select statements within %s must specify the primary key in the where clause.", operation)
}

// pinned returns the key that a SELECT reads, if it is by the key of the table and
// by nothing else.
func (v *view) pinned(s *partiql.Statement) (key attr.Map, ok bool) {
	pins := s.PinRead(v.Key.names())
	return pins.Key, s.Index == "" && pins.Alone() && len(pins.Key) == len(v.Key.attrs())
}
