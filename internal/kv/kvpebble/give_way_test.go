package kvpebble

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// Who writes tables works and rests by turns, except when the store falls behind.
func TestGiveWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		po := Options{}.pebble()
		way := newGiveWay(po)
		// rested is how long writing a block took after so much work since the last one.
		rested := func(work time.Duration) time.Duration {
			time.Sleep(work)
			begin := time.Now()
			if got := po.Comparer.Separator(nil, []byte("aa"), []byte("c")); string(got) != "b" {
				t.Fatalf("the separator is %q", got)
			}
			return time.Since(begin)
		}
		due := turnTime + restTime/2
		if got := rested(due); got != 0 {
			t.Errorf("while the store was being opened it rested for %v", got)
		}
		way.opened.Store(true)
		rested(turnTime + restTime) // a new turn
		if got := rested(turnTime / 2); got != 0 {
			t.Errorf("in its turn it rested for %v", got)
		}
		if got := rested(due - turnTime/2); got != restTime/2 {
			t.Errorf("after its turn it rested for %v, want what is left, %v", got, restTime/2)
		}
		if got := rested(0); got != 0 {
			t.Errorf("rested twice, %v more", got)
		}
		rests := func(when string, want bool) {
			t.Helper()
			rested(turnTime + restTime) // a new turn
			if got := rested(due); (got != 0) != want {
				t.Errorf("%s it rested for %v", when, got)
			}
		}
		l := po.EventListener
		l.WALCreated(pebble.WALCreateInfo{})
		l.FlushBegin(pebble.FlushInfo{})
		rests("with one memtable that is flushed", true)
		l.WALCreated(pebble.WALCreateInfo{})
		rests("with a second full memtable", false)
		l.FlushEnd(pebble.FlushInfo{})
		rests("after the flush", true)
		level0 := func(tables int) {
			l.CompactionBegin(pebble.CompactionInfo{Input: []pebble.LevelInfo{{Level: 0, Tables: make([]pebble.TableInfo, tables)}}})
		}
		level0(deepLevel0)
		rests("with a deep level 0", false)
		level0(deepLevel0 - 1)
		rests("with a level 0 that is not", true)
	})
}
