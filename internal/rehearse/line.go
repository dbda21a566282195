package rehearse

import (
	"cmp"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/capacity"
)

// line is the queue of a design, and those who take from it.
type line struct {
	m       *simulation
	queue   *capacity.Queue
	batch   int           // messages that a worker receives at most
	takes   time.Duration // to handle a batch with its writes
	shelves []*shelf
	first   []int // of each stream, among the shelves
	turn    int

	waiting  int    // messages that can be received
	sent     []sent // them by when they were sent
	returned int    // those of them that were received before
	reach    time.Duration
	busy     int // workers
	inWork   *wheel[job]
	hidden   *wheel[job] // given up, until their visibility timeout ends

	pollers  *capacity.Pollers  // of a function
	function *capacity.Function // of a function
}

// shelf is where messages of one source, and of alike message groups, wait.
type shelf struct {
	stream  int
	groups  int   // how many there are; batches of so many are in work at once
	held    int   // how many have a batch in work, or hidden
	lots    []lot // in the order of sending, from head on
	head    int
	waiting int
}

// returned is when those were sent that were received before: before all others.
const returned time.Duration = -1

// lot is a number of messages that were sent together.
type lot struct {
	arrival  float64
	sent     time.Duration
	n        int
	receives int
}

// job is a number of batches that workers received together.
type job struct {
	shelf, n, workers, attempt, receives int
	arrival                              float64
	received                             time.Duration
}

// key is the same for those that may become one.
func (j job) key() uint64 {
	return uint64(j.shelf)<<32 | uint64(j.attempt)<<16 | uint64(j.receives)
}

func (j *job) join(o job) {
	j.arrival = (j.arrival*float64(j.n) + o.arrival*float64(o.n)) / float64(j.n+o.n)
	j.n, j.workers, j.received = j.n+o.n, j.workers+o.workers, max(j.received, o.received)
}

// receiveTakes is how long a receive and a delete take together. Assumed.
const receiveTakes = 10 * time.Millisecond

// unbounded is the number of groups where groups close nothing.
const unbounded = 1 << 40

func newLine(m *simulation) *line {
	d := m.design
	l := &line{m: m, queue: capacity.NewQueue(m.params, capacity.QueueConfig{FIFO: d.Queue.FIFO, HighThroughput: d.Queue.HighThroughput}, m.scenario.begin)}
	if w := d.Workers; w != nil {
		l.batch, l.takes = w.Batch, time.Duration(w.Takes)
	} else {
		f := d.Function
		l.batch, l.takes = f.Batch, time.Duration(f.Takes)
		l.pollers = capacity.NewPollers(m.params, capacity.MappingConfig{FIFO: d.Queue.FIFO, Maximum: f.Maximum}, m.scenario.begin)
		l.function = capacity.NewFunction(m.params, f.Reserved, m.scenario.begin)
	}
	l.takes += time.Duration(d.Table.Takes) + receiveTakes
	for _, st := range m.streams {
		l.first = append(l.first, len(l.shelves))
		for i := range st.groups.cells {
			x := &shelf{stream: st.number, groups: st.perCell[i]}
			if !d.Queue.FIFO {
				x.groups = unbounded
			}
			l.shelves = append(l.shelves, x)
		}
	}
	step := l.step(m.step)
	l.inWork = newWheel(step, max(l.takes, time.Duration(d.Client.Most)), job.key, (*job).join)
	l.hidden = newWheel(step, time.Duration(d.Queue.Visibility)+step, job.key, (*job).join)
	return l
}

// step returns the largest step that the time of a batch is a multiple of, so that
// workers lose nothing by waiting for the clock.
func (l *line) step(most time.Duration) time.Duration {
	n := (l.takes + most - 1) / most
	return l.takes / n
}

func (l *line) idle() bool {
	return l.waiting == 0 && l.inWork.count == 0 && l.hidden.count == 0
}

// limit is how many workers there may be.
func (l *line) limit() int {
	if l.pollers == nil {
		return l.m.design.Workers.Count
	}
	groups := 0
	for _, x := range l.shelves {
		groups += min(x.groups, x.waiting+x.held)
	}
	return min(l.pollers.Limit(l.m.at(), l.waiting > 0, groups), l.function.Limit())
}

// sendParts is in how many parts the messages of a step are sent: each is of other
// message groups.
const sendParts = 8

// send has a source's messages sent, again if need be, and puts those on their
// shelves that the queue takes.
func (l *line) send(r retry) {
	st, q := l.m.streams[r.stream], l.m.design.Queue
	calls, taken := st.calls(r.n, q.Batch), 0
	for i := range sendParts {
		part := (calls + i) / sendParts
		if part > 0 {
			st.serial++
			taken += l.queue.CallMany(l.m.at(), capacity.Send, part, uint32(mix(st.serial)>>32))
		}
	}
	l.m.tally.called(taken, q.Batch*int(q.Size))
	accepted := r.n
	if taken < calls {
		accepted = r.n * taken / calls
		l.m.tally.refusedSends(l.m.now, r.n-accepted)
	}
	l.shelve(st, accepted, r.arrival)
	r.n -= accepted
	l.m.backOff(r)
}

// shelve has messages wait.
func (l *line) shelve(st *stream, n int, arrival float64) {
	for i, n := range st.groups.deal(n) {
		l.shelves[l.first[st.number]+i].put(lot{arrival, l.m.now, n, 0})
	}
	l.waiting += n
	l.note(l.m.now, n)
}

// put adds messages at the end.
func (x *shelf) put(t lot) {
	if t.n == 0 {
		return
	}
	x.waiting += t.n
	if last := len(x.lots) - 1; last >= x.head && x.lots[last].receives == 0 && x.lots[last].arrival == t.arrival && x.lots[last].sent == t.sent {
		x.lots[last].n += t.n
		return
	}
	if x.head > 1024 && x.head > len(x.lots)/2 {
		x.lots = append(x.lots[:0], x.lots[x.head:]...)
		x.head = 0
	}
	x.lots = append(x.lots, t)
}

// back puts messages where they were: first.
func (x *shelf) back(t lot) {
	x.waiting += t.n
	if x.head > 0 {
		x.head--
		x.lots[x.head] = t
		return
	}
	x.lots = append([]lot{t}, x.lots...)
}

// take removes up to n messages that were received equally often, and returns them as
// one lot.
func (x *shelf) take(n int, note func(sent time.Duration, n int)) lot {
	var out lot
	for n > 0 && x.head < len(x.lots) {
		t := &x.lots[x.head]
		if out.n > 0 && t.receives != out.receives {
			break
		}
		k := min(n, t.n)
		out.arrival = (out.arrival*float64(out.n) + t.arrival*float64(k)) / float64(out.n+k)
		out.n, out.receives = out.n+k, t.receives
		note(t.sent, -k)
		n -= k
		if t.n -= k; t.n == 0 {
			x.head++
		}
	}
	x.waiting -= out.n
	return out
}

// receive gives free workers what waits.
func (l *line) receive() {
	free := l.limit() - l.busy
	l.reach = l.horizon()
	for progress := true; progress && free > 0 && l.waiting > 0; {
		progress = false
		open := l.open()
		quota := max(1, free/max(1, open))
		for range l.shelves {
			x := l.turn % len(l.shelves)
			l.turn++
			if k := l.start(x, min(quota, free)); k > 0 {
				free -= k
				progress = true
			}
		}
	}
}

// open is how many shelves have something for a worker.
func (l *line) open() int {
	n := 0
	for _, x := range l.shelves {
		n += btoi(x.waiting > 0 && x.held < x.groups)
	}
	return n
}

// start has up to so many workers receive from a shelf, and returns how many do.
func (l *line) start(number, workers int) int {
	x := l.shelves[number]
	workers = min(workers, x.groups-x.held, x.waiting)
	if workers <= 0 || x.lots[x.head].sent > l.reach {
		return 0
	}
	workers = l.begin(l.queue.CallMany(l.m.at(), capacity.Receive, workers))
	room := l.queue.Take(min(x.waiting, workers*l.batch))
	taken := x.take(room, l.note)
	l.queue.Return(room - taken.n) // of those that were received less or more often
	used := min(workers, taken.n)
	l.end(workers - used)
	if workers = used; workers == 0 {
		return 0
	}
	l.m.tally.batches += int64(workers)
	l.m.tally.called(2*workers, taken.n/workers*int(l.m.design.Queue.Size)) // the receive, and the delete to come
	l.waiting -= taken.n
	l.busy += workers
	x.held += workers
	l.inWork.add(l.m.now+l.takes, job{
		shelf: number, n: taken.n, workers: workers, receives: taken.receives + 1, arrival: taken.arrival, received: l.m.now,
	})
	return workers
}

// begin starts executions of the function, if there is one.
func (l *line) begin(n int) int {
	if l.function == nil {
		return n
	}
	for i := range n {
		if !l.function.Begin(l.m.at()) {
			return i
		}
	}
	return n
}

// end ends executions of the function, if there is one.
func (l *line) end(n int) {
	if l.function == nil {
		return
	}
	for range n {
		l.function.End(l.m.at())
	}
}

// horizon returns when the last of the messages was sent among which a receive of a
// FIFO queue looks for groups that are free.
func (l *line) horizon() time.Duration {
	if !l.m.design.Queue.FIFO {
		return l.m.now
	}
	ahead := l.returned
	for i := range l.sent {
		if ahead += l.sent[i].n; !l.queue.Reaches(ahead) {
			return l.sent[i].at
		}
	}
	return l.m.now
}

// sent is how many messages wait that were sent in one step.
type sent struct {
	at time.Duration
	n  int
}

// note counts messages that wait, or no more, by when they were sent.
func (l *line) note(at time.Duration, n int) {
	if at == returned {
		l.returned += n
		return
	}
	i, found := slices.BinarySearchFunc(l.sent, at, func(s sent, at time.Duration) int { return cmp.Compare(s.at, at) })
	if !found {
		l.sent = append(l.sent, sent{at, 0}) // time goes on
	}
	l.sent[i].n += n
	for len(l.sent) > 0 && l.sent[0].n == 0 && l.sent[0].at != l.m.now {
		l.sent = l.sent[1:]
	}
}

// work appends the batches that are due to what is to be done, and shows again what
// was hidden.
func (l *line) work(tries []try) []try {
	for _, j := range l.hidden.due(l.m.now) {
		l.show(j)
	}
	due := l.inWork.due(l.m.now)
	for i := range due {
		tries = append(tries, try{job: &due[i]})
	}
	return tries
}

// finish writes what a job's messages ask for.
func (l *line) finish(j job) {
	x := l.shelves[j.shelf]
	st := l.m.streams[x.stream]
	done := 0
	l.m.spread(st, j.n, func(c, n int) { done += l.m.admit(st, c, n, false) })
	l.m.tally.stored(l.m.now, x.stream, done, j.arrival, 0)
	l.queue.Return(done)
	j.n -= done
	l.free(x, j.workers-min(j.workers, j.n), true)
	if j.workers = min(j.workers, j.n); j.n == 0 {
		return
	}
	if j.attempt+1 < l.m.design.Client.Attempts {
		delay := l.m.design.Client.delay(j.attempt) / 2 // the mean of full jitter
		j.attempt++
		l.inWork.add(l.m.now+delay, j)
		return
	}
	// The workers take something else; the groups stay closed until the messages
	// are visible again.
	l.free(x, j.workers, false)
	l.hidden.add(j.received+time.Duration(l.m.design.Queue.Visibility), j)
}

// free ends the work of workers, and opens their groups unless messages of them are
// hidden.
func (l *line) free(x *shelf, workers int, open bool) {
	l.busy -= workers
	if open {
		x.held -= workers
	}
	l.end(workers)
}

// show makes messages visible again, or dead letters of them.
func (l *line) show(j job) {
	x := l.shelves[j.shelf]
	x.held -= j.workers
	l.queue.Return(j.n)
	if j.receives >= l.m.design.Queue.Receives {
		l.m.tally.dead(l.m.now, x.stream, j.n)
		return
	}
	x.back(lot{j.arrival, returned, j.n, j.receives})
	l.note(returned, j.n)
	l.waiting += j.n
}

// keepsUp reports whether workers surely handle n messages in a step, with none left
// waiting at its end.
func (l *line) keepsUp(n int, step time.Duration) bool {
	workers := l.limit()
	batches := (n + l.batch - 1) / l.batch
	if q := l.m.design.Queue; q.FIFO {
		groups := 0
		for _, x := range l.shelves {
			groups += x.groups
		}
		workers = min(workers, groups)
		calls := max(batches, n/q.Batch) * len(l.m.streams) // others have as many
		if float64(calls) > l.m.params.FIFORate*step.Seconds()/2 {
			return false
		}
	}
	return time.Duration(batches)*l.takes <= time.Duration(workers)*step/2
}

// pass has messages go through the queue without waiting.
func (l *line) pass(st *stream, n int, arrival float64) {
	q := l.m.design.Queue
	calls, batches := st.calls(n, q.Batch), (n+l.batch-1)/l.batch
	l.queue.CallMany(l.m.at(), capacity.Send, calls)
	l.m.tally.called(calls, q.Batch*int(q.Size))
	l.m.tally.called(2*batches, l.batch*int(q.Size))
	l.m.tally.batches += int64(batches)
	l.m.tally.busyTime += time.Duration(batches) * l.takes
	done := 0
	l.m.spread(st, n, func(c, k int) { done += l.m.admit(st, c, k, true) })
	l.m.tally.stored(l.m.now, st.number, done, arrival, l.takes)
	if n -= done; n > 0 {
		l.m.late = true
		l.shelve(st, n, arrival)
	}
}
