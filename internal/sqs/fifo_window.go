package sqs

import "unique"

// window is the first messages of a FIFO queue, among which the service looks for
// those of groups that are open; in flight they count, too. What was sent later
// stands outside until it is among the first, and hides behind a backlog of other
// groups. A window of 0 messages takes in all, and costs nothing.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/avoid-backlog-with-the-same-message-group-id.html
type window struct {
	size    int
	outside deque[outsider]
}

// outsider is a message outside the window. It was never received, so it stands
// behind all of its group that is inside.
type outsider struct {
	entry
	group unique.Handle[string]
}

// full reports whether a message that comes now stands outside the window.
func (l *fifo) full() bool {
	return l.window.size > 0 && (l.window.outside.len() > 0 || l.fresh+l.returned+l.flying >= l.window.size)
}

// widen takes messages into the window after others have left the queue.
func (l *fifo) widen(now int64) {
	w := &l.window
	for w.outside.len() > 0 && l.fresh+l.returned+l.flying < w.size {
		o := w.outside.pop()
		l.enter(o.entry, o.group.Value(), now)
	}
}
