package sqs

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// Whereabouts say whether a message can be received, and if not why.
type Whereabouts uint8

// The whereabouts of a message.
const (
	Waiting  Whereabouts = iota // it can be received
	Delayed                     // its delay, or that of the queue, has not ended
	InFlight                    // a consumer has it
	Blocked                     // a consumer has a message of its group, on a FIFO queue
	Outside                     // it is not among the first messages of a FIFO queue
	Yielding                    // its group is noisy, on a standard queue: others come first
)

// Peeked is a message as it lies in its queue.
type Peeked struct {
	Seq         uint64 // its place in the order of sending
	ID          string
	Body        string
	Group       string
	Dedup       string
	Source      string // ARN of the queue whose dead letter it is
	Attributes  []string
	Sent, First time.Time // First is zero before the first receive
	Receives    int       // over all queues
	Whereabouts Whereabouts
	Until       time.Time // of a delay, or of the visibility timeout; zero for none
}

// PeekedGroup is a message group with messages.
type PeekedGroup struct {
	Name               string
	Messages, InFlight int
	Closed             bool // of a FIFO queue: none is handed out now
	Noisy              bool // of a standard queue: others come first
}

// maxPeek is how many messages are peeked at at once, as the queue is locked
// meanwhile.
const maxPeek = 100

// Peek returns the messages of a queue after a place in the order of sending, limit
// at most, in whatever state they are. It changes nothing about them.
func (e *Engine) Peek(ns api.Namespace, name string, after uint64, limit int) (list []Peeked, err error) {
	q := e.find(arn{ns, name})
	if q == nil {
		return nil, errNoQueue()
	}
	now, err := q.lock()
	if err != nil {
		return nil, err
	}
	done := false
	defer abandon(&done, q)
	list, err = q.peek(after, min(limit, maxPeek), now)
	done = true
	q.unlock()
	return list, err
}

func (q *queue) peek(after uint64, limit int, now int64) (list []Peeked, err error) {
	retention := q.settings.Load().retention
	rows := kv.PrefixRange(appendQueue(nil, kindMessage, q.id))
	if after > 0 {
		rows.Start = appendRow(nil, kindMessage, q.id, after+1)
	}
	it := q.engine.store.Scan(rows)
	defer func() { _ = it.Close() }()
	for len(list) < limit && it.Next() {
		s, err := readState(it.Value())
		if err != nil {
			return nil, fmt.Errorf("sqs: read queue %s: %w", q.arn, err)
		}
		if s.sent+retention <= now {
			continue // expired, and not swept yet
		}
		p, err := q.peekAt(seqOf(it.Key()), &s, now)
		if err != nil {
			return nil, fmt.Errorf("sqs: read queue %s: %w", q.arn, err)
		}
		list = append(list, p)
	}
	return list, it.Err()
}

// peekAt tells of one message.
func (q *queue) peekAt(seq uint64, s *state, now int64) (p Peeked, err error) {
	row, ok, err := q.engine.store.Get(appendRow(nil, kindContent, q.id, seq), nil)
	if err != nil || !ok {
		return p, cmp.Or(err, errRow)
	}
	c, err := readContent(row)
	if err != nil {
		return p, err
	}
	p = Peeked{
		Seq: seq, ID: textID(c.id), Body: c.body, Group: c.group, Dedup: c.dedup, Source: c.deadSource,
		Sent: time.UnixMilli(s.sent),
	}
	for i := range c.attributes {
		p.Attributes = append(p.Attributes, c.attributes[i].Key)
	}
	if receives, first := c.received(s.receives-s.returned, s.first); receives > 0 {
		p.Receives, p.First = int(receives), time.UnixMilli(first)
	}
	where, until := q.whereabouts(entry{seq, s.sent}, s, now)
	if p.Whereabouts = where; until > 0 {
		p.Until = time.UnixMilli(until)
	}
	return p, nil
}

// whereabouts says where a message is, and until when if that is known.
func (q *queue) whereabouts(e entry, s *state, now int64) (w Whereabouts, until int64) {
	m := q.known[e.seq]
	if m != nil && m.inFlight {
		return InFlight, m.visibleAt
	}
	switch l := q.line.(type) {
	case *standard:
		if m == nil && s.visibleAt > now {
			return Delayed, s.visibleAt
		}
		if t := l.tenants.byName[s.group]; t != nil && t.noisy(&l.load, now) {
			return Yielding, 0
		}
	case *fifo:
		switch g := l.groups[s.group]; {
		case m == nil && l.delayed(e, now):
			return Delayed, e.sent + l.delay
		case l.window.outside.len() > 0 && e.seq >= l.window.outside.front().seq:
			return Outside, 0
		case g != nil && g.flying > 0:
			return Blocked, 0
		}
	}
	return Waiting, 0
}

// PeekGroups returns the message groups of a queue that have the most messages,
// limit at most, and how many groups there are.
func (e *Engine) PeekGroups(ns api.Namespace, name string, limit int) (list []PeekedGroup, groups int, err error) {
	q := e.find(arn{ns, name})
	if q == nil {
		return nil, 0, errNoQueue()
	}
	now, err := q.lock()
	if err != nil {
		return nil, 0, err
	}
	done := false
	defer abandon(&done, q)
	switch l := q.line.(type) {
	case *fifo:
		for _, g := range l.groups {
			list = append(list, PeekedGroup{Name: g.name, Messages: g.messages(), InFlight: int(g.flying), Closed: g.flying > 0})
		}
	case *standard:
		for _, t := range l.tenants.byName {
			list = append(list, PeekedGroup{Name: t.name, Messages: t.messages, InFlight: t.load.inFlight, Noisy: t.noisy(&l.load, now)})
		}
	}
	done = true
	q.unlock()
	slices.SortFunc(list, func(a, b PeekedGroup) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Name, b.Name))
	})
	return list[:min(len(list), limit)], len(list), nil
}
