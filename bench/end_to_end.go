package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// endToEndRate is how many messages a second the measurement of latency sends.
	endToEndRate = 1000
	// endToEndWidth is how many connections send, and how many receive: enough not
	// to be what is measured.
	endToEndWidth = 64
)

// endToEnd sends messages at a fixed rate, each with the time at which it is
// due, and takes the latency where a receiver has it.
func endToEnd() workload {
	q := newQueue("SQS end to end", 0)
	q.wait = 1
	return workload{name: "SQS end to end", queue: true, setup: q.create, pass: func(c *config, cl *client) (result, error) {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		const receivers = endToEndWidth
		hists, errs := make([]histogram, receivers), make([]error, receivers+1)
		var wg sync.WaitGroup
		for i := range receivers {
			wg.Go(func() { errs[i] = q.receiveUntil(ctx, cl, &hists[i]) })
		}
		start := time.Now()
		errs[receivers] = q.sendDue(c, cl)
		took := time.Since(start)
		time.Sleep(100 * time.Millisecond) // the last ones are still under way
		stop()
		wg.Wait()
		var all histogram
		for i := range hists {
			all.merge(&hists[i])
		}
		return result{Count: all.count, PerSecond: float64(all.count) / took.Seconds(),
			P50: all.quantile(0.50), P99: all.quantile(0.99), Max: all.max}, errors.Join(errs...)
	}}
}

func (q *queue) sendDue(c *config, cl *client) error {
	next := schedule(endToEndRate, c.duration)
	return parallel(endToEndWidth, endToEndWidth, func(int) error {
		k := newWorker(cl, 0)
		defer k.release()
		for {
			due, more := next()
			if !more {
				return nil
			}
			due = await(due)
			if err := q.sendBody(k, 1, fmt.Sprintf("due %d %s", due.UnixNano(), payload)); err != nil {
				return err
			}
		}
	})
}

func (q *queue) receiveUntil(ctx context.Context, cl *client, h *histogram) error {
	k := newWorker(cl, 0)
	defer k.release()
	for ctx.Err() == nil {
		handles, err := q.receive(k, 1)
		if err != nil {
			return err
		}
		if len(handles) == 0 {
			continue
		}
		text, _, _ := strings.Cut(first(values(k.resp.Body(), "Body", cl.query)), " x")
		nanos, err := strconv.ParseInt(strings.TrimPrefix(text, "due "), 10, 64)
		if err != nil {
			return err
		}
		h.add(time.Since(time.Unix(0, nanos)))
		if err := q.delete(k, handles); err != nil {
			return err
		}
	}
	return nil
}
