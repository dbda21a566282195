package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// config is what a run is asked for.
type config struct {
	length time.Duration
	kills  int
	life   time.Duration
	dir    string
	binary string
	seed   uint64
	log    io.Writer // progress
	// between, unless nil, is called while the server is down. Tests do harm there.
	between func(kills int)
}

// load is one kind of work, and what it remembers of the answers. What it finds
// wrong it tells problems.
type load interface {
	// create makes tables and queues.
	create() error
	// work sends requests until stop is set or the server is gone.
	work(worker int, rng *rand.Rand, stop *atomic.Bool)
	// check compares what the server has with what was answered, and brings what
	// was left undetermined to an end. Nobody works meanwhile.
	check() error
	// finish is the last check, which may take its time.
	finish() error
	// done is the number of requests that were acknowledged.
	done() int
	name() string
}

// workers is the number of workers of each load.
const workers = 3

// Of so many kills one is a SIGTERM, and after one levee check runs.
const (
	terminateEvery = 16
	verifyEvery    = 8
)

// soak is one run.
func soak(cfg *config) (*report, error) {
	s, err := newServer(cfg.binary, cfg.dir)
	if err != nil {
		return nil, err
	}
	defer s.end(syscall.SIGKILL)
	rep := &report{seed: cfg.seed, began: time.Now()}
	c := newClient("http://" + s.addr)
	loads := newLoads(c, &rep.wrong)
	rng := rand.New(rand.NewPCG(cfg.seed, 1))
	deadline := rep.began.Add(cfg.length)
	for time.Now().Before(deadline) && (cfg.kills == 0 || rep.kills < cfg.kills) && rep.wrong.count == 0 {
		if err := round(cfg, s, loads, rep, rng, deadline); err != nil {
			return rep, err
		}
		fmt.Fprintf(cfg.log, "\r%v: %d kills, %d acknowledged ", time.Since(rep.began).Round(time.Second), rep.kills, rep.count(loads))
	}
	fmt.Fprintln(cfg.log)
	return rep, last(s, loads, rep)
}

// newLoads returns all loads.
func newLoads(c *client, wrong *problems) []load {
	return []load{
		newItems(c, wrong), newCounter(c, wrong), newBank(c, wrong),
		newQueue(c, wrong, "soak"), newQueue(c, wrong, "soak.fifo"),
	}
}

// round is one life of the server: start it, check, work, kill it.
func round(cfg *config, s *server, loads []load, rep *report, rng *rand.Rand, deadline time.Time) error {
	if err := s.start(); err != nil {
		return err
	}
	for _, l := range loads {
		act := l.check
		if rep.kills == 0 {
			act = l.create
		}
		if err := act(); err != nil {
			return fmt.Errorf("%s: %w", l.name(), err)
		}
	}
	life := min(time.Duration(float64(cfg.life)*2*rng.Float64()), time.Until(deadline))
	stop := work(loads, rng)
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		rep.sample(s, life)
	}()
	time.Sleep(life)
	<-sampled
	signal := syscall.SIGKILL
	if rng.IntN(terminateEvery) == 0 {
		signal = syscall.SIGTERM
		rep.terms++
	}
	s.end(signal)
	stop()
	rep.kills++
	if cfg.between != nil {
		cfg.between(rep.kills)
	}
	if rng.IntN(verifyEvery) == 0 {
		rep.checks++
		if out, err := s.check(); err != nil {
			rep.wrong.add("levee check: %v\n%s", err, out)
		}
	}
	return nil
}

// work sets all workers to work; the function returned waits until they have
// noticed that the server is gone.
func work(loads []load, rng *rand.Rand) (stop func()) {
	var done atomic.Bool
	var all sync.WaitGroup
	for _, l := range loads {
		for w := range workers {
			own := rand.New(rand.NewPCG(rng.Uint64(), uint64(w)))
			all.Go(func() { l.work(w, own, &done) })
		}
	}
	return func() {
		done.Store(true)
		all.Wait()
	}
}

// last starts the server once more for the last checks.
func last(s *server, loads []load, rep *report) error {
	if err := s.start(); err != nil {
		return err
	}
	for _, l := range loads {
		if err := l.check(); err != nil {
			return fmt.Errorf("%s: %w", l.name(), err)
		}
		if rep.wrong.count > 0 {
			continue // what was lost cannot be waited for
		}
		if err := l.finish(); err != nil {
			return fmt.Errorf("%s: %w", l.name(), err)
		}
	}
	rep.ended, rep.loads = time.Now(), loads
	s.end(syscall.SIGTERM)
	rep.checks++
	if out, err := s.check(); err != nil {
		rep.wrong.add("levee check: %v\n%s", err, out)
	}
	return nil
}
