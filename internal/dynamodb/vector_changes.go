package dynamodb

import "sync"

// changedRows are the rows of a graph that it does not have as the store has them,
// or may not: those that are being written, and those that were since the graph
// last read them.
type changedRows struct {
	mu   sync.Mutex // guards the fields below; held for a look, also under latches
	of   map[string]rowChange
	last uint64 // the number of the newest change
	// lost tells that there were too many, so that the graph is good for nothing.
	lost bool
}

// rowChange is what is known of a changed row.
type rowChange struct {
	number  uint64 // of its newest change
	writers int    // how many writes of it are under way
}

// begin notes that a write is about to change a row.
func (c *changedRows) begin(row []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost = c.lost || len(c.of) >= maxChanged; c.lost {
		c.of = nil
		return
	}
	c.last++
	r := c.of[string(row)]
	c.of[string(row)] = rowChange{c.last, r.writers + 1}
}

// end notes that such a write is over, whatever came of it.
func (c *changedRows) end(row []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.of[string(row)]; ok {
		r.writers--
		c.of[string(row)] = r
	}
}

// list returns the rows. It is not ok if they are too many to be looked at.
func (c *changedRows) list() (rows [][]byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost || len(c.of) > maxOverlay {
		return nil, false
	}
	for row := range c.of {
		rows = append(rows, []byte(row))
	}
	return rows, true
}

// some returns up to limit rows that nobody is writing, with the number of their
// newest change.
func (c *changedRows) some(limit int) (rows map[string]uint64, lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows = map[string]uint64{}
	for row, r := range c.of {
		if len(rows) == limit {
			break
		}
		if r.writers == 0 {
			rows[row] = r.number
		}
	}
	return rows, c.lost
}

// done notes that the graph has a row as it was after a change. If there was
// another since, it stays changed.
func (c *changedRows) done(row string, number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of[row].number == number {
		delete(c.of, row)
	}
}

// touched are the rows of graphs that a batch changes.
type touched struct {
	list []touchedRow
	wake chan<- struct{} // the tender's
}

type touchedRow struct {
	in  *changedRows
	row []byte
}

// touch notes for the graphs which of their rows a batch is about to change. The
// note comes before the change and is kept beyond it, so that whoever sees the
// change sees the note too, unless the graph has it already.
func (e *Engine) touch(writes []*write) (t touched) {
	for _, w := range writes {
		for i := range w.vectored {
			c := &w.vectored[i]
			t.add(c.x, &c.before)
			if c.before.row == nil || string(c.before.row) != string(c.after.row) {
				t.add(c.x, &c.after)
			}
		}
	}
	t.wake = e.graphs.wake
	return t
}

func (t *touched) add(x *vectorView, of *entry) {
	if of.row == nil {
		return
	}
	if g := x.scopes.find(of.row[:of.scope]); g != nil {
		g.changes.begin(of.row)
		t.list = append(t.list, touchedRow{&g.changes, of.row})
	}
}

// end notes that the batch was applied, or not.
func (t *touched) end() {
	if len(t.list) == 0 {
		return
	}
	for _, r := range t.list {
		r.in.end(r.row)
	}
	select {
	case t.wake <- struct{}{}:
	default: // it will look anyway
	}
}
