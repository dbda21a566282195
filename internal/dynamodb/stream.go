package dynamodb

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// stream is the change stream of a table while it is enabled.
type stream struct {
	id     uint64
	view   string
	prefix []byte
	shards []*streamShard // that are open, by their ranges, which cover all hashes
}

// streamShard hands out the sequence numbers of an open shard. Its mutex is held
// from the choice of a number to the end of Apply, so that records become visible
// in the order of their numbers and a reader never steps over one.
type streamShard struct {
	stream uint64
	number uint32
	from   uint32
	to     uint32
	opened time.Time

	mu sync.Mutex
	// last is the newest sequence number, commit what wrote it (nil after a
	// restart). Guarded by mu.
	last   uint64
	commit kv.Commit
	// outlet is nil unless the shard is one of an outbox.
	outlet *outlet
	// written are the records since the last look for hot shards, of the lower
	// and of the upper half of the range. Guarded by mu.
	written [2]uint64
}

// openStream makes the runtime of a stream. Of its open shards it takes over
// those that ran before; before is nil when the store is opened, and where a
// shard stopped is then found in the store.
func (e *Engine) openStream(s *streamSettings, before *stream, fresh bool) (*stream, error) {
	st := &stream{id: s.ID, view: s.View, prefix: streamPrefix(s.ID)}
	for i := range s.Shards {
		one := &s.Shards[i]
		if !one.Closed.IsZero() {
			continue
		}
		running := before.numbered(one.Number)
		if running == nil {
			running = &streamShard{stream: s.ID, number: one.Number, from: one.From, to: one.To, opened: one.Opened, last: one.Start - 1}
			if !fresh {
				last, err := e.lastRecord(st, one.Number)
				if err != nil {
					return nil, err
				}
				running.last = max(running.last, last)
			}
		}
		st.shards = append(st.shards, running)
	}
	slices.SortFunc(st.shards, func(a, b *streamShard) int { return cmp.Compare(a.from, b.from) })
	return st, nil
}

// lastRecord returns the last sequence number that a shard has stored, or has
// delivered (outboxes), or 0.
func (e *Engine) lastRecord(st *stream, number uint32) (last uint64, err error) {
	r := kv.PrefixRange(st.shardPrefix(number))
	r.Reverse, r.Limit = true, 1
	it := e.store.Scan(r)
	if it.Next() {
		if last = recordSequence(it.Key()); last == 0 {
			last = deliveredIn(it.Value())
		}
	}
	return last, errors.Join(it.Err(), it.Close())
}

// numbered returns the open shard of a number, or nil.
func (s *stream) numbered(number uint32) *streamShard {
	if s != nil {
		for _, one := range s.shards {
			if one.number == number {
				return one
			}
		}
	}
	return nil
}

// shardOf returns the shard of a partition hash.
func (s *stream) shardOf(hash uint32) *streamShard {
	i, _ := slices.BinarySearchFunc(s.shards, hash, func(one *streamShard, hash uint32) int { return cmp.Compare(one.to, hash) })
	return s.shards[i]
}

// last returns the newest sequence number of an open shard.
func (s *stream) last(number uint32) uint64 {
	one := s.numbered(number)
	if one == nil {
		return 0
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.last
}

// shardPrefix begins every record of a shard.
func (s *stream) shardPrefix(number uint32) []byte {
	return binary.BigEndian.AppendUint32(s.prefix[:len(s.prefix):len(s.prefix)], number)
}

// recordKey is the key of a record.
func (s *stream) recordKey(dst []byte, shard uint32, sequence uint64) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, s.prefix...), shard)
	return binary.BigEndian.AppendUint64(dst, sequence)
}

// recordSequence returns the sequence number in a record's key.
func recordSequence(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

// sequenceAt is the first sequence number that a record written at t may have.
// Numbers grow with time so that retention is one range of keys.
func sequenceAt(t time.Time) uint64 { return uint64(max(0, t.UnixMilli())) << 20 }

// next takes the next sequence number. The shard's mutex must be held.
func (s *streamShard) next(now time.Time) uint64 {
	s.last = max(s.last+1, sequenceAt(now))
	return s.last
}

// count counts a record of a partition hash. The shard's mutex must be held.
func (s *streamShard) count(hash uint32) {
	half := 0
	if hash-s.from > (s.to-s.from)/2 {
		half = 1
	}
	s.written[half]++
}

// streamRecord is one change of an item.
type streamRecord struct {
	Event    recordEvent
	At       time.Time
	Expired  bool // deleted by time to live, not by a caller
	Exact    bool // the time is kept in microseconds, not in milliseconds
	Keys     attr.Map
	Old, New []byte // encoded images, nil where the view has none
}

type recordEvent byte

const (
	recordInsert recordEvent = 1
	recordModify recordEvent = 2
	recordRemove recordEvent = 3
)

// recordVersion is the first byte of a stored record.
const recordVersion = 1

// Flags of a stored record.
const (
	recordExpired byte = 1 << iota
	recordExact
)

// appendRecord appends the stored form of a record: version, event, flags, time,
// then keys and images, each with its length (0: none).
func appendRecord(dst []byte, r *streamRecord) []byte {
	flags, at := byte(0), r.At.UnixMilli()
	if r.Expired {
		flags |= recordExpired
	}
	if r.Exact {
		flags, at = flags|recordExact, r.At.UnixMicro()
	}
	dst = append(dst, recordVersion, byte(r.Event), flags)
	dst = binary.AppendUvarint(dst, uint64(at))
	dst = appendSized(dst, attr.AppendMap(nil, r.Keys))
	dst = appendSized(dst, r.Old)
	return appendSized(dst, r.New)
}

func appendSized(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// errRecord: a stored record is not what appendRecord writes.
var errRecord = errors.New("dynamodb: damaged stream record")

// decodeRecord reads the stored form. Images alias b.
func decodeRecord(b []byte) (*streamRecord, error) {
	if len(b) < 3 || b[0] != recordVersion {
		return nil, errRecord
	}
	r := &streamRecord{Event: recordEvent(b[1]), Expired: b[2]&recordExpired != 0, Exact: b[2]&recordExact != 0}
	at, n := binary.Uvarint(b[3:])
	if n <= 0 {
		return nil, errRecord
	}
	if r.At = time.UnixMilli(int64(at)); r.Exact {
		r.At = time.UnixMicro(int64(at))
	}
	var part [3][]byte
	rest := b[3+n:]
	for i := range part {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return nil, errRecord
		}
		part[i], rest = rest[n:n+int(size)], rest[n+int(size):]
	}
	var err error
	r.Keys, err = attr.DecodeMap(part[0])
	r.Old, r.New = part[1], part[2]
	return r, err
}
