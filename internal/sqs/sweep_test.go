package sqs

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// counting is a store that counts mutations: all, and those of the largest batch.
type counting struct {
	kv.Store
	mutations, largest int
}

func (s *counting) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	s.mutations += b.Len()
	s.largest = max(s.largest, b.Len())
	return s.Store.Apply(b, d)
}

// TestMassExpiry: when a backlog expires at one moment, its messages are gone at
// once and its rows go bit by bit.
func TestMassExpiry(t *testing.T) {
	const messages = 6 * sweepSpans // and more than sweepDedup
	for name, most := range map[string]int{"q": 4, "q.fifo": 2*sweepSpans + 1} {
		synctest.Test(t, func(t *testing.T) {
			store := &counting{Store: kvmem.New()}
			r := openRig(t, store, Options{})
			create := r.create
			if name != "q" {
				create = r.fifo
			}
			url := create(name, "MessageRetentionPeriod", "600")
			for i := range messages {
				group := ""
				if name != "q" {
					group = fmt.Sprint("g", i%3) // neighbors in time are of different groups
				}
				r.send(url, fmt.Sprint(i), group)
			}
			time.Sleep(600 * time.Second)
			store.mutations = 0
			if got := r.attribute(url, "ApproximateNumberOfMessages"); got != "0" {
				t.Errorf("%s: %s messages are left", name, got)
			}
			if store.mutations > most {
				t.Errorf("%s: one call swept with %d mutations, want at most %d", name, store.mutations, most)
			}
			for range messages / sweepSpans {
				r.wantBodies(r.receive(url, 10), "")
			}
			for _, kind := range []byte{kindMessage, kindContent, kindDedup} {
				if n := r.rows(kind); n != 0 {
					t.Errorf("%s: %d rows of kind %c are left", name, n, kind)
				}
			}
		})
	}
}

// rows counts the rows of a kind in the store.
func (r *rig) rows(kind byte) (n int) {
	it := r.store.Scan(kv.PrefixRange([]byte{space, kind}))
	defer it.Close()
	for it.Next() {
		n++
	}
	return n
}
