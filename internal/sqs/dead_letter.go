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
// after what is there.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
func (q *queue) bury(c *change, m *message, dead *queue, now int64) error {
	b, ok, err := q.engine.store.Get(q.row(kindContent, m.seq), nil)
	if err != nil {
		return err
	}
	q.deleteRows(c.batch, m.seq)
	q.drop(m, now)
	if !ok {
		return nil
	}
	what, err := readContent(b)
	if err != nil {
		return err
	}
	c.buried++
	what.deadSource = q.arn.String()
	seq := dead.allocate(c)
	st := state{sent: m.sent}
	if dead.fifo {
		st.sent, st.group = dead.stamp(now), what.group
	}
	dead.setState(c.batch, seq, st)
	c.batch.Set(dead.row(kindContent, seq), what.append(nil))
	c.then(func() { dead.line.add(entry{seq, st.sent}, st.group, 0, now) })
	return nil
}
