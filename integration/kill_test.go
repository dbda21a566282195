package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A mixed load of writers over the wire, while the server is killed again and
// again at random moments and started on the same directory. Whatever was
// acknowledged has to be there at the end, and nothing may be there by halves.
// Writers do not know about the kills: a call fails, and they go on with it.
func TestKill(t *testing.T) {
	const kills = 6
	s := startServer(t, "--data", t.TempDir())
	c := newClient(s, newAccount(), "us-east-1")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	items, bank, queue := newKillItems(t, c), newKillBank(t, c), newKillQueue(t, c)
	load, stop := context.WithCancel(t.Context())
	defer stop()
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() { items.write(load, w) })
		writers.Go(func() { bank.write(load, w) })
		writers.Go(func() { queue.send(load, w) })
	}
	for range 2 {
		writers.Go(func() { queue.receive(load) })
	}
	for range kills {
		time.Sleep(time.Duration(200+random.IntN(900)) * time.Millisecond)
		s.restart(t, syscall.SIGKILL)
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	writers.Wait()
	s.restart(t, syscall.SIGKILL)

	items.check(t)
	bank.check(t)
	queue.check(t)
}

// lost counts what a check finds missing, without a line for each.
type lost struct {
	what     string
	count    int
	examples []string
}

func (l *lost) add(format string, args ...any) {
	if l.count++; l.count <= 3 {
		l.examples = append(l.examples, fmt.Sprintf(format, args...))
	}
}

func (l *lost) report(t *testing.T) {
	t.Helper()
	if l.count > 0 {
		t.Errorf("%s: %d, such as %q", l.what, l.count, l.examples)
	}
}

// again waits before a call that failed is made again. It says whether there is
// a call to make.
func again(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(5 * time.Millisecond):
		return true
	}
}
