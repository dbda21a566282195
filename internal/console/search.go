package console

import (
	"net/url"
	"time"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

const (
	// searchTime is how long a page looks for items that pass a filter. A request that
	// has begun is waited for: it reads maxSearch items, or a megabyte, at most.
	searchTime = 100 * time.Millisecond
	// maxSearch is how many items one request of a search reads.
	maxSearch = 2000
)

// itemPage is one page of a query or a scan.
type itemPage struct {
	items   []attr.Map
	scanned int64
	last    attr.Map // after which the next page begins, nil on the last page
}

// items reads one page of what a form asks for. Without a filter that is one request.
// With one, as it may let little through, it is requests for more and more items until
// the page is full or its time is over.
func (v *visit) items(t *described, index indexed, form url.Values) (p itemPage, err error) {
	s, err := newSelection(t, index, form)
	if err != nil {
		return p, err
	}
	end := time.Now().Add(searchTime)
	for limit := int64(pageItems); ; limit = min(4*limit, maxSearch) {
		if err := v.read(&p, &s, limit); err != nil {
			return p, err
		}
		if len(p.items) >= pageItems || p.last == nil || s.filter == "" || time.Now().After(end) {
			break
		}
		s.start = p.last
	}
	if len(p.items) > pageItems {
		p.items = p.items[:pageItems]
		p.last = t.startAfter(index, p.items[pageItems-1])
	}
	return p, nil
}

// read adds what one request finds to a page.
func (v *visit) read(p *itemPage, s *selection, limit int64) error {
	var items []attr.Item
	if s.key == "" {
		out, err := call[*ddb.ScanOutput](v, ddb.Target, "Scan", s.scan(limit))
		if err != nil {
			return err
		}
		items, p.last = out.Items, out.LastEvaluatedKey
		p.scanned += out.ScannedCount.V
	} else {
		out, err := call[*ddb.QueryOutput](v, ddb.Target, "Query", s.query(limit))
		if err != nil {
			return err
		}
		items, p.last = out.Items, out.LastEvaluatedKey
		p.scanned += out.ScannedCount.V
	}
	for _, it := range items {
		m, err := it.Map()
		if err != nil {
			return err
		}
		p.items = append(p.items, m)
	}
	return nil
}

// startAfter returns the place after an item: its key, and that of the index.
func (t *described) startAfter(index indexed, item attr.Map) attr.Map {
	key := t.keyOf(item)
	for _, name := range []string{index.Hash, index.Sort} {
		if v, ok := item.Get(name); ok {
			key = key.With(name, v)
		}
	}
	return key
}
