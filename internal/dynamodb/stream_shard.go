package dynamodb

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

const (
	// streamShards is the number of shards that a stream begins with, maxOpenShards
	// the number that it may have open.
	streamShards  = 4
	maxOpenShards = 64
)

// shard is a part of a stream: the records of the partition keys whose hashes
// are in a range, from its opening to its closing. One that is closed has one
// child with its range, or two with half of it each. The open shards of a stream
// cover all hashes, so the records of a key are in the order of the shards.
type shard struct {
	Number uint32    `json:"number"` // within the stream, from 1; records begin with it
	Parent uint32    `json:"parent,omitempty"`
	From   uint32    `json:"from"` // the first hash
	To     uint32    `json:"to"`   // the last
	Opened time.Time `json:"opened"`
	Start  uint64    `json:"start"` // the first sequence number that a record may have
	Closed time.Time `json:"closed,omitzero"`
	End    uint64    `json:"end,omitempty"` // the last sequence number, once it is closed

	children int // to be made of it when the descriptor is published
}

// forgotten reports whether no record of a closed shard is left to read.
func (s *shard) forgotten(now time.Time) bool {
	return !s.Closed.IsZero() && now.Sub(s.Closed) >= streamRetention
}

func (s *shard) close(last uint64, now time.Time) {
	s.Closed, s.End = now, max(last, s.Start)
}

// hashRange is a range of partition hashes, both ends included.
type hashRange struct{ from, to uint32 }

// parts cuts a range into equal parts.
func (r hashRange) parts(n int) []hashRange {
	width := (uint64(r.to) - uint64(r.from) + 1) / uint64(n)
	list := make([]hashRange, n)
	for i := range list {
		list[i] = hashRange{r.from + uint32(width*uint64(i)), r.from + uint32(width*uint64(i+1)-1)}
	}
	list[n-1].to = r.to
	return list
}

// open adds shards for the parts of a range. after is the last sequence number
// of the parent, which may be nil.
func (s *streamSettings) open(r hashRange, n int, parent *shard, now time.Time) {
	number, start, from := uint32(0), sequenceAt(now), uint32(0)
	if len(s.Shards) > 0 {
		newest := s.Shards[len(s.Shards)-1]
		number = newest.Number
		if now.Before(newest.Opened) {
			now = newest.Opened // the identifiers ascend
		}
	}
	if parent != nil {
		start, from = max(start, parent.End+1), parent.Number
	}
	for _, part := range r.parts(n) {
		number++
		s.Shards = append(s.Shards, shard{Number: number, Parent: from, From: part.from, To: part.to, Opened: now, Start: start})
	}
}

// settle brings the shards of a stream in line with what is to become of them: a
// new stream gets its first, those of a disabled one are closed, and those that
// are to have children get them. live is what runs, nil for a new stream; no
// write to it may be under way. s must not be shared yet.
func (s *streamSettings) settle(live *stream, now time.Time) {
	if len(s.Shards) == 0 {
		s.open(hashRange{0, math.MaxUint32}, streamShards, nil, s.Created)
	}
	for i := range s.Shards {
		one := &s.Shards[i]
		if !one.Closed.IsZero() || one.children == 0 && s.Disabled.IsZero() {
			continue
		}
		one.close(live.last(one.Number), now)
		if n := one.children; n > 0 && s.Disabled.IsZero() {
			one.children = 0
			closed := *one // one moves when shards are added
			s.open(hashRange{closed.From, closed.To}, n, &closed, now)
		}
	}
}

// settleStreams settles the streams of a new descriptor. Those that were
// disabled before have no open shard any more.
func (d *descriptor) settleStreams(before *view, now time.Time) {
	for _, s := range d.outboxes() {
		s.settle(before.streamRunning(s), now)
	}
	var live *stream
	if before != nil {
		live = before.stream
	}
	for i := range d.OldStreams {
		if s := &d.OldStreams[i]; live != nil && s.ID == live.id {
			s.settle(live, now)
		}
	}
	if d.Stream == nil {
		return
	}
	if live != nil && live.id != d.Stream.ID {
		live = nil
	}
	d.Stream.settle(live, now)
}

// disableStream turns the stream off: it stays readable.
func (d *descriptor) disableStream(now time.Time) {
	if d.Stream == nil {
		return
	}
	off := *d.Stream
	off.Disabled = now
	d.Stream, d.OldStreams = nil, append(d.OldStreams, off)
}

// clone returns a copy that can be settled.
func (s *streamSettings) clone() *streamSettings {
	if s == nil {
		return nil
	}
	c := *s
	c.Shards = slices.Clone(s.Shards)
	return &c
}

// shardID is the identifier of a shard: when it was opened, then its number over
// that of its stream. Identifiers sort in the order of the shards, as some
// consumers expect.
func (s *streamSettings) shardID(one *shard) string {
	return fmt.Sprintf("shardId-%020d-%08x", one.Opened.UnixMilli(), one.Number<<16|uint32(uint16(s.ID)))
}

// shardNamed returns the shard of an identifier.
func (s *streamSettings) shardNamed(id string, now time.Time) (*shard, error) {
	for i := range s.Shards {
		if one := &s.Shards[i]; !one.forgotten(now) && s.shardID(one) == id {
			return one, nil
		}
	}
	return nil, errNoShard()
}

// shardNumbered returns the shard of a number, or nil.
func (s *streamSettings) shardNumbered(number uint32) *shard {
	for i := range s.Shards {
		if s.Shards[i].Number == number {
			return &s.Shards[i]
		}
	}
	return nil
}

func errNoShard() *api.Error {
	return api.Errorf(streams.CodeResourceNotFoundException, "Requested resource not found: Shard does not exist")
}
