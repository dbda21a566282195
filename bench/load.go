package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// result is one measurement.
type result struct {
	Engine    string  `json:"engine"`
	Operation string  `json:"operation"`
	Loop      string  `json:"loop"` // "closed" or "fixed rate"
	Unit      string  `json:"unit"` // "request" or "message"
	Count     int     `json:"count"`
	PerSecond float64 `json:"perSecond"`
	// StepsPerSecond is PerSecond where each step is one request or message.
	StepsPerSecond float64 `json:"stepsPerSecond"`
	P50            float64 `json:"p50Millis"`
	P99            float64 `json:"p99Millis"`
	Max            float64 `json:"maxMillis"`
	// ServerCPU is the server's CPU time a request or message, in microseconds; 0
	// when the server is not ours to look at.
	ServerCPU float64 `json:"serverCPUMicros"`
	// Resident is the server's resident memory afterwards, in MiB.
	Resident float64 `json:"residentMiB"`
	// Failure is why there are no figures.
	Failure string `json:"failure,omitempty"`

	latencies *histogram // nil if there are no figures
}

func (r result) String() string {
	if r.Failure != "" {
		return fmt.Sprintf("%-16s %-28s %-10s %.140s", r.Engine, r.Operation, r.Loop, r.Failure)
	}
	return fmt.Sprintf("%-16s %-28s %-10s %9.0f/s  p50 %7.2f ms  p99 %7.2f ms  max %8.2f ms  server CPU %6.1f us  %4.0f MiB",
		r.Engine, r.Operation, r.Loop, r.PerSecond, r.P50, r.P99, r.Max, r.ServerCPU, r.Resident)
}

func newWorker(c *client, id int) *worker {
	return &worker{client: c, id: id, resp: fasthttp.AcquireResponse()}
}

func (k *worker) release() { fasthttp.ReleaseResponse(k.resp) }

// closedLoop runs every connection as fast as answers come.
func closedLoop(c *config, p *process, cl *client, w workload) result {
	end := time.Now().Add(c.duration)
	return drive(c, p, cl, w, "closed", func() (time.Time, bool) {
		now := time.Now()
		return now, now.Before(end)
	})
}

// fixedRate sends requests when they are due, whatever became of the ones
// before.
func fixedRate(c *config, p *process, cl *client, w workload, rate float64) result {
	next := schedule(rate, c.duration)
	return drive(c, p, cl, w, "fixed rate", func() (time.Time, bool) {
		due, more := next()
		if more {
			due = await(due)
		}
		return due, more
	})
}

// await sleeps until a request is due, and returns the time from which its latency
// counts: when it was due, if the requests before it kept it from being sent, and
// otherwise now, as a sleep is up to a millisecond too long.
func await(due time.Time) time.Time {
	rest := time.Until(due)
	if rest <= 0 {
		return due
	}
	time.Sleep(rest)
	return time.Now()
}

// schedule returns the times at which requests are due, one a call.
func schedule(rate float64, duration time.Duration) func() (time.Time, bool) {
	start, gap := time.Now(), time.Duration(float64(time.Second)/max(rate, 1))
	var mu sync.Mutex
	sent := 0
	return func() (time.Time, bool) {
		mu.Lock()
		defer mu.Unlock()
		due := start.Add(time.Duration(sent) * gap)
		sent++
		return due, due.Sub(start) < duration
	}
}

// drive runs the workers; next returns when a request is due, and false when
// there are no more.
func drive(c *config, p *process, cl *client, w workload, loop string, next func() (time.Time, bool)) result {
	var wg sync.WaitGroup
	hists := make([]histogram, c.conns)
	counts := make([]int, c.conns)
	errs := make([]error, c.conns)
	cpu, start := p.cpu(), time.Now()
	for i := range c.conns {
		wg.Go(func() {
			k := newWorker(cl, i)
			defer k.release()
			counts[i], errs[i] = k.loop(w, &hists[i], next)
		})
	}
	wg.Wait()
	took := time.Since(start)
	r := result{Engine: p.spec.text, Operation: w.name, Loop: loop, Unit: w.unit(), Resident: p.resident()}
	if err := errors.Join(errs...); err != nil {
		r.Failure = first(errorTexts(errs))
		return r
	}
	var all histogram
	for i := range hists {
		all.merge(&hists[i])
		r.Count += counts[i]
	}
	r.PerSecond = float64(r.Count) / took.Seconds()
	r.StepsPerSecond = float64(all.count) / took.Seconds()
	r.P50, r.P99, r.Max = all.quantile(0.50), all.quantile(0.99), all.max
	r.latencies = &all
	if r.Count > 0 && cpu >= 0 {
		r.ServerCPU = float64(p.cpu()-cpu) / float64(time.Microsecond) / float64(r.Count)
	}
	return r
}

func (w workload) unit() string {
	if w.queue {
		return "message"
	}
	return "request"
}

func errorTexts(errs []error) []string {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	return texts
}

// loop does steps as they are due, and returns how many requests or messages
// they were.
func (k *worker) loop(w workload, h *histogram, next func() (time.Time, bool)) (int, error) {
	count := 0
	for {
		due, more := next()
		if !more {
			return count, nil
		}
		n, err := w.step(k)
		if errors.Is(err, errExhausted) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
		k.n++
		count += n
		h.add(time.Since(due))
	}
}
