package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// result is one measurement.
type result struct {
	Store     string  `json:"store"`
	Operation string  `json:"operation"`
	Loop      string  `json:"loop"` // "closed" or "fixed rate"
	Requests  int     `json:"requests"`
	PerSecond float64 `json:"requestsPerSecond"`
	P50       float64 `json:"p50Millis"`
	P99       float64 `json:"p99Millis"`
	Max       float64 `json:"maxMillis"`
	// ServerCPU is the server's CPU time a request, in microseconds; 0 when the
	// server is not ours to look at.
	ServerCPU float64 `json:"serverCPUMicros"`
}

func (r result) String() string {
	return fmt.Sprintf("%-8s %-26s %-10s %9.0f/s  p50 %7.2f ms  p99 %7.2f ms  max %8.2f ms  server CPU %6.1f us",
		r.Store, r.Operation, r.Loop, r.PerSecond, r.P50, r.P99, r.Max, r.ServerCPU)
}

// worker is one connection's part of a workload.
type worker struct {
	client *client
	resp   *fasthttp.Response
	id     int
	n      int // requests so far
}

// closedLoop runs every connection as fast as answers come.
func closedLoop(c *config, s *server, cl *client, w workload) (result, error) {
	end := time.Now().Add(c.duration)
	return drive(c, s, cl, w, "closed", func(*worker) (time.Time, bool) {
		now := time.Now()
		return now, now.Before(end)
	})
}

// fixedRate sends requests when they are due, whatever became of the ones
// before.
func fixedRate(c *config, s *server, cl *client, w workload, rate float64) (result, error) {
	start := time.Now()
	gap := time.Duration(float64(time.Second) / max(rate, 1))
	var mu sync.Mutex
	sent := 0
	return drive(c, s, cl, w, "fixed rate", func(*worker) (time.Time, bool) {
		mu.Lock()
		due := start.Add(time.Duration(sent) * gap)
		sent++
		mu.Unlock()
		if due.Sub(start) > c.duration {
			return due, false
		}
		time.Sleep(time.Until(due))
		return due, true
	})
}

// drive runs the workers; next blocks until a request is due and reports
// whether there is one.
func drive(c *config, s *server, cl *client, w workload, loop string, next func(*worker) (time.Time, bool)) (result, error) {
	var wg sync.WaitGroup
	hists := make([]histogram, c.conns)
	errs := make([]error, c.conns)
	cpu, start := s.cpu(), time.Now()
	for i := range c.conns {
		wg.Go(func() {
			k := &worker{client: cl, id: i, resp: fasthttp.AcquireResponse()}
			defer fasthttp.ReleaseResponse(k.resp)
			errs[i] = k.loop(w, &hists[i], next)
		})
	}
	wg.Wait()
	took := time.Since(start)
	var all histogram
	for i := range hists {
		if errs[i] != nil {
			return result{}, errs[i]
		}
		all.merge(&hists[i])
	}
	r := result{Operation: w.name, Loop: loop, Requests: all.count, PerSecond: float64(all.count) / took.Seconds(),
		P50: all.quantile(0.50), P99: all.quantile(0.99), Max: all.max}
	if all.count > 0 && cpu >= 0 {
		r.ServerCPU = float64(s.cpu()-cpu) / float64(time.Microsecond) / float64(all.count)
	}
	return r, nil
}

func (k *worker) loop(w workload, h *histogram, next func(*worker) (time.Time, bool)) error {
	for {
		due, more := next(k)
		if !more {
			return nil
		}
		if err := w.step(k); err != nil {
			return err
		}
		k.n++
		h.add(time.Since(due))
	}
}
