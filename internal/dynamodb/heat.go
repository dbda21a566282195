package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
)

// Heat is how what is asked of a table, or of a global index of it, is spread over its
// partitions.
type Heat struct {
	Index      string         // "" for the table itself
	Limit      capacity.Rates // of a partition, units a second
	Partitions []capacity.PartitionState
}

// Heat returns the partitions of a table that is held to its capacity, and of its
// global indexes; nil for a table that is not, or is not there.
func (e *Engine) Heat(ns api.Namespace, table string) []Heat {
	e.catalog.RLock()
	t := e.catalog.tables[tableID{ns, table}]
	e.catalog.RUnlock()
	if t == nil {
		return nil
	}
	v := t.current.Load()
	if v == nil || v.meter == nil {
		return nil
	}
	m := v.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	state := m.model.State(m.now())
	list := []Heat{{Limit: e.params.PartitionCap, Partitions: state.Resources[capacity.Itself].Partitions}}
	for i := range v.indexes {
		if x := &v.indexes[i]; x.Global {
			list = append(list, Heat{Index: x.Name, Limit: e.params.PartitionCap, Partitions: state.Resources[x.slot].Partitions})
		}
	}
	return list
}
