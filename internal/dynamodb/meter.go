package dynamodb

import (
	"slices"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
)

// CapacityTag is the key of the tag that says of one table whether it is held to its
// capacity, whatever Options.EnforceCapacity says: its value is "enforce" or "off".
const CapacityTag = "levee:capacity"

// meter holds a table and its global indexes to their capacity, and counts what they
// consume. A table that is not held to it has none, so that costs one comparison with
// nil.
type meter struct {
	now func() time.Time // what time it is for the model

	mu      sync.Mutex // guards the fields below; a leaf of the lock order
	model   *capacity.Table
	slots   []uint16  // the index of each resource of the model after the table itself
	figures []figures // of each resource
}

// figures are what has been counted of a table or index since it has a meter.
type figures struct {
	admitted, units capacity.Rates
	throttled       [2]capacity.Throttles
}

// enforced reports whether a table is held to its capacity.
func (d *descriptor) enforced(byDefault bool) bool {
	for _, t := range d.Tags {
		if t.Key == CapacityTag {
			return t.Value == "enforce"
		}
	}
	return byDefault
}

// newMeter returns the meter of a descriptor, that of the view before if it has one,
// nil if the table is not held to its capacity.
func (e *Engine) newMeter(d *descriptor, before *view) *meter {
	if !d.enforced(e.enforce) {
		return nil
	}
	if before != nil && before.meter != nil {
		before.meter.follow(d)
		return before.meter
	}
	m := &meter{now: e.modelTime}
	cfg := d.capacityConfig()
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Global {
			m.slots = append(m.slots, x.Number)
			cfg.Indexes = append(cfg.Indexes, x.capacityConfig())
		}
	}
	m.model = capacity.NewTable(e.params, cfg, m.now())
	m.figures = make([]figures, 1+len(m.slots))
	return m
}

// capacityConfig returns the throughput of the table, without that of its indexes.
func (d *descriptor) capacityConfig() capacity.TableConfig {
	local := slices.ContainsFunc(d.Indexes, func(x index) bool { return !x.Global })
	return capacity.TableConfig{OnDemand: d.OnDemand, LocalIndexes: local, Config: newCapacityConfig(d.Throughput, d.OnDemandLimit, d.Warm)}
}

func (x *index) capacityConfig() capacity.Config {
	return newCapacityConfig(x.Throughput, x.OnDemandLimit, x.Warm)
}

func newCapacityConfig(provisioned, limit, warm throughput) capacity.Config {
	return capacity.Config{Provisioned: provisioned.asRates(), Maximum: limit.asRates(), Warm: warm.asRates()}
}

func (p throughput) asRates() capacity.Rates {
	return capacity.Rates{capacity.Read: float64(p.Read), capacity.Write: float64(p.Write)}
}

// follow lets the model have the throughput of a new descriptor. While a change of it
// is under way everything stays as it is.
func (m *meter) follow(d *descriptor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	cfg := m.model.Config()
	if d.under(changeThroughput, changeBilling, changeWarm, changeUpdateIndex) == nil {
		indexes := cfg.Indexes
		cfg = d.capacityConfig()
		cfg.Indexes = indexes
		for i := range d.Indexes {
			if at := slices.Index(m.slots, d.Indexes[i].Number); at >= 0 {
				cfg.Indexes[at] = d.Indexes[i].capacityConfig()
			}
		}
	}
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Global && !slices.Contains(m.slots, x.Number) {
			m.slots, m.figures = append(m.slots, x.Number), append(m.figures, figures{})
			cfg.Indexes = append(cfg.Indexes, x.capacityConfig())
		}
	}
	m.model.Set(m.now(), cfg)
}

// slot returns the number of an index in the model.
func (m *meter) slot(x *index) int {
	if m == nil || !x.Global {
		return capacity.Itself
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return 1 + slices.Index(m.slots, x.Number)
}

// admit decides about demands together, and counts them.
func (m *meter) admit(demands []capacity.Demand) capacity.Decision {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.model.AdmitAll(m.now(), demands)
	if !d.Allowed {
		m.figures[d.Index].throttled[d.Class][d.Limit]++
		return d
	}
	for i := range demands {
		f := &m.figures[demands[i].Index]
		f.admitted[demands[i].Class]++
		f.units[demands[i].Class] += demands[i].Units
	}
	return d
}

// store tells the model that what is stored at a key has grown.
func (m *meter) store(key uint64, index, bytes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.model.Store(key, index, int64(bytes))
}

// warm returns what a table or index sustains by now, if that is more than was said.
func (m *meter) warm(index int, said throughput) throughput {
	if m == nil {
		return said
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	warm := m.model.Warm(m.now(), index)
	said.raise(int64(warm[capacity.Read]), int64(warm[capacity.Write]))
	return said
}

// CapacityFigures are what a table, or a global index of it, has consumed and what of
// it was throttled since the engine was opened or the table was first held to its
// capacity.
type CapacityFigures struct {
	api.Namespace
	Table, Index string // Index is "" for the table itself
	OnDemand     bool
	Provisioned  capacity.Rates // a second
	Maximum      capacity.Rates // configured of an on-demand one, a second; 0: none
	Warm         capacity.Rates // that an on-demand one sustains by now, a second
	Requests     capacity.Rates // that were admitted
	Units        capacity.Rates // that they consumed
	Throttled    [2]capacity.Throttles
}

// CapacityFigures returns the figures of all tables that are held to their capacity,
// in no order.
func (e *Engine) CapacityFigures() []CapacityFigures {
	e.catalog.RLock()
	views := make([]*view, 0, len(e.catalog.tables))
	for _, t := range e.catalog.tables {
		if v := t.current.Load(); v != nil && v.meter != nil && !v.hidden {
			views = append(views, v)
		}
	}
	e.catalog.RUnlock()
	var list []CapacityFigures
	for _, v := range views {
		list = v.meter.appendFigures(list, v)
	}
	return list
}

func (m *meter) appendFigures(list []CapacityFigures, v *view) []CapacityFigures {
	m.mu.Lock()
	defer m.mu.Unlock()
	add := func(index string, at int, cfg capacity.Config) {
		f := &m.figures[at]
		list = append(list, CapacityFigures{
			Namespace: v.id().ns, Table: v.Name, Index: index, OnDemand: v.OnDemand,
			Provisioned: cfg.Provisioned, Maximum: cfg.Maximum, Warm: m.model.Warm(m.now(), at),
			Requests: f.admitted, Units: f.units, Throttled: f.throttled,
		})
	}
	add("", capacity.Itself, v.capacityConfig().Config)
	for i := range v.indexes {
		if x := &v.indexes[i]; x.Global {
			add(x.Name, x.slot, x.capacityConfig())
		}
	}
	return list
}
