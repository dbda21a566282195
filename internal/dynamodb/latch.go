package dynamodb

import (
	"slices"
	"sync"

	"github.com/levee-io/levee/internal/kv"
)

// stripes is the number of latches. Two keys that share one merely wait for
// each other a few microseconds more often.
const stripes = 4096

// latches guards row keys. A write holds the latches of all its keys while it
// reads, decides and applies, not while it waits for the disk.
type latches struct {
	stripe [stripes]latch
}

type latch struct {
	mu sync.Mutex
	// last is the newest commit under this latch; it may not be durable yet.
	// Guarded by mu.
	last kv.Commit
}

// held names latches, once they are locked in the order in which they were taken.
// Whoever is in a hurry gives it room for latchesOfMost, on the stack. There it stays
// only because held has no pointer to the latches and grows as a slice does, by append.
type held []uint16

const latchesOfMost = 32

// add names a key whose latch is wanted.
func (h held) add(row []byte) held { return h.addHash(hashOf(row)) }

// addHash is add for a key that is known by its hash.
func (h held) addHash(hash uint64) held { return append(h, uint16(hash%stripes)) }

// lock takes the latches of the keys that were added, and returns them: each once, in
// ascending order, so that no two writes wait for each other.
func (h held) lock(set *latches) held {
	slices.Sort(h)
	h = slices.Compact(h)
	for _, i := range h {
		set.stripe[i].mu.Lock()
	}
	return h
}

// unlock releases the latches of set; commit is what was applied under them, nil if
// nothing was.
func (h held) unlock(set *latches, commit kv.Commit) {
	for _, i := range h {
		l := &set.stripe[i]
		if commit != nil {
			l.last = commit
		}
		l.mu.Unlock()
	}
}

// pending returns the newest commits under the held latches: what an answer
// that depends on the rows read must wait for.
func (h held) pending(set *latches) []kv.Commit {
	var list []kv.Commit
	for _, i := range h {
		if c := set.stripe[i].last; c != nil {
			list = append(list, c)
		}
	}
	return list
}

// settle waits until what was last written under the latch of a row is durable.
func (set *latches) settle(row []byte) error {
	l := &set.stripe[hashOf(row)%stripes]
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	if last == nil {
		return nil
	}
	return last.Wait()
}

// waitAll waits for every commit of a list.
func waitAll(list []kv.Commit) error {
	for _, c := range list {
		if err := c.Wait(); err != nil {
			return err
		}
	}
	return nil
}
