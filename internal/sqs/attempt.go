package sqs

// attempts remembers which messages were given to a ReceiveRequestAttemptId in
// the last five minutes. It is lost when the engine closes: a repeated receive
// then is a new one.
type attempts struct {
	byID map[string]*attempt
	line deque[*attempt] // in the order in which they run out
}

// attempt is one receive, which may be repeated as long as nothing else was done
// with its messages.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
type attempt struct {
	id       string
	at       int64 // unix milliseconds
	messages []attempted
}

// attempted is a message as the receive left it.
type attempted struct {
	message   *message
	receives  uint32
	visibleAt int64
}

func (a *attempts) advance(now int64) {
	for a.line.len() > 0 && a.line.front().at+attemptWindow <= now {
		if old := a.line.pop(); a.byID[old.id] == old {
			delete(a.byID, old.id)
		}
	}
}

func (a *attempts) add(id string, messages []*message, now int64) {
	if a.byID == nil {
		a.byID = map[string]*attempt{}
	}
	t := &attempt{id: id, at: now, messages: make([]attempted, len(messages))}
	for i, m := range messages {
		t.messages[i] = attempted{m, m.receives, m.visibleAt}
	}
	a.byID[id] = t
	a.line.push(t)
}

// repeat gives out again the messages of an earlier receive, with the same
// receipt handles and a new visibility timeout. It returns nil if there was no
// such receive or its messages have changed.
func (q *queue) repeat(c *change, r *receiving, now int64) []*message {
	t := q.attempts.byID[r.attempt]
	if t == nil {
		return nil
	}
	for _, was := range t.messages {
		m := was.message
		if q.known[m.seq] != m || !m.inFlight || m.receives != was.receives || m.visibleAt != was.visibleAt {
			delete(q.attempts.byID, r.attempt)
			return nil
		}
	}
	list := make([]*message, len(t.messages))
	for i := range t.messages {
		m := t.messages[i].message
		m.visibleAt = now + q.visibility(r)
		t.messages[i].visibleAt = m.visibleAt
		q.watch(m)
		q.setState(c.batch, m.seq, m.state())
		list[i] = m
	}
	return list
}
