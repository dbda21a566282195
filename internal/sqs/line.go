package sqs

// line is the order in which the messages of a queue are handed out: standard
// or fifo. It holds the messages that no consumer has in flight, and knows of
// those that one has only what the order needs. The lock of the queue guards it.
type line interface {
	// add puts in a message that was never received. visibleAt is when its own
	// delay ends, 0 for none.
	add(e entry, group string, visibleAt, now int64)
	// next takes out the next message, nil if there is none now. The caller
	// either calls fly, which says that the message is in flight, or remove, or undo,
	// which puts it back where it was. After the last call of a receive it calls
	// done.
	next(now int64) *message
	fly(m *message)
	undo(m *message, now int64)
	done(now int64)
	// back puts m, which was in flight, back.
	back(m *message, now int64)
	// remove forgets m, in flight or not.
	remove(m *message, now int64)
	// advance makes visible what is due and takes out entries that are expired,
	// telling the queue of each.
	advance(now int64)
	// restore is told the group of a message that was received before, which the
	// store had and which now either flies or comes back.
	restore(m *message, group string)
	// ready reports whether next would return a message.
	ready() bool
	// nextDue is when advance has something to do, or 0. It may be too early.
	nextDue() int64
	// counts returns the numbers of messages that are visible and delayed.
	counts() (visible, delayed int)
	// oldest is about when the oldest message in line was sent that was never
	// received; ok is false if there is none.
	oldest() (sent int64, ok bool)
	// configure applies changed settings.
	configure(s *settings, now int64)
}
