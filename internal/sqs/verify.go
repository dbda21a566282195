package sqs

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// Verified counts what Verify has looked at.
type Verified struct {
	Queues, Messages, DeduplicationIDs int
}

// Verify reads what a store holds of queues and calls wrong with a sentence for
// everything that contradicts something else: messages of which there is a state
// or a content alone, contents whose MD5 is not theirs, numbers that are given
// again after a restart, and counts of a queue that are not those of its rows.
// What cannot be read is said too, and the rest is looked at. Nothing may use the
// store meanwhile; it may be read-only.
func Verify(ctx context.Context, store kv.Store, wrong func(text string)) (Verified, error) {
	e := &Engine{store: store}
	e.catalog.spaces = map[api.Namespace]names{}
	if err := e.readCatalog(); err != nil {
		return Verified{}, fmt.Errorf("sqs: read the catalog: %w", err)
	}
	var total Verified
	for _, names := range e.catalog.spaces {
		for _, q := range names {
			c := &verification{ctx: ctx, store: store, q: q, total: &total, wrong: wrong}
			c.queue()
			if ctx.Err() != nil {
				return total, ctx.Err()
			}
		}
	}
	return total, nil
}

// verification looks at one queue.
type verification struct {
	ctx   context.Context
	store kv.Store
	q     *queue
	total *Verified
	wrong func(string)

	now      int64
	reserved uint64
	present  int // messages that are not expired
}

func (c *verification) say(format string, args ...any) {
	c.wrong(fmt.Sprintf("queue %s: ", c.q.arn) + fmt.Sprintf(format, args...))
}

func (c *verification) queue() {
	c.total.Queues++
	c.now = time.Now().UnixMilli()
	next, ok, err := c.store.Get(appendQueue(nil, kindSequence, c.q.id), nil)
	switch {
	case err != nil:
		c.say("the reserved numbers: %v", err)
	case ok && len(next) != 8:
		c.say("the reserved numbers: %v", errRow)
	case ok:
		c.reserved = binary.BigEndian.Uint64(next)
	}
	c.each("messages", kindMessage, c.message)
	c.each("contents", kindContent, c.content)
	c.each("deduplication ids", kindDedup, c.dedup)
	c.counts()
}

// each looks at the rows of one kind.
func (c *verification) each(what string, kind byte, look func(seq uint64, value []byte) error) {
	const step = 1024
	it := c.store.Scan(kv.PrefixRange(appendQueue(nil, kind, c.q.id)))
	n := 0
	for it.Next() {
		if n++; n%step == 0 && c.ctx.Err() != nil {
			break
		}
		seq := seqOf(it.Key())
		err := look(seq, it.Value())
		if err == nil && seq >= c.reserved {
			err = errors.New("the number is not reserved, and would be given again")
		}
		if err != nil {
			c.say("%s: number %d: %v", what, seq, err)
		}
	}
	if err := errors.Join(it.Err(), it.Close()); err != nil {
		c.say("%s cannot be read beyond the first %d: %v", what, n, err)
	}
}

// message looks at the state of a message.
func (c *verification) message(seq uint64, value []byte) error {
	c.total.Messages++
	s, err := readState(value)
	if err != nil {
		return err
	}
	if s.sent+c.q.settings.Load().retention > c.now {
		c.present++
	}
	raw, ok, err := c.store.Get(appendRow(nil, kindContent, c.q.id, seq), nil)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the content is missing")
	}
	body, err := readContent(raw)
	if err == nil && body.group != s.group {
		err = errors.New("state and content differ in the message group")
	}
	return err
}

// content looks at the content of a message.
func (c *verification) content(seq uint64, value []byte) error {
	body, err := readContent(value)
	if err != nil {
		return err
	}
	if sum := md5.Sum([]byte(body.body)); !bytes.Equal(sum[:], body.md5[:]) {
		return errors.New("the body has another MD5")
	}
	_, ok, err := c.store.Get(appendRow(nil, kindMessage, c.q.id, seq), nil)
	if err == nil && !ok {
		err = errors.New("the state is missing")
	}
	return err
}

func (c *verification) dedup(seq uint64, value []byte) error {
	c.total.DeduplicationIDs++
	_, err := readDedup(seq, value)
	return err
}

// counts compares the messages that a queue counts with its rows.
func (c *verification) counts() {
	if err := c.q.load(c.now); err != nil {
		c.say("%v", err)
		return
	}
	visible, delayed := c.q.line.counts()
	if n := visible + delayed + c.q.inFlight; n != c.present {
		c.say("it counts %d visible, %d delayed and %d messages in flight, and has the rows of %d", visible, delayed, c.q.inFlight, c.present)
	}
}
