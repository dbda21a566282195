package dynamodb

import (
	"bytes"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
)

// rows returns the rows of the source that a key condition selects. Key bytes
// end themselves, so the bytes of a sort key begin the rows that have it, and
// no others.
func (s source) rows(sel *expr.KeyRange) kv.Range {
	partition := appendPartition(bytes.Clone(s.prefix()), sel.Partition)
	for _, v := range sel.Leading {
		partition = attr.AppendKey(partition, v)
	}
	all := kv.PrefixRange(partition)
	if sel.Op == expr.KeyAny {
		return all
	}
	if sel.Op == expr.KeyBeginsWith {
		return kv.PrefixRange(attr.AppendKeyPrefix(slices.Clip(partition), text(sel.Value)))
	}
	at := attr.AppendKey(slices.Clip(partition), sel.Value)
	switch sel.Op {
	case expr.KeyEqual:
		return kv.PrefixRange(at)
	case expr.KeyLess:
		all.End = at
	case expr.KeyLessOrEqual:
		all.End = kv.PrefixEnd(at)
	case expr.KeyGreater:
		all.Start = kv.PrefixEnd(at)
	case expr.KeyGreaterOrEqual:
		all.Start = at
	case expr.KeyBetween:
		all.Start = at
		all.End = kv.PrefixEnd(attr.AppendKey(slices.Clip(partition), sel.Upper))
	}
	return all
}

// contains reports whether a key condition selects a sort key.
func contains(sel *expr.KeyRange, sort attr.Value) bool {
	c, _ := attr.Compare(sort, sel.Value)
	switch sel.Op {
	case expr.KeyEqual:
		return c == 0
	case expr.KeyLess:
		return c < 0
	case expr.KeyLessOrEqual:
		return c <= 0
	case expr.KeyGreater:
		return c > 0
	case expr.KeyGreaterOrEqual:
		return c >= 0
	case expr.KeyBetween:
		upper, _ := attr.Compare(sort, sel.Upper)
		return c >= 0 && upper <= 0
	case expr.KeyBeginsWith:
		return strings.HasPrefix(text(sort), text(sel.Value))
	}
	return true
}

// text returns the bytes of a string or binary.
func text(v attr.Value) string {
	if v.Kind() == attr.KindB {
		return v.Binary()
	}
	return v.Str()
}
