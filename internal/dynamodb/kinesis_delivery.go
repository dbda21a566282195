package dynamodb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// A table with a Kinesis streaming destination has an outbox: a stream that nobody but
// the engine sees, whose shards are fixed. A write leaves a record in it, in its own
// batch. For each shard a goroutine takes the records in their order, once they are
// durable, puts them into the data stream, and deletes those that it took; before the
// first of them stands up to where the shard is delivered. So no change is lost, those
// of an item stay in order, and what was put but not yet deleted when the process ends
// is put once more.

const (
	// deliveryStep and deliveryBytes are how many records are put at once, and how many
	// stored bytes about.
	deliveryStep  = 500
	deliveryBytes = 2 << 20
	// maxReplicated is the largest record that is put, in bytes. The service passes over
	// larger ones (Developer Guide, "Using shards and metrics with ... Kinesis Data
	// Streams").
	maxReplicated = 1 << 20
	// After a failure a delivery rests, from the first time to the longest.
	deliveryRest    = time.Second
	maxDeliveryRest = 30 * time.Second
)

// outlet is what the writes to a shard of an outbox and its delivery share.
type outlet struct {
	wake      chan struct{} // has room for one
	delivered atomic.Uint64 // the number up to which all is delivered
}

// kick has the delivery look. The outlet may be nil.
func (o *outlet) kick() {
	if o == nil {
		return
	}
	select {
	case o.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// kickOutbox has the deliveries of a view's outbox look. The view may be nil.
func (v *view) kickOutbox() {
	if v == nil || v.outbox == nil {
		return
	}
	for _, one := range v.outbox.shards {
		one.outlet.kick()
	}
}

// openOutbox makes the runtime of an outbox, nil if there is none; before is the view
// that the one with the outbox follows, nil when the store is opened.
func (e *Engine) openOutbox(s *streamSettings, before *view) (*stream, error) {
	st, err := e.openStreamOf(s, before.streamRunning(s), before != nil)
	if st == nil || err != nil {
		return nil, err
	}
	for _, one := range st.shards {
		if one.outlet != nil {
			continue
		}
		one.outlet = &outlet{wake: make(chan struct{}, 1)}
		at, err := e.deliveredUpTo(st, one.number)
		if err != nil {
			return nil, err
		}
		one.outlet.delivered.Store(at)
	}
	return st, nil
}

// deliveredKey is the key before the records of a shard, which says up to where they
// are delivered.
func (s *stream) deliveredKey(shard uint32) []byte { return s.recordKey(nil, shard, 0) }

func deliveredIn(value []byte) uint64 {
	if len(value) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(value)
}

// deliveredUpTo returns the number up to which a shard is delivered.
func (e *Engine) deliveredUpTo(s *stream, shard uint32) (uint64, error) {
	value, _, err := e.store.Get(s.deliveredKey(shard), nil)
	return deliveredIn(value), err
}

// delivery delivers a shard of an outbox.
type delivery struct {
	engine *Engine
	table  *table
	outbox uint64 // its number
	shard  uint32
	outlet *outlet // nil if the shard was closed before
	stream stream  // the outbox, for its keys
	at     uint64  // the number up to which all is delivered
}

// startDelivery delivers an outbox, until it is closed and all is delivered, or the
// engine is closed.
func (e *Engine) startDelivery(t *table, s *streamSettings) {
	if e.dataStreams == nil {
		return
	}
	e.background.Go(func() {
		var lanes sync.WaitGroup
		for i := range s.Shards {
			d := &delivery{engine: e, table: t, outbox: s.ID, shard: s.Shards[i].Number, stream: stream{prefix: streamPrefix(s.ID)}}
			if v := t.current.Load(); v != nil {
				if one := v.streamRunning(s).numbered(d.shard); one != nil {
					d.outlet = one.outlet
				}
			}
			lanes.Go(d.run)
		}
		if lanes.Wait(); e.background.ctx.Err() == nil {
			e.endDestination(t, s.ID)
		}
	})
}

// run delivers until nothing more will come.
func (d *delivery) run() {
	var err error
	if d.at, err = d.engine.deliveredUpTo(&d.stream, d.shard); err != nil {
		d.engine.log.Error("dynamodb: changes are not delivered to Kinesis before a restart", "table", d.table.id, "error", err)
		<-d.engine.background.ctx.Done()
		return
	}
	for rest := deliveryRest; d.engine.background.ctx.Err() == nil; {
		b, err := d.next()
		if err == nil && b != nil {
			err = b.put(d)
		}
		switch {
		case d.engine.background.ctx.Err() != nil:
			return
		case err != nil && (b == nil || !b.closed):
			d.engine.log.Warn("dynamodb: changes could not be delivered to Kinesis; it is tried again", "table", d.table.id, "error", err)
			if !d.engine.pause(rest) {
				return
			}
			rest = min(2*rest, maxDeliveryRest)
			continue
		case err != nil: // nobody wants them any more
			d.engine.log.Warn("dynamodb: changes from before the Kinesis streaming destination was disabled are not delivered", "table", d.table.id, "error", err)
			return
		case b == nil, b.closed && b.empty():
			return
		case b.empty():
			d.sleep()
		}
		rest = deliveryRest
	}
}

// sleep waits for a write, or a change of the table.
func (d *delivery) sleep() {
	select {
	case <-d.outlet.wake:
	case <-d.engine.background.ctx.Done():
	}
}

// parcel is some records on their way.
type parcel struct {
	region, stream string
	closed         bool // the shard has no others behind them
	rows           []uint64
	refused        []uint64 // that are passed over
	keys           []string
	data           [][]byte
}

func (b *parcel) empty() bool { return len(b.rows)+len(b.refused) == 0 }

// next returns the next records, all of which are durable; nil if there is no table
// or destination any more.
func (d *delivery) next() (*parcel, error) {
	v := d.table.current.Load()
	if v == nil {
		return nil, nil
	}
	k := v.destinationOf(d.outbox)
	if k == nil {
		return nil, nil
	}
	ref := &streamRef{d: v.descriptor, settings: k.Outbox, live: v.streamRunning(k.Outbox)}
	one := k.Outbox.shardNumbered(d.shard)
	end, err := d.engine.shardEnd(ref, one)
	if err != nil {
		return nil, err
	}
	b := &parcel{region: v.Region, stream: dataStreamName(k.Stream), closed: !one.Closed.IsZero()}
	return b, d.read(b, ref, k.Precision, end)
}

// destinationOf returns the destination of an outbox, or nil.
func (d *descriptor) destinationOf(outbox uint64) *destination {
	for i := range d.Destinations {
		if k := &d.Destinations[i]; k.Outbox != nil && k.Outbox.ID == outbox {
			return k
		}
	}
	return nil
}

// read fills a parcel with the records up to one. What is too old, too large or cannot
// be read is passed over.
func (d *delivery) read(b *parcel, ref *streamRef, precision string, end uint64) (err error) {
	it := d.engine.store.Scan(kv.Range{
		Start: d.stream.recordKey(nil, d.shard, d.at+1), End: d.stream.recordKey(nil, d.shard, end+1), Limit: deliveryStep,
	})
	defer func() { err = errors.Join(err, it.Close()) }()
	lost := trimHorizon(time.Now())
	for size := 0; size < deliveryBytes && it.Next(); {
		sequence := recordSequence(it.Key())
		size += len(it.Value())
		stored, err := decodeRecord(bytes.Clone(it.Value()))
		var data []byte
		if err == nil {
			data, err = replicated(ref, stored, d.shard, sequence, precision)
		}
		if err != nil || sequence < lost || len(data) > maxReplicated {
			b.refused = append(b.refused, sequence)
			continue
		}
		b.rows, b.keys, b.data = append(b.rows, sequence), append(b.keys, ref.d.Key.placement(stored)), append(b.data, data)
	}
	return it.Err()
}

// placement returns the partition key that a record has in a data stream: a hash of
// the item's key.
func (k *keySchema) placement(r *streamRecord) string {
	sum := sha256.Sum256(k.appendRow(nil, r.Keys))
	return strings.ToUpper(hex.EncodeToString(sum[:16]))
}

// replicated returns a record as a data stream gets it.
func replicated(ref *streamRef, r *streamRecord, shard uint32, sequence uint64, precision string) ([]byte, error) {
	shown, err := ref.record(r, shard, sequence)
	if err != nil {
		return nil, err
	}
	out := event.Replicated{
		Region: ref.d.Region, ID: asUUID(shown.EventID.V), Name: shown.EventName.V, Table: ref.d.Name, Time: r.At, Precision: precision,
		Keys: shown.Dynamodb.Keys.AppendJSON(nil), SizeBytes: api.AppendInt(nil, shown.Dynamodb.SizeBytes.V),
		UserIdentity: event.Identity(shown.UserIdentity),
	}
	if !shown.Dynamodb.NewImage.IsZero() {
		out.New = shown.Dynamodb.NewImage.AppendJSON(nil)
	}
	if !shown.Dynamodb.OldImage.IsZero() {
		out.Old = shown.Dynamodb.OldImage.AppendJSON(nil)
	}
	return out.AppendJSON(make([]byte, 0, len(out.New)+len(out.Old)+512)), nil
}

// asUUID writes 32 hexadecimal digits as a UUID.
func asUUID(id string) string {
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}

// put puts a parcel into the data stream and deletes what was taken from the outbox.
func (b *parcel) put(d *delivery) error {
	if b.empty() {
		return nil
	}
	var errs []error
	if len(b.rows) > 0 {
		errs = d.engine.dataStreams.Put(d.engine.background.ctx, b.region, b.stream, b.keys, b.data)
	}
	var why error
	at := uint64(0) // the first record that is left
	batch := d.engine.store.NewBatch()
	defer batch.Discard()
	for i, sequence := range b.rows {
		if errs != nil && errs[i] != nil {
			if why == nil {
				why, at = errs[i], sequence
			}
			continue
		}
		batch.Delete(d.stream.recordKey(nil, d.shard, sequence))
	}
	for _, sequence := range b.refused {
		batch.Delete(d.stream.recordKey(nil, d.shard, sequence))
	}
	at = b.before(at)
	batch.Set(d.stream.deliveredKey(d.shard), binary.BigEndian.AppendUint64(nil, at))
	if err := d.apply(batch); err != nil {
		return errors.Join(why, err)
	}
	d.table.undelivered.Add(int64(len(b.refused)))
	if d.at = at; d.outlet != nil {
		d.outlet.delivered.Store(at)
	}
	return why
}

// apply applies a batch on the outbox, unless that is deleted meanwhile.
func (d *delivery) apply(batch kv.Batch) error {
	d.table.mu.RLock()
	defer d.table.mu.RUnlock()
	if v := d.table.current.Load(); v == nil || v.destinationOf(d.outbox) == nil {
		return nil
	}
	_, err := d.engine.store.Apply(batch, kv.NoSync) // what comes back after a crash is put once more
	return err
}

// before returns the number up to which all is delivered if a record is the first one
// that is left; 0 means that none is.
func (b *parcel) before(left uint64) uint64 {
	if left > 0 {
		return left - 1
	}
	last := uint64(0)
	for _, list := range [2][]uint64{b.rows, b.refused} {
		if n := len(list); n > 0 {
			last = max(last, list[n-1])
		}
	}
	return last
}

// DestinationFigures say how far the changes of a table are on their way to Kinesis.
type DestinationFigures struct {
	api.Namespace
	Table string
	// Oldest is the age of the oldest change that is not delivered, 0 if there is none.
	Oldest time.Duration
	// Refused is how many changes were passed over since the start.
	Refused int64
}

// DestinationFigures returns those of all tables with a Kinesis streaming destination
// that changes are delivered to.
func (e *Engine) DestinationFigures() (list []DestinationFigures) {
	now := time.Now()
	for _, t := range e.allTables() {
		v := t.current.Load()
		if v == nil || v.outbox == nil {
			continue
		}
		f := DestinationFigures{Namespace: v.id().ns, Table: v.Name, Refused: t.undelivered.Load()}
		for _, one := range v.outbox.shards {
			at, ok := e.firstUndelivered(v.outbox, one)
			if ok {
				f.Oldest = max(f.Oldest, now.Sub(at))
			}
		}
		list = append(list, f)
	}
	return list
}

// firstUndelivered returns when the oldest record of a shard was written.
func (e *Engine) firstUndelivered(s *stream, one *streamShard) (at time.Time, ok bool) {
	from := one.outlet.delivered.Load() + 1
	if s.last(one.number) < from {
		return at, false
	}
	it := e.store.Scan(kv.Range{Start: s.recordKey(nil, one.number, from), End: kv.PrefixEnd(s.shardPrefix(one.number)), Limit: 1})
	defer it.Close()
	if !it.Next() {
		return at, false
	}
	return time.UnixMilli(int64(recordSequence(it.Key()) >> 20)), true
}
