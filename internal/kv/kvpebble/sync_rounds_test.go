package kvpebble

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv"
)

// applied applies some batches for whose syncs nobody waits yet.
func applied(t *testing.T, s *Store, prefix string, n int) (commits []kv.Commit) {
	t.Helper()
	for i := range n {
		c, err := set(s, fmt.Sprint(prefix, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	return commits
}

// waitAll waits for all at once, and returns what failed.
func waitAll(commits []kv.Commit) error {
	errs := make([]error, len(commits))
	var all sync.WaitGroup
	for i, c := range commits {
		all.Go(func() { errs[i] = c.Wait() })
	}
	all.Wait()
	return errors.Join(errs...)
}

// TestRoundsShareASync: what is applied before anybody waits is durable after one sync,
// whoever waits, and how often.
func TestRoundsShareASync(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	defer s.Close()
	for round := range 3 {
		before, _ := s.Syncs()
		commits := applied(t, s, fmt.Sprint(round, "-"), 10)
		if after, _ := s.Syncs(); after != before {
			t.Errorf("%d syncs before anybody waits", after-before)
		}
		if err := waitAll(append(commits[:5:5], commits[:5]...)); err != nil {
			t.Fatal(err)
		}
		if after, _ := s.Syncs(); after != before+1 {
			t.Errorf("%d syncs for one round", after-before)
		}
		crashed := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		for i := range 10 {
			if _, ok, err := crashed.Get([]byte(fmt.Sprint(round, "-", i)), nil); !ok || err != nil {
				t.Errorf("batch %d of round %d is lost, %v", i, round, err)
			}
		}
		if err := errors.Join(crashed.Close(), waitAll(commits)); err != nil {
			t.Fatal(err)
		}
		if after, _ := s.Syncs(); after != before+1 {
			t.Errorf("%d syncs after all have waited", after-before)
		}
	}
}

// TestWaitForAClosedStore: what was applied before a store is closed is durable then.
func TestWaitForAClosedStore(t *testing.T) {
	disk := vfs.NewCrashableMem()
	s := mustOpen(t, "store", Options{FS: disk})
	commits := applied(t, s, "k", 10)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := waitAll(commits); err != nil {
		t.Error(err)
	}
	after := mustOpen(t, "store", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
	defer after.Close()
	if _, ok, err := after.Get([]byte("k9"), nil); !ok || err != nil {
		t.Errorf("the last one is lost, %v", err)
	}
}

// TestWaitBesideClose: whoever waits while a store is closed gets an answer.
func TestWaitBesideClose(t *testing.T) {
	for range 200 {
		s := mustOpen(t, "store", Options{FS: vfs.NewMem()})
		var both sync.WaitGroup
		commits := applied(t, s, "k", 3)
		both.Go(func() {
			if err := waitAll(commits); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
	}
}

// TestWaitHoldsAClose: who holds what Close waits for can still wait for a sync.
func TestWaitHoldsAClose(t *testing.T) {
	s := mustOpen(t, "store", Options{FS: vfs.NewMem()})
	snap := s.Snapshot()
	commits := applied(t, s, "k", 3)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for s.gate.Enter() {
		s.gate.Leave()
	}
	if err := errors.Join(waitAll(commits), snap.Close()); err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestWaitForAWedgedStore: whoever waits for a sync that never ends hears why.
func TestWaitForAWedgedStore(t *testing.T) {
	s := mustOpen(t, "store", Options{FS: vfs.NewMem()})
	commits := applied(t, s, "k", 3)
	s.rounds.led = true // by somebody whom Pebble keeps
	failed := make(chan error)
	go func() { failed <- waitAll(commits) }()
	broken := errors.New("broken")
	_ = s.fail(broken, true)
	if err := <-failed; !errors.Is(err, broken) {
		t.Error(err)
	}
}

// TestHowManySyncsAtOnce: as long as few batches share a sync, or it takes long, others begin
// beside it; when many do, or had better, there is one at a time.
func TestHowManySyncsAtOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		batches int
		took    time.Duration
		crowd   bool
		want    int
	}{
		{"at first", 0, 0, false, maxSyncs},
		{"few", fewShare, 0, false, maxSyncs},
		{"many", 2 * fewShare, 0, false, 1},
		{"many, on a slow disk", 2 * fewShare, 2 * longSync, false, maxSyncs},
		{"few of a crowd", 1, 0, true, 1},
		{"few of a crowd, on a slow disk", 1, 2 * longSync, true, maxSyncs},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newSyncRounds()
			(&Store{rounds: r}).ShareSyncs(c.crowd)
			for range 10 * shareOver {
				if c.batches == 0 {
					break
				}
				var round *syncRound
				for range c.batches {
					round = r.join()
				}
				if !r.lead(round) || r.begin() != round {
					t.Fatal("a round was not begun")
				}
				time.Sleep(c.took)
				if r.end(round, nil) {
					t.Error("there is said to be another round")
				}
			}
			var under []*syncRound
			for {
				round := r.join()
				if !r.lead(round) {
					break
				}
				if r.lead(round) {
					t.Error("two lead a round")
				}
				under = append(under, r.begin())
			}
			if len(under) != c.want {
				t.Errorf("%s: %d at once, want %d", c.name, len(under), c.want)
			}
			handles := map[int]bool{}
			for _, round := range under {
				handles[round.handle] = true
			}
			if len(handles) != len(under) {
				t.Errorf("%s: handles %v for %d syncs", c.name, handles, len(under))
			}
			if !r.end(under[0], nil) {
				t.Errorf("%s: nobody is told to begin the next one", c.name)
			}
			if len(under) > 1 && r.end(under[1], nil) {
				t.Errorf("%s: two are told to begin the next one", c.name)
			}
		})
	}
}
