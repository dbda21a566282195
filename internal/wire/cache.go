package wire

import (
	"maps"
	"sync"
	"sync/atomic"
)

// cacheSize bounds the entries of a cache. Clients that make up a new key for
// each request only make it useless.
const cacheSize = 256

// cache remembers what was derived from a string of a request. Reading takes no
// lock and allocates nothing. The zero value is empty.
type cache[V any] struct {
	mu      sync.Mutex // held to replace entries
	entries atomic.Pointer[map[string]V]
}

func (c *cache[V]) get(key string) (v V, ok bool) {
	if m := c.entries.Load(); m != nil {
		v, ok = (*m)[key]
	}
	return v, ok
}

// put adds an entry. The cache keeps key, which must not alias a request.
func (c *cache[V]) put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := make(map[string]V)
	if old := c.entries.Load(); old != nil && len(*old) < cacheSize {
		maps.Copy(m, *old)
	}
	m[key] = v
	c.entries.Store(&m)
}
