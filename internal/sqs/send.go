package sqs

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// sequenceBlock is how many sequence numbers are reserved at once. After a
// restart at most so many are never used.
const sequenceBlock = 1 << 16

// sequenceBase makes every sequence number one of 20 digits.
const sequenceBase = 10_000_000_000_000_000_000

// sent says which message a send became, or which one it repeats.
type sent struct {
	id  [16]byte
	seq uint64
}

func (s sent) sequenceNumber() string { return strconv.FormatUint(sequenceBase+s.seq, 10) }

// prepareSend prepares to send a message.
func (q *queue) prepareSend(c *change, d *draft, now int64) (sent, error) {
	if q.fifo {
		if old, ok, err := q.repeated(c, d.key); ok || err != nil {
			q.counters.repeated.Add(1)
			return old, err
		}
	}
	s := sent{id: d.content.id, seq: q.allocate(c)}
	st := state{sent: q.stamp(now), group: d.content.group}
	if q.fifo {
		q.prepareDedup(c, dedupRow{seq: s.seq, sent: st.sent, key: d.key}, s)
	} else if delay := q.delay(d); delay > 0 {
		st.visibleAt = now + delay
	}
	q.setState(c.batch, s.seq, st)
	c.batch.Set(q.row(kindContent, s.seq), d.bytes)
	c.then(func() {
		q.line.add(entry{s.seq, st.sent}, st.group, st.visibleAt, now)
		q.counters.sent.Add(1)
		q.counters.bytes.Add(uint64(d.size))
	})
	return s, nil
}

// delay is the delay of a standard queue's message in milliseconds.
func (q *queue) delay(d *draft) int64 {
	if d.delay.OK {
		return 1000 * d.delay.V
	}
	return q.settings.Load().delay
}

// repeated returns the message that was sent with a deduplication id in the last
// five minutes, or is being sent in the same change.
func (q *queue) repeated(c *change, key dedupKey) (old sent, ok bool, err error) {
	for i := range c.sent {
		if c.sent[i].queue == q && c.sent[i].key == key {
			return c.sent[i].sent, true, nil
		}
	}
	seq, ok := q.dedup.seqs[key]
	if !ok {
		return sent{}, false, nil
	}
	id, err := q.acceptedID(seq)
	return sent{id: id, seq: seq}, true, err
}

func (q *queue) prepareDedup(c *change, r dedupRow, s sent) {
	q.val = appendDedup(q.val[:0], r, s.id)
	c.batch.Set(q.row(kindDedup, r.seq), q.val)
	c.sent = append(c.sent, stagedSend{q, r.key, s})
	c.then(func() { q.dedup.add(r) })
}

// allocate returns the next sequence number. Numbers of a change that is not
// applied are lost.
func (q *queue) allocate(c *change) uint64 {
	seq := q.nextSeq
	q.nextSeq++
	if seq >= q.reserved {
		end := seq + sequenceBlock
		c.batch.Set(appendQueue(nil, kindSequence, q.id), binary.BigEndian.AppendUint64(nil, end))
		c.then(func() { q.reserved = max(q.reserved, end) })
	}
	return seq
}

// result is the answer for a message that was sent.
func (d *draft) result(id api.Opt[string], q *queue, s sent) model.SendMessageBatchResultEntry {
	out := model.SendMessageBatchResultEntry{
		Id:               id,
		MessageId:        api.Some(textID(s.id)),
		MD5OfMessageBody: api.Some(hex.EncodeToString(d.content.md5[:])),
	}
	if d.attributesMD5 != "" {
		out.MD5OfMessageAttributes = api.Some(d.attributesMD5)
	}
	if d.systemMD5 != "" {
		out.MD5OfMessageSystemAttributes = api.Some(d.systemMD5)
	}
	if q.fifo {
		out.SequenceNumber = api.Some(s.sequenceNumber())
	}
	return out
}
