package pipeline

import "sync"

// tracker knows the records of a shard that lanes have not handled yet, in order.
type tracker struct {
	mu    sync.Mutex // guards what follows
	save  func(checkpoint)
	queue []*record // the first is not handled
	last  string    // the sequence of the last checkpoint
}

// begin says where a shard is begun, and how checkpoints are saved.
func (t *tracker) begin(save func(checkpoint), last string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.save, t.last = save, last
}

// progress returns how far the shard is.
func (t *tracker) progress() (p ShardProgress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.Sequence = t.last
	if p.Records = len(t.queue); p.Records > 0 {
		p.Oldest = t.queue[0].created
	}
	return p
}

// take notes records that are on their way to lanes.
func (t *tracker) take(list []*record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = append(t.queue, list...)
}

// done notes that records were handled, and saves a checkpoint if all before some
// record now are. Checkpoints are saved in their order: with mu held.
func (t *tracker) done(list []*record, window *tumble) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pass(list) {
		t.save(checkpoint{Sequence: t.last, Tumble: window})
	}
}

// saved notes that records were handled, whose checkpoint is stored already.
func (t *tracker) saved(list []*record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pass(list)
}

// pass marks records as handled, and reports whether that moves the checkpoint. mu
// is held.
func (t *tracker) pass(list []*record) bool {
	for _, r := range list {
		r.handled = true
	}
	n := 0
	for n < len(t.queue) && t.queue[n].handled {
		n++
	}
	if n == 0 {
		return false
	}
	t.last = t.queue[n-1].id
	t.queue = append(t.queue[:0:0], t.queue[n:]...)
	return true
}

// closed notes that the tumbling window that was open is over.
func (t *tracker) closed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.save(checkpoint{Sequence: t.last})
}
