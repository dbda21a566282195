package dynamodb

import (
	"bytes"
	"slices"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
)

// A counter of a table counts its items, and sums up attributes of them, by group.
// Each group has an item in a table of the counter's own, which clients only read.
// Whatever changes an item changes the items of its groups in the same batch.
//
// The rows of groups have latches of their own, taken after those of the items: which
// groups a write is about is known only once it is decided. They are held for reading
// a row and for Apply, so a group that every write is about is bounded by the speed of
// that.
//
// A new counter is built beside the operations (counter_build.go).

// counter is what the descriptor of a table keeps of a counter.
type counter struct {
	Table   uint64            `json:"table"` // the number of the counter's table
	Name    string            `json:"name"`
	GroupBy []keyAttr         `json:"groupBy,omitempty"`
	Sum     []string          `json:"sum,omitempty"`
	Filter  string            `json:"filter,omitempty"`
	Names   map[string]string `json:"names,omitempty"`
	Values  []byte            `json:"values,omitempty"` // encoded attributes
	// Building is true until what was there before is counted.
	Building bool `json:"building,omitempty"`
}

// The attributes of a counter's items, beside those that it is grouped by.
const (
	countAttribute = "count"
	// totalAttribute is the key of a counter without groups, which has one item.
	totalAttribute = "counter"
)

// counterView is what a write needs of a counter.
type counterView struct {
	*counter
	prefix []byte // of its rows
	key    keySchema
	filter *expr.Condition // nil: every item
	stats  *counters
}

// counterKey returns the key of a counter's table.
func (c *counter) key() keySchema {
	switch len(c.GroupBy) {
	case 0:
		return keySchema{Hash: []keyAttr{{Name: totalAttribute, Kind: attr.KindS}}}
	case 1:
		return keySchema{Hash: c.GroupBy[:1]}
	}
	return keySchema{Hash: c.GroupBy[:1], Range: c.GroupBy[1:2]}
}

// condition parses the filter; nil: there is none.
func (c *counter) condition() (*expr.Condition, error) {
	if c.Filter == "" {
		return nil, nil
	}
	x := expressions{filter: api.Some(c.Filter)}
	for name, attribute := range c.Names {
		x.names = append(x.names, api.Entry[string]{Key: name, Value: attribute})
	}
	if c.Values != nil {
		var err error
		if x.values, err = attr.DecodeMap(c.Values); err != nil {
			return nil, err
		}
	}
	p, err := x.parse()
	return p.filter, err
}

// newCounterViews makes the views of a table's counters; before is the view that they
// follow.
func newCounterViews(d *descriptor, before *view) ([]counterView, error) {
	var list []counterView
	for i := range d.Counters {
		c := &d.Counters[i]
		filter, err := c.condition()
		if err != nil {
			return nil, err
		}
		x := counterView{counter: c, prefix: itemPrefix(c.Table), key: c.key(), filter: filter, stats: new(counters)}
		x.key.prepare()
		if s := before.counter(c.Table); s != nil {
			x.stats = s.stats
		}
		list = append(list, x)
	}
	return list, nil
}

// tally is what changes in one row of a counter.
type tally struct {
	counter *counterView
	row     []byte
	key     attr.Map // the attributes that it is grouped by
	count   int64
	sums    []attr.Number // by Sum
}

// group returns the row of the group that an item counts in, nil if it counts in
// none: it is not there, the filter does not hold, or it lacks one of the attributes
// or has one that no key can be.
func (c *counterView) group(item attr.Map) (row []byte, key attr.Map) {
	if item == nil || c.filter != nil && !c.filter.Eval(item) {
		return nil, nil
	}
	for _, a := range c.GroupBy {
		if value, ok := item.Get(a.Name); !ok || value.Kind() != a.Kind {
			return nil, nil
		}
	}
	if len(c.GroupBy) == 0 {
		key = attr.NewMap([]attr.Attr{{Name: totalAttribute, Value: attr.S(c.Name)}})
	} else {
		key = c.key.keyAttrs(item)
	}
	if c.key.checkValues(key) != nil {
		return nil, nil
	}
	return c.key.appendRow(slices.Clone(c.prefix), key), key
}

// tallies are the changes of one batch, each row once.
type tallies []tally

// add adds an item to its group, or takes it away.
func (l *tallies) add(c *counterView, item attr.Map, taken bool) error {
	row, key := c.group(item)
	if row == nil {
		return nil
	}
	t := l.of(c, row, key)
	if taken {
		t.count--
	} else {
		t.count++
	}
	for i, name := range c.Sum {
		value, _ := item.Get(name)
		if value.Kind() != attr.KindN {
			continue
		}
		n := value.Num()
		if taken {
			n = n.Neg()
		}
		var err error
		if t.sums[i], err = t.sums[i].Add(n); err != nil {
			return invalid(err)
		}
	}
	return nil
}

// of returns the tally of a row.
func (l *tallies) of(c *counterView, row []byte, key attr.Map) *tally {
	for i := range *l {
		if t := &(*l)[i]; bytes.Equal(t.row, row) {
			return t
		}
	}
	t := tally{counter: c, row: row, key: key, sums: make([]attr.Number, len(c.Sum))}
	for i := range t.sums {
		t.sums[i] = attr.IntNumber(0)
	}
	*l = append(*l, t)
	return &(*l)[len(*l)-1]
}

// void reports whether a tally changes nothing.
func (t *tally) void() bool {
	return t.count == 0 && !slices.ContainsFunc(t.sums, func(n attr.Number) bool { return n.Cmp(attr.IntNumber(0)) != 0 })
}

// talliesOf returns what writes that were decided change in counters.
func talliesOf(writes []*write) (list tallies, err error) {
	for _, w := range writes {
		if len(w.v.counters) == 0 || !w.changed() {
			continue
		}
		for i := range w.v.counters {
			c := &w.v.counters[i]
			if w.existed {
				if err := list.add(c, w.old, true); err != nil {
					return nil, err
				}
			}
			if w.newRaw != nil {
				if err := list.add(c, w.new, false); err != nil {
					return nil, err
				}
			}
		}
	}
	return slices.DeleteFunc(list, func(t tally) bool { return t.void() }), nil
}

// stageCounters latches the rows of counters that writes change and adds the changes
// to the batch. The caller must call unlock, also where there is an error.
func (e *Engine) stageCounters(b kv.Batch, writes []*write) (countedRows, error) {
	list, err := talliesOf(writes)
	if err != nil {
		return countedRows{}, err
	}
	return e.stageTallies(b, list)
}

// countedRows are the rows of counters that a batch changes, with their latches.
type countedRows struct {
	set     *latches
	latches held // of set
	changes []countedChange
}

// countedChange is what becomes of the statistics of a counter's table.
type countedChange struct {
	stats        *counters
	items, bytes int
}

// stageTallies latches the rows of counters and adds their changes to the batch. The
// caller must call unlock, also where there is an error.
func (e *Engine) stageTallies(b kv.Batch, list tallies) (done countedRows, err error) {
	if len(list) == 0 {
		return done, nil
	}
	done.set = &e.counting
	for i := range list {
		done.latches = done.latches.add(list[i].row)
	}
	done.latches = done.latches.lock(done.set)
	for i := range list {
		change, err := list[i].stage(e.store, b)
		if err != nil {
			return done, err
		}
		done.changes = append(done.changes, change)
	}
	return done, nil
}

// unlock releases the latches; commit is that of the batch, nil if it was not
// applied.
func (d *countedRows) unlock(commit kv.Commit) {
	if commit != nil {
		d.note()
	}
	d.latches.unlock(d.set, commit)
}

// note brings the statistics of the counters' tables up to date.
func (d *countedRows) note() {
	for _, c := range d.changes {
		c.stats.add(c.items, c.bytes)
	}
}

// stage adds a tally to its row. The item of a group that has nothing left is
// deleted.
func (t *tally) stage(store kv.Reader, b kv.Batch) (change countedChange, err error) {
	raw, existed, err := store.Get(t.row, nil)
	if err != nil {
		return change, err
	}
	sum, change := *t, countedChange{stats: t.counter.stats}
	sum.sums = slices.Clone(t.sums)
	if existed {
		item, err := attr.DecodeMap(raw)
		if err != nil {
			return change, err
		}
		change.items, change.bytes = -1, -item.Size()
		if err := sum.plus(item); err != nil {
			return change, err
		}
	}
	if sum.void() {
		b.Delete(t.row)
		return change, nil
	}
	item := sum.item()
	change.items, change.bytes = change.items+1, change.bytes+item.Size()
	b.Set(t.row, attr.AppendMap(nil, item))
	return change, nil
}

// plus adds what the item of a group has.
func (t *tally) plus(item attr.Map) (err error) {
	count, _ := item.Get(countAttribute)
	n, _ := count.Num().Int64()
	t.count += n
	for i, name := range t.counter.Sum {
		value, ok := item.Get(name)
		if !ok {
			continue
		}
		if t.sums[i], err = t.sums[i].Add(value.Num()); err != nil {
			return invalid(err)
		}
	}
	return nil
}

// item returns the item of a group.
func (t *tally) item() attr.Map {
	list := append(make([]attr.Attr, 0, len(t.key)+1+len(t.sums)), t.key...)
	list = append(list, attr.Attr{Name: countAttribute, Value: attr.N(attr.IntNumber(t.count))})
	for i, name := range t.counter.Sum {
		list = append(list, attr.Attr{Name: name, Value: attr.N(t.sums[i])})
	}
	return attr.NewMap(list)
}

// withoutCounters returns a copy of a descriptor for another table.
func (d *descriptor) withoutCounters() *descriptor {
	next := d.clone()
	next.Counters, next.CounterOf = nil, ""
	return next
}

// errCounter refuses to write to the table of a counter.
func errCounter(d *descriptor) error {
	return api.Validation("The table %s is a counter of %s: its items cannot be written", d.Name, d.CounterOf)
}

// latchesOf returns the latches of a table's items, as far as readers are concerned:
// those of a counter are others.
func (e *Engine) latchesOf(v *view) *latches {
	if v.CounterOf != "" {
		return &e.counting
	}
	return &e.latches
}
