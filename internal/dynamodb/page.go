package dynamodb

import (
	"context"
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/turn"
)

// maxPageSize is how many bytes of items, as the service counts them, a Query or
// Scan reads at most, filters notwithstanding; the item that reaches the limit
// is the last of its page (Developer Guide, "Paginating table query results").
const maxPageSize = 1 << 20

// longPageSize is how many bytes of items a page may read without a turn: some tens
// of microseconds.
const longPageSize = 32 << 10

// page is what one Query or Scan reads. The first block is the request's, the
// second is filled by read.
type page struct {
	source
	filter     *expr.Condition
	projection *expr.Projection
	limit      int64 // of items to evaluate; 0 for none
	count      bool  // only count
	consistent bool
	fetch      bool // read the table's item for each entry of a local index

	items            []attr.Item
	scanned, matched int64
	size             int     // of the rows read
	fetchedSize      int     // of the table's items read besides, in blocks
	fetchedUnits     float64 // their cost: each is rounded up on its own
	last             attr.Map
	room             []byte // where stored items are kept
	scratch          []byte
	decoded          attr.Map // of the item that is looked at
}

// newPage returns the page of a request whose expressions fit its source.
func newPage(s source, p *parsed, selected api.Opt[string], limit api.Opt[int64], consistent bool) *page {
	pg := &page{source: s, filter: p.filter, projection: p.projection, limit: limit.V, consistent: consistent}
	pg.count = selected.V == ddb.SelectCount
	pg.fetch = s.fetches(selected, p)
	if !pg.count {
		pg.items = []attr.Item{}
	}
	return pg
}

// fill reads the page from a range of rows. Of a consistent read, what it
// returns is durable.
func (e *Engine) fill(ctx context.Context, p *page, r kv.Range) error {
	var from kv.Reader = e.store
	if p.fetch {
		// An entry and its item must be of the same moment.
		snapshot := e.store.Snapshot()
		defer snapshot.Close()
		from = snapshot
	}
	r.Limit = int(min(p.limit, 1<<16))
	if err := p.read(ctx, from, r); err != nil {
		return err
	}
	if err := p.admit(r, capacity.ReadUnits(p.size, p.consistent), p.fetchedUnits); err != nil {
		return err
	}
	if p.consistent {
		return e.settled()
	}
	return nil
}

// settled waits until everything that was visible when it was called is durable.
func (e *Engine) settled() error {
	barrier, err := e.store.Apply(e.store.NewBatch(), kv.Sync)
	if err != nil {
		return err
	}
	return barrier.Wait()
}

func (p *page) read(ctx context.Context, from kv.Reader, r kv.Range) (err error) {
	it := from.Scan(r)
	defer it.Close()
	var long *turn.Turn // once it is a long page
	defer func() {
		if long != nil {
			long.Give()
		}
	}()
	for it.Next() {
		if p.scanned%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if long != nil {
			long.Pause()
		} else if p.size+p.fetchedSize >= longPageSize {
			if long, err = turn.Take(ctx); err != nil {
				return err
			}
			p.expect()
		}
		raw := it.Value()
		if err := p.evaluate(from, raw); err != nil {
			return err
		}
		if p.full() {
			p.last, err = p.placeOf(raw)
			return err
		}
	}
	return it.Err()
}

// full reports whether the page ends with the row evaluated last. The service
// does not look whether there are more.
func (p *page) full() bool {
	size := p.size
	if p.fetch {
		size = inBlocks(size) + p.fetchedSize
	}
	return p.scanned == p.limit || size >= maxPageSize
}

// inBlocks rounds up a size to the 4 KB in which what is fetched counts: all entries of
// the index together, and each item of the table (Developer Guide, "Read capacity
// units" of local secondary indexes).
func inBlocks(size int) int { return (size + 4<<10 - 1) &^ (4<<10 - 1) }

// evaluate takes one stored row into the page.
func (p *page) evaluate(from kv.Reader, raw []byte) error {
	size, err := attr.SizeEncoded(raw)
	if err != nil {
		return err
	}
	p.scanned++
	p.size += size
	if p.fetch {
		if raw, err = p.base(from, raw); err != nil {
			return err
		}
	}
	if p.count && p.filter == nil {
		p.matched++
		return nil
	}
	kept := p.keep(raw)
	if p.filter != nil || p.projection != nil {
		if p.decoded, err = attr.DecodeShared(p.decoded, kept); err != nil {
			return err
		}
	}
	if p.filter != nil && !p.filter.Eval(p.decoded) {
		p.drop(kept)
		return nil
	}
	p.matched++
	switch {
	case p.count:
		p.drop(kept)
	case p.projection != nil:
		p.items = append(p.items, attr.ItemOf(p.projection.Apply(p.decoded)))
	default:
		p.items = append(p.items, attr.EncodedItem(kept))
	}
	return nil
}

// expect makes room for the items that will come if they go on as they have begun.
func (p *page) expect() {
	n := len(p.items)
	most := n*maxPageSize/(p.size+p.fetchedSize) + n // and a little more
	if p.limit > 0 {
		most = min(most, int(p.limit))
	}
	p.items = slices.Grow(p.items, max(0, most-n))
}

// base returns the table's item of an index entry; it is valid until the next
// call.
func (p *page) base(from kv.Reader, entry []byte) ([]byte, error) {
	place, err := p.placeOf(entry)
	if err != nil {
		return nil, err
	}
	raw, ok, err := from.Get(p.v.row(place), p.scratch[:0])
	if err != nil {
		return nil, err
	}
	if !ok {
		return entry, nil // no snapshot shows an entry without its item
	}
	p.scratch = raw
	size, err := attr.SizeEncoded(raw)
	p.fetchedSize += inBlocks(size)
	p.fetchedUnits += capacity.ReadUnits(size, p.consistent)
	return raw, err
}

// keep copies a stored item that the iterator owns. Items share a few larger
// blocks.
func (p *page) keep(raw []byte) []byte {
	if cap(p.room)-len(p.room) < len(raw) {
		block := min(max(1<<10, 2*cap(p.room)), 64<<10)
		p.room = make([]byte, 0, max(block, len(raw)))
	}
	start := len(p.room)
	p.room = append(p.room, raw...)
	return p.room[start:len(p.room):len(p.room)]
}

// drop takes back what keep has copied last.
func (p *page) drop(kept []byte) { p.room = p.room[:len(p.room)-len(kept)] }

// output returns the answer; Query and Scan have the same.
func (p *page) output(table string, mode api.Opt[string]) ddb.QueryOutput {
	out := ddb.QueryOutput{
		Items:            p.items,
		Count:            api.Some(p.matched),
		ScannedCount:     api.Some(p.scanned),
		LastEvaluatedKey: p.last,
	}
	if mode.V == "" || mode.V == ddb.ReturnConsumedCapacityNone {
		return out
	}
	out.ConsumedCapacity = p.used(table, capacity.ReadUnits(p.size, p.consistent)).report(mode)
	return out
}

// used returns what the page cost, given the units of the rows that were read.
func (p *page) used(table string, units float64) *usage {
	u := &usage{name: table, table: p.fetchedUnits}
	if p.x != nil {
		u.addIndex(p.x, units)
	} else {
		u.table += units
	}
	return u
}
