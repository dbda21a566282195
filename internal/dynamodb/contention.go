package dynamodb

import (
	"sync"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// contention is the items of global tables with strong consistency that are being
// written, and in which region. A write of one of them in another region meanwhile is
// refused, as in the service; one in the same region waits for its latches (Developer
// Guide, "How global tables work").
type contention struct {
	mu sync.Mutex
	of map[uint64]contender // by the hash of an item, whatever the replica; guarded by mu
}

// contender is the region that an item is written in, by how many requests.
type contender struct {
	region string
	count  int
}

// begin takes the items of writes that have mirrors, all or none of them.
func (c *contention) begin(writes []*write) (items []uint64, err error) {
	for _, w := range writes {
		if len(w.mirrors) > 0 {
			items = append(items, w.everywhere())
		}
	}
	if items == nil {
		return nil, nil
	}
	region := writes[0].v.Region
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, item := range items {
		if other, ok := c.of[item]; ok && other.region != region {
			return nil, api.Errorf(ddb.CodeReplicatedWriteConflictException, "The request was rejected because one or more items in the request are being modified by a request in another Region.")
		}
	}
	if c.of == nil {
		c.of = map[uint64]contender{}
	}
	for _, item := range items {
		c.of[item] = contender{region, c.of[item].count + 1}
	}
	return items, nil
}

// end gives items back.
func (c *contention) end(items []uint64) {
	if items == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, item := range items {
		if one := c.of[item]; one.count > 1 {
			c.of[item] = contender{one.region, one.count - 1}
		} else {
			delete(c.of, item)
		}
	}
}

// everywhere is the same for an item in all replicas of a table.
func (w *write) everywhere() uint64 {
	first := w.v.ID
	for _, m := range w.mirrors {
		first = min(first, m.table.id)
	}
	return hashOf(joined(itemPrefix(first), w.row[len(w.v.prefix):]))
}
