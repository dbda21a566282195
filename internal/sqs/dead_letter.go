package sqs

// maxBuried is how many messages one change moves to a dead-letter queue: as
// many of the largest size as fit into a batch of the store.
const maxBuried = 100

// lockWithDead locks the queue and, if a receive may have to move messages to
// its dead-letter queue, that too. dead is nil if it is not needed or does not
// exist; messages then stay where they are.
func (q *queue) lockWithDead() (dead *queue, now int64, err error) {
	for {
		if now, err = q.lock(); err != nil {
			return nil, 0, err
		}
		p := q.settings.Load().redrive
		if p == nil || len(q.known) == q.inFlight {
			return nil, now, nil // nothing waits that was received before
		}
		dead = q.engine.find(p.target)
		if dead == nil || dead == q {
			return nil, now, nil
		}
		q.mu.Unlock()
		if now, err = lockBoth(q, dead); err != nil {
			if dead.isGone() {
				continue
			}
			return nil, 0, err
		}
		if q.settings.Load().redrive == p {
			return dead, now, nil
		}
		dead.unlock()
		q.unlock()
	}
}

func (q *queue) isGone() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.gone
}

// bury moves a message, which the line gave out, to the dead-letter queue. Both
// queues are locked. In a standard queue it keeps the time at which it was sent,
// which decides when it expires; in a FIFO queue it gets a new one and comes
// after what is there, and its deduplication id becomes its message id. What is
// told of its receives goes on, what counts for a redrive policy starts anew.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
func (q *queue) bury(c *change, m *message, dead *queue, now int64) error {
	what, ok, err := q.contentOf(m.seq)
	if err != nil {
		return err
	}
	if !ok {
		q.discard(c, m, now)
		return nil
	}
	c.buried++
	what.deadSource = q.arn.String()
	what.earlier, what.first = what.received(m.counted(), m.first)
	st := state{sent: m.sent, group: what.group}
	if dead.fifo {
		st.sent = dead.stamp(now)
		what.dedup = textID(what.id)
	}
	q.transfer(c, m, &what, dead, st, now)
	return nil
}

// contentOf reads the content of a message. ok is false for a message without one,
// which can only be a leftover.
func (q *queue) contentOf(seq uint64) (what content, ok bool, err error) {
	b, ok, err := q.engine.store.Get(q.row(kindContent, seq), nil)
	if err != nil || !ok {
		return content{}, false, err
	}
	what, err = readContent(b)
	return what, true, err
}

// discard takes a message, which the line gave out, out of the queue.
func (q *queue) discard(c *change, m *message, now int64) {
	q.deleteRows(c.batch, m.seq)
	q.drop(m, now)
}

// transfer moves a message, which the line gave out, to another queue. Both queues
// are locked.
func (q *queue) transfer(c *change, m *message, what *content, to *queue, st state, now int64) {
	q.discard(c, m, now)
	seq := to.allocate(c)
	to.setState(c.batch, seq, st)
	c.batch.Set(to.row(kindContent, seq), what.append(nil))
	c.then(func() { to.line.add(entry{seq, st.sent}, st.group, st.visibleAt, now) })
}
