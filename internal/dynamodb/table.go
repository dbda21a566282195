package dynamodb

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/levee-io/levee/internal/api"
)

// table is a table that exists.
type table struct {
	engine *Engine
	id     uint64 // the descriptor's
	// mu is held shared by a write from the choice of its view to the end of its
	// Apply, and exclusively to change the view: so once a new view is
	// published, no write under the old one is under way.
	mu sync.RWMutex
	// alter serialises the operations that change the table.
	alter sync.Mutex
	pins  pins // guarded by alter
	// current is nil once the table is deleted. Reads load it without mu.
	current atomic.Pointer[view]

	stats counters
	rows  keyFilter
	// undelivered is how many changes were passed over on their way to Kinesis.
	undelivered atomic.Int64
}

// view is a table as it is between two changes of its descriptor. It is
// immutable but for the counters and the stream that it points to.
type view struct {
	*descriptor
	prefix []byte // of item rows
	// collections is the prefix of the rows of item collections; nil without local
	// indexes.
	collections []byte
	indexes     []indexView   // by name: of several indexes an error names the first
	vectors     []vectorView  // by name
	stream      *stream       // nil when the table has none enabled
	outbox      *stream       // of a Kinesis streaming destination; nil when it has none
	insights    *contributors // nil unless they are on
	expiry      *expiry       // nil when the table has no time to live
	hidden      bool          // from operations on items: the table is being created or deleted
	// recording is true while writes leave undo rows.
	recording bool
	links     []*link // to the other replicas that writes travel to
	meter     *meter  // nil unless the table is held to its capacity
	counters  []counterView
}

// indexView is what a write or a query needs of an index.
type indexView struct {
	*index
	prefix   []byte
	stats    *counters
	insights *contributors // nil unless they are on
	slot     int           // the number of a global index in the model of the meter
}

// counters are the number of entries and their size as the service counts it.
// They are exact once the count that runs after Open has ended.
type counters struct {
	items, bytes atomic.Int64
}

func (c *counters) add(items, bytes int) {
	if items != 0 {
		c.items.Add(int64(items))
	}
	if bytes != 0 {
		c.bytes.Add(int64(bytes))
	}
}

// newTable makes the runtime of a descriptor.
func (e *Engine) newTable(d *descriptor) (*table, error) {
	t := &table{engine: e, id: d.ID}
	v, err := e.newView(d, nil)
	if err != nil {
		return nil, err
	}
	t.current.Store(v)
	if d.Filling == nil && d.CounterOf == "" { // what fills it, or counts, tells the filter nothing
		t.rows.begin()
	}
	return t, nil
}

// newEmptyTable is newTable for a table that has no items yet.
func (e *Engine) newEmptyTable(d *descriptor) (*table, error) {
	t, err := e.newTable(d)
	if err != nil {
		return nil, err
	}
	t.rows.complete()
	return t, nil
}

// newView makes the view of a descriptor; before is the one that it follows.
func (e *Engine) newView(d *descriptor, before *view) (*view, error) {
	v := &view{descriptor: d, prefix: itemPrefix(d.ID), expiry: newExpiry(d), hidden: d.under(changeCreate, changeDelete) != nil}
	if d.hasLocal() {
		v.collections = collectionPrefix(d.ID)
	}
	v.recording = d.Recovery != nil || before != nil && before.recording
	v.hidden = v.hidden || d.beingAdded()
	v.links = newLinks(d, before)
	d.Key.prepare()
	v.meter = e.newMeter(d, before)
	var err error
	if v.counters, err = newCounterViews(d, before); err != nil {
		return nil, err
	}
	v.insights = v.newContributors("", &d.Key, before)
	for i := range d.Indexes {
		ix := &d.Indexes[i]
		ix.Key.prepare()
		v.indexes = append(v.indexes, indexView{ix, indexPrefix(d.ID, ix.Number), before.statsOf(ix.Number), v.newContributors(ix.Name, &ix.Key, before), v.meter.slot(ix)})
	}
	for i := range d.VectorIndexes {
		x := &d.VectorIndexes[i]
		v.vectors = append(v.vectors, vectorView{x, indexPrefix(d.ID, x.Number), before.statsOf(x.Number), before.scopes(x.Number)})
	}
	slices.SortFunc(v.vectors, func(a, b vectorView) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(v.indexes, func(a, b indexView) int { return strings.Compare(a.Name, b.Name) })
	if v.stream, err = e.openStreamOf(d.Stream, before.streamRunning(d.Stream), before != nil); err != nil {
		return nil, err
	}
	v.outbox, err = e.openOutbox(d.openOutbox(), before)
	return v, err
}

// openStreamOf is openStream for a stream that there may not be.
func (e *Engine) openStreamOf(s *streamSettings, running *stream, fresh bool) (*stream, error) {
	if s == nil {
		return nil, nil
	}
	return e.openStream(s, running, fresh)
}

// streamRunning returns a stream, or an outbox, if it is one of a view, which may be
// nil.
func (v *view) streamRunning(s *streamSettings) *stream {
	switch {
	case v == nil || s == nil:
	case v.stream != nil && v.stream.id == s.ID:
		return v.stream
	case v.outbox != nil && v.outbox.id == s.ID:
		return v.outbox
	}
	return nil
}

// statsOf returns the counters of an index that a view already has, or new ones.
func (v *view) statsOf(number uint16) *counters {
	if v != nil {
		for i := range v.indexes {
			if v.indexes[i].Number == number {
				return v.indexes[i].stats
			}
		}
		for i := range v.vectors {
			if v.vectors[i].Number == number {
				return v.vectors[i].stats
			}
		}
	}
	return new(counters)
}

// scopes returns the graphs of a vector index that a view already has, or room for
// them.
func (v *view) scopes(number uint16) *scopes {
	if v != nil {
		for i := range v.vectors {
			if v.vectors[i].Number == number {
				return v.vectors[i].scopes
			}
		}
	}
	return &scopes{of: map[string]*scopeGraph{}}
}

// find returns the index view of a name, or nil.
func (v *view) find(name string) *indexView {
	for i := range v.indexes {
		if v.indexes[i].Name == name {
			return &v.indexes[i]
		}
	}
	return nil
}

// lookup returns the table that a request names by name or ARN.
func (e *Engine) lookup(c *api.Caller, nameOrARN string) (*table, error) {
	name, err := tableName(c, nameOrARN)
	if err != nil {
		return nil, err
	}
	e.catalog.RLock()
	t := e.catalog.tables[tableID{c.Namespace, name}]
	e.catalog.RUnlock()
	if t == nil {
		return nil, errMissing(name)
	}
	return t, nil
}

// errMissing says that there is no table of a name, or that none can have it.
func errMissing(name string) error {
	if err := checkTableName(name); err != nil {
		return err
	}
	return errNoResource()
}

// view returns the table that a request names as it is now.
func (e *Engine) view(c *api.Caller, nameOrARN string) (*view, error) {
	t, err := e.lookup(c, nameOrARN)
	if err != nil {
		return nil, err
	}
	v := t.open()
	if v == nil {
		return nil, errNoResource()
	}
	return v, nil
}

// open returns the view that operations on items work with, nil if there is
// none: not yet, or no more.
func (t *table) open() *view {
	v := t.current.Load()
	if v == nil || v.hidden {
		return nil
	}
	return v
}

// tableNamePattern is the service's; the model leaves it out because TableName
// may be an ARN.
var tableNamePattern = api.NewPattern(`[a-zA-Z0-9_.-]+`)

// The lengths of the names of tables, which the model leaves out for the same
// reason.
const (
	minTableName = 3
	maxTableName = 255
)

// checkTableName checks a name by the rules that the model leaves out.
func checkTableName(name string) error {
	var v api.Violations
	addTableName(&v, name)
	return v.Err()
}

// addTableName adds the rules that a name breaks to those that a request does.
func addTableName(v *api.Violations, name string) {
	var at api.Path
	v.Match(api.Some(name), tableNamePattern, at.Member("tableName"))
	v.Length(api.Some(name), minTableName, maxTableName, at.Member("tableName"))
}

// tableName returns the name in a TableName member, which may be an ARN.
func tableName(c *api.Caller, nameOrARN string) (string, error) {
	name, err := nameIn(c, nameOrARN)
	if err != nil {
		return "", err
	}
	if len(name) < minTableName || len(name) > maxTableName {
		return "", checkTableName(name)
	}
	return name, nil
}

// checkNameOrARN checks all that can be checked of a TableName by itself.
func checkNameOrARN(c *api.Caller, nameOrARN string) error {
	name, err := nameIn(c, nameOrARN)
	if err != nil {
		return err
	}
	return checkTableName(name)
}

// nameIn is tableName for a name that is checked later.
func nameIn(c *api.Caller, nameOrARN string) (string, error) {
	switch {
	case nameOrARN == "": // absent: the model refuses an empty one
		return "", api.Validation("The parameter 'TableName' is required but was not present in the request")
	case !strings.HasPrefix(nameOrARN, "arn:"):
		return nameOrARN, nil
	}
	named, ok := api.ParseARN(nameOrARN)
	if !ok || named.Service != "dynamodb" {
		return "", api.Validation("Invalid table ARN: %s", nameOrARN)
	}
	const wrong = "1 validation error detected: Invalid %s in '%s'"
	switch {
	case named.Partition != "aws":
		return "", api.Validation(wrong, "AWS partition", nameOrARN)
	case named.Region != c.Region:
		return "", api.Validation(wrong, "AWS region", nameOrARN)
	case !strings.HasPrefix(named.Resource, "table/"):
		return "", api.Validation(wrong, "resource type", nameOrARN)
	case named.Account != c.Account:
		return "", errNoResource()
	}
	return strings.TrimPrefix(named.Resource, "table/"), nil
}

// compare orders tables, for locks that are taken together.
func (t *table) compare(other *table) int { return cmp.Compare(t.id, other.id) }
