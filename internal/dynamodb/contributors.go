package dynamodb

import (
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// maxContributors is how many keys a report has at most.
const maxContributors = 100

// ContributorRule is what the keys of a report have most of: one of the rules
// that the service makes for a table or index.
type ContributorRule uint8

// The rules, in the order in which the service names them.
const (
	AccessedPartitions  ContributorRule = iota // PKC
	AccessedKeys                               // SKC
	ThrottledPartitions                        // PKT
	ThrottledKeys                              // SKT

	contributorRules
)

// contributors counts the keys of a table or index that contributor insights are
// on for, minute by minute. There is none where they are off, so that costs one
// comparison with nil.
type contributors struct {
	// Both are immutable: a change of the mode begins with other contributors.
	key      *keySchema
	accesses bool // counted too, not only what is throttled

	mu             sync.Mutex // guards the fields below; a leaf of the lock order
	minute         int64      // since 1970, of running
	running, ended minuteSketches
}

// minuteSketches are the counts of one minute, by rule: of at most sketchSize keys
// each, as long as key bytes are.
type minuteSketches [contributorRules]sketch

// counts reports whether the mode has a rule.
func (c *contributors) counts(rule ContributorRule) bool {
	return c != nil && rule < contributorRules && (c.accesses || rule >= ThrottledPartitions)
}

// accessed counts an access to the item, or index entry, of a row without its
// table's or index's prefix.
func (c *contributors) accessed(row []byte) {
	if c.counts(AccessedPartitions) {
		c.count(row, AccessedPartitions)
	}
}

// throttled counts a refusal of such an access for want of capacity.
func (c *contributors) throttled(row []byte) {
	if c.counts(ThrottledPartitions) {
		c.count(row, ThrottledPartitions)
	}
}

// count counts the parts of a row under a rule of partitions and the rule of keys
// after it. The row may end after the partition key, for all that is in it.
func (c *contributors) count(row []byte, rule ContributorRule) {
	row = row[hashBytes:]
	partition := keyLength(row, c.key.Hash)
	whole := partition + keyLength(row[partition:], c.key.Range)
	now := time.Now().Unix() / 60
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(now)
	c.running[rule].hit(row[:partition])
	if whole > partition {
		c.running[rule+1].hit(row[:whole])
	}
}

// turn begins a new minute if it is time to.
func (c *contributors) turn(minute int64) {
	switch {
	case minute == c.minute:
		return
	case minute == c.minute+1:
		c.ended = c.running
	default:
		c.ended = minuteSketches{}
	}
	c.minute, c.running = minute, minuteSketches{}
}

// keyLength returns how many bytes the attributes of a key take at the beginning of
// b, 0 if they are not there.
func keyLength(b []byte, attrs []keyAttr) int {
	rest := b
	for i := range attrs {
		var err error
		if _, rest, err = attr.DecodeKey(rest, attrs[i].Kind); err != nil {
			return 0
		}
	}
	return len(b) - len(rest)
}

// Contributor is a key and how often it was accessed, or throttled, in a minute.
type Contributor struct {
	Key   attr.Map // a partition key, or with the sort key, by rule
	Count int64
	Error int64 // by how much Count may be too high
}

// ContributorReport is the most frequent keys, the most frequent first, of the
// minute that runs and of the one before it.
type ContributorReport struct {
	Minute         time.Time // the beginning of the one that runs
	Running, Ended []Contributor
}

// Contributors reports the keys of a table, or of an index unless indexName is "";
// ok is false if contributor insights are off for it, or their mode lacks the rule.
func (e *Engine) Contributors(ns api.Namespace, table, indexName string, rule ContributorRule) (r ContributorReport, ok bool) {
	e.catalog.RLock()
	t := e.catalog.tables[tableID{ns, table}]
	e.catalog.RUnlock()
	if t == nil {
		return r, false
	}
	v := t.current.Load()
	if v == nil {
		return r, false
	}
	c := v.insight(indexName)
	if !c.counts(rule) {
		return r, false
	}
	return c.report(rule), true
}

func (c *contributors) report(rule ContributorRule) ContributorReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(time.Now().Unix() / 60)
	return ContributorReport{
		Minute:  time.Unix(c.minute*60, 0),
		Running: c.named(c.running[rule].top(maxContributors)),
		Ended:   c.named(c.ended[rule].top(maxContributors)),
	}
}

// named gives the keys of entries back their names and values.
func (c *contributors) named(entries []sketchEntry) []Contributor {
	list := make([]Contributor, 0, len(entries))
	for _, e := range entries {
		rest := []byte(e.key)
		var key []attr.Attr
		for _, a := range c.key.attrs() {
			value, after, err := attr.DecodeKey(rest, a.Kind)
			if err != nil {
				break // a partition key without the sort key
			}
			key, rest = append(key, attr.Attr{Name: a.Name, Value: value}), after
		}
		list = append(list, Contributor{Key: attr.NewMap(key), Count: e.count, Error: e.over})
	}
	return list
}

// insight returns the contributors of the table, or of an index unless the name is
// "", nil if insights are off.
func (v *view) insight(indexName string) *contributors {
	if indexName == "" {
		return v.insights
	}
	if x := v.find(indexName); x != nil {
		return x.insights
	}
	return nil
}

// newContributors returns the contributors of the table or an index, those of the
// view before where they go on, nil where insights are off.
func (v *view) newContributors(indexName string, key *keySchema, before *view) *contributors {
	s := v.insightOf(indexName)
	if s == nil || !s.Enabled {
		return nil
	}
	if before != nil {
		if c, old := before.insight(indexName), before.insightOf(indexName); c != nil && old.Since.Equal(s.Since) && old.Mode == s.Mode {
			return c
		}
	}
	return &contributors{key: key, accesses: s.Mode == ddb.ContributorInsightsModeAccessedAndThrottledKeys}
}

// accessedRow counts an access to an item by its row.
func (v *view) accessedRow(row []byte) {
	if v.insights != nil {
		v.insights.accessed(row[len(v.prefix):])
	}
}

// throttledRow counts the refusal of an access to an item by its row.
func (v *view) throttledRow(row []byte) {
	if v.insights != nil {
		v.insights.throttled(row[len(v.prefix):])
	}
}

// throttledRange counts the refusal of a query: by the partition, if the rows that it
// was for begin with one.
func (s source) throttledRange(row []byte) {
	c := s.v.insights
	if s.x != nil {
		c = s.x.insights
	}
	if c == nil || len(row) <= hashBytes {
		return
	}
	if n := keyLength(row[hashBytes:], c.key.Hash); n > 0 {
		c.throttled(row[:hashBytes+n])
	}
}

// accessedPartition counts a query of one partition.
func (s source) accessedPartition(partition []attr.Value) {
	c := s.v.insights
	if s.x != nil {
		c = s.x.insights
	}
	if c.counts(AccessedPartitions) {
		c.accessed(appendPartition(nil, partition))
	}
}

// accessedBy counts what a finished write has accessed.
func (w *write) accessedBy() {
	w.v.accessedRow(w.row)
	for i := range w.indexed {
		x := w.indexed[i].x
		if x.insights == nil {
			continue
		}
		if row := w.indexed[i].after.row; row != nil {
			x.insights.accessed(row[len(x.prefix):])
		}
		if row := w.indexed[i].before.row; row != nil && w.indexed[i].moved {
			x.insights.accessed(row[len(x.prefix):])
		}
	}
}
