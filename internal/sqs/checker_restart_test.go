package sqs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// TestFIFOAcrossRestarts: 64 receivers and 4 senders go on while the engine is
// closed, or killed, and opened again. What was answered holds: no message is
// lost, none comes twice but after its time is over, each group is in order and
// with one receiver at a time, also while the engine that gave out its messages
// is gone.
func TestFIFOAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := kvmem.New()
		playLives(t, ground{open: func() kv.Store { return store }, crash: func() {}, close: func(kv.Store) {}})
	})
}

// TestFIFOAcrossCrashes is the same on a disk that forgets, with each engine, what
// was not synced.
func TestFIFOAcrossCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		disk := vfs.NewCrashableMem()
		playLives(t, ground{
			open: func() kv.Store {
				store, err := kvpebble.Open("store", kvpebble.Options{FS: disk})
				if err != nil {
					t.Fatal(err)
				}
				return store
			},
			crash: func() {
				disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[rng.IntN(3)], RNG: rng})
			},
			close: func(s kv.Store) {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			},
		})
	})
}

// ground is what an engine stands on, and what is left of it when it is killed.
type ground struct {
	open  func() kv.Store
	crash func() // after the last write, before close
	close func(kv.Store)
}

// syncTime is how long a write of a mortal store takes.
const syncTime = 10 * time.Millisecond

var errKilled = errors.New("killed")

// mortal is a store that can be killed: what it was told is told to nobody from
// then on, whether it is written or not.
type mortal struct {
	kv.Store
	mu   sync.RWMutex // held by writes, so that none comes after the end
	dead chan struct{}
}

func (m *mortal) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	select {
	case <-m.dead:
		b.Discard()
		return nil, errKilled
	default:
	}
	commit, err := m.Store.Apply(b, d)
	return mortalCommit{m, commit}, err
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.dead)
}

type mortalCommit struct {
	store  *mortal
	commit kv.Commit
}

func (c mortalCommit) Wait() error {
	select {
	case <-c.store.dead:
		return errKilled
	case <-time.After(syncTime):
	}
	err := c.commit.Wait()
	select {
	case <-c.store.dead: // which may have come first
		return errKilled
	default:
		return err
	}
}

// lives are the engines of one store, one after the other.
type lives struct {
	t      *testing.T
	ground ground
	store  *mortal
	engine atomic.Pointer[Engine]
	url    string
	sent   atomic.Bool // all messages
	over   atomic.Bool
	// The requests that were cut off.
	sends, receives, deletes atomic.Int64
}

// open opens the engine of the next life.
func (l *lives) open() {
	l.store = &mortal{Store: l.ground.open(), dead: make(chan struct{})}
	e, err := Open(l.store, Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	l.engine.Store(e)
}

// restart ends the engine, gently or by killing it, and opens the next one.
func (l *lives) restart(kill bool) {
	old := l.engine.Load()
	if !kill {
		l.end(old)
	}
	l.store.kill()
	l.ground.crash()
	if kill {
		l.end(old)
	}
	l.ground.close(l.store.Store)
	l.open()
}

func (l *lives) end(e *Engine) {
	if err := e.Close(); err != nil {
		l.t.Error(err)
	}
}

// try makes a request. cut says that the engine ended before it answered.
func (l *lives) try(request func(*Engine) error) (cut bool, err error) {
	err = request(l.engine.Load())
	if errors.Is(err, errKilled) || errors.Is(err, errClosed) || errors.Is(err, kv.ErrClosed) {
		time.Sleep(5 * time.Millisecond)
		return true, nil
	}
	return false, err
}

// playLives has senders and receivers work through restarts until every message is
// deleted.
func playLives(t *testing.T, g ground) {
	const groups, each, receivers, senders = 40, 40, 64, 4
	l := &lives{t: t, ground: g}
	l.open()
	l.url = (&rig{t, l.store, l.engine.Load()}).fifo("q.fifo")
	c := newChecker(t, groups, each)
	var producing, consuming sync.WaitGroup
	for s := range senders {
		producing.Go(func() { l.produce(s, senders, groups, each) })
	}
	go func() {
		producing.Wait()
		l.sent.Store(true)
	}()
	for i := range receivers {
		consuming.Go(func() { l.consume(c, rand.New(rand.NewPCG(2, uint64(i)))) })
	}
	rng, restarts := rand.New(rand.NewPCG(5, 6)), 0
	for deadline := time.Now().Add(time.Hour); !l.isEmpty() && time.Now().Before(deadline); restarts++ {
		time.Sleep(time.Duration(100+rng.IntN(700)) * time.Millisecond)
		l.restart(rng.IntN(2) == 0)
	}
	l.over.Store(true)
	consuming.Wait()
	l.end(l.engine.Load())
	l.ground.close(l.store.Store)
	c.nothingLost()
	t.Logf("%d restarts cut off %d sends, %d receives, %d deletes", restarts, l.sends.Load(), l.receives.Load(), l.deletes.Load())
	if restarts < 10 || l.sends.Load() == 0 || l.receives.Load() == 0 || l.deletes.Load() == 0 || c.again == 0 {
		t.Error("the test tests nothing")
	}
}

// nothingLost checks, of an empty queue, that all was received and deleted.
func (c *checker) nothingLost() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for group, list := range c.left {
		list = slices.DeleteFunc(list, func(body string) bool { return c.unsure[body] })
		if len(list) > 0 {
			c.t.Errorf("group %s: lost are %v", group, list)
		}
	}
}

// isEmpty reports whether all messages were sent, and none is left.
func (l *lives) isEmpty() bool {
	return l.sent.Load() && (&rig{l.t, l.store, l.engine.Load()}).counts(l.url) == [3]string{"0", "0", "0"}
}

// produce sends the messages of every step-th group, each until it is answered,
// and some once more.
func (l *lives) produce(first, step, groups, each int) {
	for i := range each {
		for g := first; g < groups; g += step {
			group := fmt.Sprint("g", g)
			in := sendRequest(l.url, fmt.Sprintf("%s/%d", group, i), group)
			for answers := 0; answers < 1+(i+g)%2; {
				cut, err := l.try(func(e *Engine) error {
					_, err := e.SendMessage(l.t.Context(), caller, in)
					return err
				})
				switch {
				case err != nil:
					l.t.Errorf("sending %s: %v", in.MessageBody.V, err)
					return
				case cut:
					l.sends.Add(1)
				default:
					answers++
				}
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// consume receives until the queue is empty, and sometimes hangs up.
func (l *lives) consume(c *checker, rng *rand.Rand) {
	for !l.over.Load() {
		seconds := 1 + rng.Int64N(4)
		in := receiveRequest(l.url, 1+rng.Int64N(10))
		waiting(1)(in)
		visibility(seconds)(in)
		ctx, cancel := l.t.Context(), func() {}
		if rng.IntN(8) == 0 {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(rng.IntN(300))*time.Millisecond)
		}
		var list []model.Message
		cut, err := l.try(func(e *Engine) error {
			out, err := e.ReceiveMessage(ctx, caller, in)
			if err == nil {
				list = out.Messages
			}
			return err
		})
		cancel()
		switch {
		case errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			l.t.Errorf("receiving: %v", err)
			return
		case cut:
			l.receives.Add(1)
		case len(list) > 0:
			until := time.Now().Add(time.Duration(seconds)*time.Second - syncTime)
			c.received(list, until)
			for _, m := range list {
				l.finish(c, m, until, rng)
			}
		}
	}
}

// finish deletes a message, or does not.
func (l *lives) finish(c *checker, m model.Message, until time.Time, rng *rand.Rand) {
	time.Sleep(time.Duration(rng.IntN(100)) * time.Millisecond)
	switch late := !time.Now().Before(until); {
	case late:
		cut, err := l.delete(m)
		if err == nil && !cut && c.has(m) || err != nil && !strings.Contains(err.Error(), "expired") {
			l.t.Errorf("deleting %s after its time: %v", m.Body.V, err)
		}
	case rng.IntN(10) == 0:
		time.Sleep(time.Until(until)) // a consumer that hangs
	case rng.IntN(10) == 0:
		c.release(m)
		_, err := l.try(func(e *Engine) error { return (&rig{l.t, nil, e}).setVisibility(l.url, m, 0) })
		if err != nil {
			l.t.Errorf("giving back %s: %v", m.Body.V, err)
		}
	default:
		c.deleting(m)
		cut, err := l.delete(m)
		switch {
		case err != nil:
			l.t.Errorf("deleting %s in time: %v", m.Body.V, err)
		case cut:
			l.deletes.Add(1)
		default:
			c.deleted(m)
		}
	}
}

func (l *lives) delete(m model.Message) (cut bool, err error) {
	return l.try(func(e *Engine) error {
		_, err := e.DeleteMessage(context.Background(), caller, &model.DeleteMessageRequest{
			QueueUrl: api.Some(l.url), ReceiptHandle: m.ReceiptHandle,
		})
		return err
	})
}
