package dynamodb

import (
	"slices"
	"time"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// change is a change of a table that is under way. With Options.TableDelay each
// takes that long, as in the service; without, there are none. What a change
// makes is in the descriptor from its beginning, but for a table's class and
// deletion: a change says what the table is described as and what is refused.
//
// It is kept in the descriptor, so one that a restart interrupts ends at its
// time, or at the start.
type change struct {
	Kind  changeKind `json:"kind"`
	Until time.Time  `json:"until,omitzero"` // zero: when a table that is being filled is full
	// Name is that of the index, the label of the stream, the new class or the TTL
	// attribute that the change is about.
	Name string `json:"name,omitempty"`
	// On is true if a stream or time to live is being turned on.
	On bool `json:"on,omitempty"`
	// Index or Vector is one that is being deleted. It serves nothing any more.
	Index  *index       `json:"index,omitempty"`
	Vector *vectorIndex `json:"vector,omitempty"`
}

// changeKind is written into descriptors.
type changeKind string

const (
	changeCreate      changeKind = "create" // of the table
	changeDelete      changeKind = "delete"
	changeThroughput  changeKind = "throughput"
	changeBilling     changeKind = "billing"
	changeStream      changeKind = "stream"
	changeClass       changeKind = "class"
	changeCreateIndex changeKind = "createIndex" // until it is filled
	changeUpdateIndex changeKind = "updateIndex"
	changeDeleteIndex changeKind = "deleteIndex"
	changeEncryption  changeKind = "encryption"
	changeWarm        changeKind = "warm"
	changeTTL         changeKind = "ttl"
	changeInsights    changeKind = "insights"
)

// under returns a change of one of the kinds that is under way, or nil.
func (d *descriptor) under(kinds ...changeKind) *change {
	for i := range d.Changes {
		if slices.Contains(kinds, d.Changes[i].Kind) {
			return &d.Changes[i]
		}
	}
	return nil
}

// underIndex returns the change of an index that is under way, or nil.
func (d *descriptor) underIndex(name string) *change {
	for i := range d.Changes {
		switch c := &d.Changes[i]; c.Kind {
		case changeCreateIndex, changeUpdateIndex, changeDeleteIndex:
			if c.Name == name {
				return c
			}
		}
	}
	return nil
}

// numberOf returns the number of an index that is there, of either kind.
func (d *descriptor) numberOf(name string) uint16 {
	if x := d.vectorNamed(name); x != nil {
		return x.Number
	}
	return d.index(name).Number
}

// status returns the TableStatus.
func (d *descriptor) status() string {
	switch {
	case d.under(changeDelete) != nil:
		return ddb.TableStatusDeleting
	case d.under(changeCreate) != nil || d.beingAdded():
		return ddb.TableStatusCreating
	case d.under(changeThroughput, changeBilling, changeStream, changeClass, changeCreateIndex, changeDeleteIndex) != nil:
		return ddb.TableStatusUpdating
	}
	return ddb.TableStatusActive
}

// begin adds a change of a new descriptor, which ends after a delay. Without a
// delay it is over at once.
func (d *descriptor) begin(c change, now time.Time, delay time.Duration) {
	if delay > 0 {
		c.Until = now.Add(delay)
		d.Changes = append(d.Changes, c)
	}
}

// awaitChanges ends, in the background, the changes of a descriptor that are
// not among those of the one before it.
func (e *Engine) awaitChanges(t *table, d *descriptor, before []change) {
	for _, c := range d.Changes {
		if !slices.Contains(before, c) && !c.Until.IsZero() {
			e.background.Go(func() { e.awaitChange(t, c) })
		}
	}
}

func (e *Engine) awaitChange(t *table, c change) {
	timer := time.NewTimer(time.Until(c.Until))
	defer timer.Stop()
	select {
	case <-e.background.ctx.Done():
		return
	case <-timer.C:
	}
	if err := e.endChange(t, c); err != nil {
		e.log.Error("dynamodb: a change of a table could not be ended; it will be tried again after a restart",
			"table", t.id, "change", c.Kind, "error", err)
	}
}

// endChange does what a change leaves to its end.
func (e *Engine) endChange(t *table, c change) error {
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil || !slices.Contains(v.Changes, c) {
		return nil
	}
	if c.Kind == changeDelete {
		return e.drop(t, v)
	}
	next := v.clone()
	next.Changes = slices.DeleteFunc(next.Changes, func(other change) bool { return other == c })
	if c.Kind == changeClass {
		next.Class, next.ClassChanged = c.Name, c.Until
	}
	v, err := e.publish(t, next, nil, nil)
	if err == nil && c.Kind == changeCreateIndex {
		e.startBackfill(t, v.numberOf(c.Name))
	}
	return err
}
