package sqs

// maxChunk is the largest number of entries of one chunk. The first chunk of a
// deque is small, since most message groups hold few messages.
const maxChunk = 1024

// deque is a first-in, first-out line. Its memory follows its
// length, and growing never copies.
type deque[T any] struct {
	head, tail *chunk[T]
	at         int // of the first entry, in head
	n          int
}

type chunk[T any] struct {
	entries []T
	next    *chunk[T]
}

func (d *deque[T]) len() int { return d.n }

// front returns the first entry of a deque that is not empty.
func (d *deque[T]) front() T { return d.head.entries[d.at] }

// back returns the last entry of a deque that is not empty.
func (d *deque[T]) back() T { return d.tail.entries[len(d.tail.entries)-1] }

func (d *deque[T]) push(e T) {
	if d.tail == nil {
		d.head = &chunk[T]{entries: make([]T, 0, 2)}
		d.tail = d.head
	} else if size := cap(d.tail.entries); len(d.tail.entries) == size {
		d.tail.next = &chunk[T]{entries: make([]T, 0, min(2*size, maxChunk))}
		d.tail = d.tail.next
	}
	d.tail.entries = append(d.tail.entries, e)
	d.n++
}

// pop takes out the first entry of a deque that is not empty.
func (d *deque[T]) pop() T {
	e := d.front()
	var zero T
	d.head.entries[d.at] = zero
	d.at++
	d.n--
	switch {
	case d.n == 0:
		// The last chunk is kept, so that a line that empties all the time does
		// not allocate.
		d.head, d.at = d.tail, 0
		d.head.entries = d.head.entries[:0]
	case d.at == len(d.head.entries):
		d.head, d.at = d.head.next, 0
	}
	return e
}

// each calls f for each entry, first to last.
func (d *deque[T]) each(f func(T)) {
	if d.n == 0 {
		return
	}
	for c, at := d.head, d.at; c != nil; c, at = c.next, 0 {
		for _, e := range c.entries[at:] {
			f(e)
		}
	}
}

// shortDeque is a deque of entries for lines that are short, most of which have one
// entry: the first one stands in it, and the others where they need no copying.
type shortDeque struct {
	first entry
	n     int
	rest  *deque[entry]
}

func (d *shortDeque) len() int { return d.n }

// front returns the first entry of a deque that is not empty.
func (d *shortDeque) front() entry { return d.first }

func (d *shortDeque) push(e entry) {
	d.n++
	if d.n == 1 {
		d.first = e
		return
	}
	if d.rest == nil {
		d.rest = new(deque[entry])
	}
	d.rest.push(e)
}

// pop takes out the first entry of a deque that is not empty.
func (d *shortDeque) pop() entry {
	e := d.first
	if d.n--; d.n > 0 {
		d.first = d.rest.pop()
	}
	return e
}

// each calls f for each entry, first to last.
func (d *shortDeque) each(f func(entry)) {
	if d.n > 0 {
		f(d.first)
	}
	if d.n > 1 {
		d.rest.each(f)
	}
}
