package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// sustainedMain is the command bench sustained: writes of new items at a fixed rate for
// minutes beside reads, and what becomes of latency, memory and compaction. 11,600 a
// second are a billion a day.
func sustainedMain(args []string) error {
	c := config{}
	var writes, reads float64
	var length time.Duration
	flags := flag.NewFlagSet("bench sustained", flag.ExitOnError)
	flags.StringVar(&c.engine, "engine", "levee:disk", "what to measure, as in bench -engine; a levee")
	flags.StringVar(&c.binary, "binary", "", "the levee of -engine levee, instead of building one")
	flags.Float64Var(&writes, "writes", 11600, "items written a second")
	flags.Float64Var(&reads, "reads", 500, "items read a second")
	batch := flags.Int("batch", 1, "items a write: 1 for PutItem, up to 25 for BatchWriteItem")
	flags.IntVar(&c.conns, "conns", 64, "connections that write")
	flags.DurationVar(&length, "for", 10*time.Minute, "how long")
	flags.DurationVar(&c.duration, "every", time.Minute, "length of each line of the table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *batch < 1 || *batch > 25 {
		return fmt.Errorf("-batch is from 1 to 25")
	}
	return withLevee(&c, func(p *process, admin string) error {
		return sustain(&c, p, admin, writes, reads, *batch, length, os.Stdout)
	})
}

// withLevee starts a levee that tells of itself, leaves its CPU to it, and stops it at
// the end.
func withLevee(c *config, do func(p *process, admin string) error) (err error) {
	if c.temp, err = os.MkdirTemp("", "levee-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(c.temp) }()
	s, err := parseSpec(c.engine)
	if err != nil {
		return err
	}
	admin, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := start(c, withAdmin(s, admin))
	if err != nil {
		return err
	}
	defer func() { err = firstError(err, p.stop()) }()
	if err := pinClient(); err != nil {
		return err
	}
	return do(p, admin)
}

// writing puts new items, so many a step, of about 256 bytes each.
func writing(batch int) workload {
	if batch == 1 {
		return workload{name: "writes", setup: emptyTable("sustained"), step: one(func(k *worker) error {
			return k.do(ddb+"PutItem", fmt.Sprintf(`{"TableName":"sustained","Item":{"pk":{"S":"%x"},"data":{"S":"%s"}}}`, rand.Uint64(), payload))
		})}
	}
	return workload{name: "writes", setup: emptyTable("sustained"), step: one(func(k *worker) error {
		return k.do(ddb+"BatchWriteItem", fmt.Sprintf(`{"RequestItems":{"sustained":[%s]}}`, list(batch, func(int) string {
			return fmt.Sprintf(`{"PutRequest":{"Item":{"pk":{"S":"%x"},"data":{"S":"%s"}}}}`, rand.Uint64(), payload)
		})))
	})}
}

// sustain prints a line of figures for each stretch of time.
func sustain(c *config, p *process, admin string, writes, reads float64, batch int, length time.Duration, w io.Writer) error {
	cl := newClient(p)
	put := writing(batch)
	get := workload{name: "reads", setup: filledTable("read"), step: one(func(k *worker) error {
		return k.do(ddb+"GetItem", fmt.Sprintf(`{"TableName":"read","Key":{"pk":{"S":"k%d"}}}`, rand.IntN(keys)))
	})}
	if err := firstError(put.setup(cl), get.setup(cl)); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %.0f items written a second, %d a request, and %.0f read:\n\n", p.spec.text, writes, batch, reads)
	fmt.Fprintln(w, "| after | written/s | p50 ms | p99 ms | max ms | read p99 ms | CPU | items a sync | debt of compaction MiB | read amplification | disk MiB | resident MiB |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	before, err := figuresOf(admin)
	if err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < length; {
		cpu, at := p.cpu(), time.Now()
		var written, read result
		var both sync.WaitGroup
		both.Go(func() { written = fixedRate(c, p, cl, put, writes/float64(batch)) })
		both.Go(func() {
			few := *c
			few.conns = 8
			read = fixedRate(&few, p, cl, get, reads)
		})
		both.Wait()
		if text := written.Failure + read.Failure; text != "" {
			return fmt.Errorf("%s", text)
		}
		now, err := figuresOf(admin)
		if err != nil {
			return err
		}
		took := time.Since(at)
		items := float64(written.Count * batch)
		const syncs = "levee_store_sync_seconds_count"
		fmt.Fprintf(w, "| %.0f s | %.0f | %.2f | %.2f | %.0f | %.2f | %.0f %% | %.1f | %.0f | %.0f | %.0f | %.0f |\n",
			time.Since(began).Seconds(), items/took.Seconds(), written.P50, written.P99, written.Max, read.P99,
			100*(p.cpu()-cpu).Seconds()/took.Seconds(), items/max(1, now[syncs]-before[syncs]),
			now["levee_store_compaction_debt_bytes"]/(1<<20), now["levee_store_read_amplification"], now["levee_store_disk_bytes"]/(1<<20), p.resident())
		before = now
	}
	return nil
}
