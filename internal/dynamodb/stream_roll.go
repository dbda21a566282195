package dynamodb

import (
	"time"
)

const (
	// rollInterval is how often the shards of streams are looked at.
	rollInterval = time.Minute

	// defaultShardLife is about how long the service keeps a shard open.
	defaultShardLife = 4 * time.Hour
	// defaultShardRate is that of the partition of a table.
	defaultShardRate = partitionWrites
)

// rollStreams closes shards and opens their children until the engine is
// closed. A shard that is old gets one child; one that was given too many
// records since the last look gets two.
func (e *Engine) rollStreams() {
	tick := time.NewTicker(rollInterval)
	defer tick.Stop()
	for {
		select {
		case <-e.background.ctx.Done():
			return
		case now := <-tick.C:
			for _, t := range e.allTables() {
				if err := e.rollStream(t, now); err != nil {
					e.log.Error("dynamodb: roll over a stream", "table", t.id, "error", err)
				}
			}
		}
	}
}

// allTables returns the tables that there are.
func (e *Engine) allTables() []*table {
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	list := make([]*table, 0, len(e.catalog.tables))
	for _, t := range e.catalog.tables {
		list = append(list, t)
	}
	return list
}

// rollStream is one look at the shards of a table's stream.
func (e *Engine) rollStream(t *table, now time.Time) error {
	v := t.current.Load()
	if v == nil || v.stream == nil {
		return nil
	}
	children := e.shardsToRoll(v, now)
	if len(children) == 0 {
		return nil
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	after := t.current.Load()
	if after == nil || after.stream == nil || after.stream.id != v.stream.id {
		return nil
	}
	next := after.clone()
	for i := range next.Stream.Shards {
		s := &next.Stream.Shards[i]
		s.children = children[s.Number]
	}
	_, err := e.publish(t, next, nil, nil)
	return err
}

// shardsToRoll returns the number of children for each shard that is to have
// some, by its number.
func (e *Engine) shardsToRoll(v *view, now time.Time) map[uint32]int {
	children := map[uint32]int{}
	open := len(v.stream.shards)
	for _, s := range v.stream.shards {
		switch hot := s.isHot(uint64(e.shardRate) * uint64(rollInterval/time.Second)); {
		case hot && open < maxOpenShards:
			children[s.number] = 2
			open++
		case now.Sub(s.opened) >= e.shardLife:
			children[s.number] = 1
		}
	}
	return children
}

// What a partition takes a second (Developer Guide, "Best practices for designing
// and using partition keys").
const (
	partitionReads  = 3000
	partitionWrites = 1000
)

// splitStream gives two children each to as many open shards of the stream as a
// provisioned throughput needs, which the service adds partitions for.
func (d *descriptor) splitStream() {
	if d.Stream == nil || d.OnDemand {
		return
	}
	open := int64(0)
	for i := range d.Stream.Shards {
		if d.Stream.Shards[i].Closed.IsZero() {
			open++
		}
	}
	need := min(maxOpenShards, max((d.Throughput.Read+partitionReads-1)/partitionReads, (d.Throughput.Write+partitionWrites-1)/partitionWrites))
	for i := range d.Stream.Shards {
		if s := &d.Stream.Shards[i]; open < need && s.Closed.IsZero() && s.To > s.From {
			s.children = 2
			open++
		}
	}
}

// isHot reports whether a shard was given at least limit records since the last
// call, and would be relieved by a split: not if it is all one key's doing.
func (s *streamShard) isHot(limit uint64) bool {
	s.mu.Lock()
	low, high := s.written[0], s.written[1]
	s.written = [2]uint64{}
	s.mu.Unlock()
	return s.to > s.from && low+high >= limit && min(low, high) >= (low+high)/10
}
