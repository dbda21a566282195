package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"
)

// workload is one operation under load, on one server.
type workload struct {
	name string
	// queue says that it is one of queues; counts are then of messages, else of
	// requests.
	queue bool
	setup func(*client) error
	// prepare, if any, is done before each measurement.
	prepare func(*client) error
	// step does one request, or one cycle of requests, and returns how many
	// requests or messages it was. errExhausted ends the measurement early.
	step func(*worker) (int, error)
	// pass, if any, is the measurement, in place of step in a loop.
	pass func(*config, *client) (result, error)
}

// errExhausted says that a workload has used up what was prepared.
var errExhausted = errors.New("exhausted")

// keys is the number of items that point operations choose from.
const keys = 10_000

// payload makes an item of about 256 bytes.
var payload = strings.Repeat("x", 200)

// workloads returns the workloads for one server.
func workloads(c *config) []workload {
	return slices.Concat(tableWorkloads(), queueWorkloads(c), pipeWorkloads())
}

// worker is one connection's part of a workload.
type worker struct {
	client *client
	resp   *fasthttp.Response
	id     int
	n      int // steps so far
}

func (k *worker) do(target, body string) error { return k.client.call(target, []byte(body), k.resp) }

// one is a step of one request.
func one(request func(*worker) error) func(*worker) (int, error) {
	return func(k *worker) (int, error) { return 1, request(k) }
}

// parallel calls f with the numbers below n, width of them at a time.
func parallel(width, n int, f func(i int) error) error {
	errs := make([]error, width)
	var wg sync.WaitGroup
	for w := range width {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += width {
				errs[w] = f(i)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// list joins what item makes of the numbers below n by commas.
func list(n int, item func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(item(i))
	}
	return b.String()
}

// quoted is a JSON string of s, which needs no escapes.
func quoted(s string) string { return fmt.Sprintf(`"%s"`, s) }
