package sqs

import (
	"encoding/binary"
	"errors"
)

// errRow: a row of the store does not read as this package writes it.
var errRow = errors.New("sqs: damaged row")

// entry is all that memory holds of a message that waits and was never received.
type entry struct {
	seq  uint64
	sent int64 // unix milliseconds; never less than that of an entry sent before
}

// message is what memory holds of a message that was received at least once and
// not deleted, and of one that came to a standard queue out of the order of
// sending. The fields are guarded by the lock of its queue.
type message struct {
	entry
	group    *group   // nil on a standard queue
	after    *message // the next one that came back to its group
	tenant   *tenant  // nil on a FIFO queue, and without a message group
	inFlight bool
	receives uint32
	returned uint32 // receives that do not count: their consumer has not come to it
	// visibleAt is the end of the visibility timeout in unix milliseconds. It is
	// 0 for a message that a consumer gave back before.
	visibleAt int64
	received  int64 // the last receive, unix milliseconds
	first     int64 // the first receive, unix milliseconds
	due       int64 // when the queue must look at it again, unix milliseconds

	// place is where it stands among the visible messages of a standard queue.
	place  place
	dueAt  int // place in queue.due; -1: none
	turnAt int // place in backlog.late; -1: none
}

func newMessage(e entry, g *group) *message {
	return &message{entry: e, group: g, place: place{seq: e.seq}, dueAt: -1, turnAt: -1}
}

// place orders the visible messages of a standard queue. That of a message is its
// own sequence number, and that of one which was sent to the back the last number
// that had been given by then, and how many went there before.
type place struct{ seq, lap uint64 }

func (p place) before(o place) bool { return p.seq < o.seq || p.seq == o.seq && p.lap < o.lap }

// counted is how many receives count.
func (m *message) counted() uint32 { return m.receives - m.returned }

// state is what the store holds of a message beside its content.
type state struct {
	sent      int64
	visibleAt int64 // end of the delay or of the visibility timeout; 0: none
	receives  uint32
	returned  uint32 // of the receives
	first     int64
	received  int64
	group     string
}

// append appends the bytes of the row.
func (s *state) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.sent))
	dst = binary.AppendUvarint(dst, uint64(s.visibleAt))
	dst = binary.AppendUvarint(dst, uint64(s.returned)<<32|uint64(s.receives))
	if s.receives > 0 {
		dst = binary.AppendUvarint(dst, uint64(s.first))
		dst = binary.AppendUvarint(dst, uint64(s.received))
	}
	return append(dst, s.group...)
}

// readState reads the bytes of a row. The group shares no memory with b.
func readState(b []byte) (s state, err error) {
	r := reader{data: b}
	s.sent = int64(r.uvarint())
	s.visibleAt = int64(r.uvarint())
	counts := r.uvarint()
	s.receives, s.returned = uint32(counts), uint32(counts>>32)
	if s.receives > 0 {
		s.first = int64(r.uvarint())
		s.received = int64(r.uvarint())
	}
	if r.bad || s.sent < 0 || s.visibleAt < 0 {
		return state{}, errRow
	}
	s.group = string(r.data)
	return s, nil
}

// state returns the row of m.
func (m *message) state() state {
	s := state{sent: m.sent, visibleAt: m.visibleAt, receives: m.receives, returned: m.returned, first: m.first, received: m.received}
	switch {
	case m.group != nil:
		s.group = m.group.name
	case m.tenant != nil:
		s.group = m.tenant.name
	}
	return s
}

// reader reads the parts of a row. After the first part that is not there all
// reads return zero values and bad is set.
type reader struct {
	data []byte
	copy string // of all of data, for text and rest
	bad  bool
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.fail()
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// text reads a length and that many bytes.
func (r *reader) text() string {
	n := len(r.bytes(r.uvarint()))
	at := len(r.copy) - len(r.data)
	return r.copy[at-n : at]
}

// rest returns what was not read yet.
func (r *reader) rest() string { return r.copy[len(r.copy)-len(r.data):] }

func (r *reader) fail() { r.bad, r.data = true, nil }

func appendText[T string | []byte](dst []byte, s T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
