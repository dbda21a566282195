package sqs

// attempts remembers which messages were given to a ReceiveRequestAttemptId in
// the last five minutes. It is lost when the engine closes: a repeated receive
// then is a new one.
type attempts struct {
	byID map[string]*attempt
	line deque[*attempt] // in the order in which they run out
	// limit is the length of line at which void attempts are sought, unless that
	// is less than leastPruned.
	limit int
}

// leastPruned is the number of attempts that is never too large.
const leastPruned = 1024

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

// intact reports whether an attempt can be repeated: its messages are as it left
// them.
func (q *queue) intact(t *attempt) bool {
	for _, was := range t.messages {
		m := was.message
		if q.known[m.seq] != m || !m.inFlight || m.receives != was.receives || m.visibleAt != was.visibleAt {
			return false
		}
	}
	return true
}

// pruneAttempts forgets attempts that are void before their time is over, once
// there are many. Those that are not have messages in flight, so memory follows
// that number and not the rate of receives.
func (q *queue) pruneAttempts() {
	a := &q.attempts
	if a.line.len() < max(a.limit, leastPruned) {
		return
	}
	var kept deque[*attempt]
	for a.line.len() > 0 {
		switch t := a.line.pop(); {
		case a.byID[t.id] != t:
		case q.intact(t):
			kept.push(t)
		default:
			delete(a.byID, t.id)
		}
	}
	a.line, a.limit = kept, 2*kept.len()
}

// repeat gives out again the messages of an earlier receive, with the same
// receipt handles and a new visibility timeout. It returns nil if there was no
// such receive or its messages have changed.
func (q *queue) repeat(c *change, r *receiving, now int64) []*message {
	t := q.attempts.byID[r.attempt]
	if t == nil {
		return nil
	}
	if !q.intact(t) {
		delete(q.attempts.byID, r.attempt)
		return nil
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
