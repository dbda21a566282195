package dynamodb

import (
	"encoding/binary"
	"errors"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// streamShards is the number of shards of a stream. A record goes to the shard
// of its partition key's hash, so the records of a key are in order.
const streamShards = 4

// shardBits of the partition hash choose the shard.
const shardShift = 30

// stream is the change stream of a table while it is enabled.
type stream struct {
	id     uint64
	view   string
	prefix []byte
	shard  [streamShards]streamShard
}

// streamShard hands out sequence numbers. Its mutex is held from the choice of
// a number to the end of Apply, so that records become visible in the order of
// their numbers and a reader never steps over one.
type streamShard struct {
	mu sync.Mutex
	// last is the newest sequence number, commit what wrote it (nil after a
	// restart). Guarded by mu.
	last   uint64
	commit kv.Commit
}

// openStream makes the runtime of a stream and finds where it stopped.
func (e *Engine) openStream(s *streamSettings) (*stream, error) {
	st := &stream{id: s.ID, view: s.View, prefix: streamPrefix(s.ID)}
	for i := range st.shard {
		r := kv.PrefixRange(st.shardPrefix(i))
		r.Reverse, r.Limit = true, 1
		it := e.store.Scan(r)
		if it.Next() {
			st.shard[i].last = recordSequence(it.Key())
		}
		if err := errors.Join(it.Err(), it.Close()); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// shardPrefix begins every record of a shard.
func (s *stream) shardPrefix(i int) []byte {
	return append(s.prefix[:len(s.prefix):len(s.prefix)], byte(i))
}

// recordKey is the key of a record.
func (s *stream) recordKey(dst []byte, shard int, sequence uint64) []byte {
	dst = append(append(dst, s.prefix...), byte(shard))
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

// streamRecord is one change of an item.
type streamRecord struct {
	Event    recordEvent
	At       time.Time
	Expired  bool // deleted by time to live, not by a caller
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

// appendRecord appends the stored form of a record: version, event, flags, time
// in milliseconds, then keys and images, each with its length (0: none).
func appendRecord(dst []byte, r *streamRecord) []byte {
	flags := byte(0)
	if r.Expired {
		flags = 1
	}
	dst = append(dst, recordVersion, byte(r.Event), flags)
	dst = binary.AppendUvarint(dst, uint64(r.At.UnixMilli()))
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
	r := &streamRecord{Event: recordEvent(b[1]), Expired: b[2]&1 != 0}
	ms, n := binary.Uvarint(b[3:])
	if n <= 0 {
		return nil, errRecord
	}
	r.At = time.UnixMilli(int64(ms))
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
