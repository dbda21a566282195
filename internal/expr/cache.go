package expr

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// cacheSlots bounds the trees that the process keeps. An application has few
// expressions and sends each of them all the time.
const cacheSlots = 1024

// cache keeps the trees of recent well-formed expressions. Each text has one
// slot, and the latest text of a slot stays in it.
var (
	cache     [cacheSlots]atomic.Pointer[ast]
	cacheSeed = maphash.MakeSeed()
)

// parseCached is parse with the limit on the size and the cache before it.
func parseCached(kind Kind, src string) (*ast, error) {
	if len(src) > maxBytes {
		return nil, invalid(kind, textTooLong, len(src))
	}
	slot := &cache[(maphash.String(cacheSeed, src)+uint64(kind))%cacheSlots]
	if t := slot.Load(); t != nil && t.kind == kind && t.src == src {
		return t, nil
	}
	// The tree keeps the text, which may be a part of a larger request.
	t, err := parse(kind, strings.Clone(src))
	if err != nil {
		return nil, err
	}
	if !t.names && len(t.values) == 0 {
		t.bound = bindAlone(t)
	}
	slot.Store(t)
	return t, nil
}

// bindAlone binds a tree that has no placeholders, once for all requests. It
// returns nil if that fails: then each request reports the error.
func bindAlone(t *ast) any {
	switch t.kind {
	case ConditionExpression, FilterExpression:
		if c, err := bindCondition(t, nil); err == nil {
			return c
		}
	case ProjectionExpression:
		if p, err := bindProjection(t, nil); err == nil {
			return p
		}
	}
	return nil
}
