package sqs

// heap is a binary heap, the least item first. If moved is set it is told where
// each item stands (-1 once it is out), so that items can be taken out of the
// middle.
type heap[T any] struct {
	items []T
	less  func(a, b T) bool
	moved func(item T, at int)
}

func (h *heap[T]) len() int { return len(h.items) }

// top returns the least item of a heap that is not empty.
func (h *heap[T]) top() T { return h.items[0] }

func (h *heap[T]) push(item T) {
	h.items = append(h.items, item)
	h.place(len(h.items)-1, item)
	h.up(len(h.items) - 1)
}

func (h *heap[T]) pop() T { return h.remove(0) }

// remove takes out the item that stands at i.
func (h *heap[T]) remove(i int) T {
	item := h.items[i]
	last := len(h.items) - 1
	moved := h.items[last]
	var zero T
	h.items[last] = zero
	h.items = h.items[:last]
	if i < last {
		h.place(i, moved)
		h.fix(i)
	}
	if h.moved != nil {
		h.moved(item, -1)
	}
	return item
}

// fix restores the order after the item at i has changed.
func (h *heap[T]) fix(i int) {
	if !h.down(i) {
		h.up(i)
	}
}

// order restores the order after all items may have changed.
func (h *heap[T]) order() {
	for i := len(h.items)/2 - 1; i >= 0; i-- {
		h.down(i)
	}
}

func (h *heap[T]) place(i int, item T) {
	h.items[i] = item
	if h.moved != nil {
		h.moved(item, i)
	}
}

func (h *heap[T]) up(i int) {
	item := h.items[i]
	for i > 0 {
		parent := (i - 1) / 2
		if !h.less(item, h.items[parent]) {
			break
		}
		h.place(i, h.items[parent])
		i = parent
	}
	h.place(i, item)
}

// down reports whether the item moved.
func (h *heap[T]) down(i int) bool {
	item, start := h.items[i], i
	for {
		child := 2*i + 1
		if child >= len(h.items) {
			break
		}
		if right := child + 1; right < len(h.items) && h.less(h.items[right], h.items[child]) {
			child = right
		}
		if !h.less(h.items[child], item) {
			break
		}
		h.place(i, h.items[child])
		i = child
	}
	h.place(i, item)
	return i > start
}
