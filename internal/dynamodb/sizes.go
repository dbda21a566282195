package dynamodb

import "github.com/levee-io/levee/internal/api"

// Size is how much a table or one of its indexes holds.
type Size struct {
	api.Namespace
	Table, Index string // Index is "" for the table itself
	Items, Bytes int64
}

// Sizes returns the sizes of all tables and their indexes, in no order. They are
// kept as items are written: nothing is read for them.
func (e *Engine) Sizes() []Size {
	var list []Size
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	for id, t := range e.catalog.tables {
		v := t.current.Load()
		if v == nil {
			continue // it is gone
		}
		add := func(index string, c *counters) {
			list = append(list, Size{id.ns, id.name, index, c.items.Load(), c.bytes.Load()})
		}
		add("", &t.stats)
		for _, x := range v.indexes {
			add(x.Name, x.stats)
		}
		for _, x := range v.vectors {
			add(x.Name, x.stats)
		}
	}
	return list
}
