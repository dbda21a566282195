package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// isolation is one thing that should not be disturbed by another.
type isolation struct {
	name          string
	victim, flood workload
	width         int // connections of the flood; 0 means as many as are asked for
}

// isolations returns what is measured.
func isolations() []isolation {
	flooded := emptyTable("flooded")
	put := func(table string) func(*worker) (int, error) {
		return one(func(k *worker) error {
			return k.do(ddb+"PutItem", fmt.Sprintf(`{"TableName":"%s","Item":{"pk":{"S":"%d-%d"},"data":{"S":"%s"}}}`, table, k.id, k.n, payload))
		})
	}
	get := one(func(k *worker) error {
		return k.do(ddb+"GetItem", fmt.Sprintf(`{"TableName":"calm","Key":{"pk":{"S":"k%d"}}}`, k.n%keys))
	})
	calm, noisy := cycles("calm", 1, 0, 0), cycles("noisy", 1, 0, 0)
	return []isolation{
		{name: "writes of a table, while another is written to", victim: workload{setup: emptyTable("calm"), step: put("calm")}, flood: workload{setup: flooded, step: put("flooded")}},
		{name: "reads of a table, while another is written to", victim: workload{setup: filledTable("calm"), step: get}, flood: workload{setup: flooded, step: put("flooded")}},
		{name: "reads of a table, while it is scanned", victim: workload{setup: filledTable("calm"), step: get}, flood: workload{step: one(scanAll), setup: filledTable("calm")}, width: 2},
		{name: "cycles of a queue, while another is cycled", victim: calm, flood: noisy},
	}
}

// scanAll reads a table from end to end, a page of 1 MB at a time.
func scanAll(k *worker) error {
	return k.do(ddb+"Scan", `{"TableName":"calm","FilterExpression":"n > :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`)
}

// isolationMain is the command bench isolation: how much the latency of one load at
// a fixed rate grows while another one goes as fast as it can.
func isolationMain(args []string) error {
	c := config{duration: 5 * time.Second}
	var rate float64
	var rounds int
	var only string
	flags := flag.NewFlagSet("bench isolation", flag.ExitOnError)
	flags.StringVar(&c.engine, "engine", "levee:disk", "what to measure, as in bench -engine")
	flags.StringVar(&c.binary, "binary", "", "the levee of -engine levee, instead of building one")
	flags.DurationVar(&c.duration, "duration", c.duration, "length of each stretch")
	flags.IntVar(&rounds, "rounds", 1, "how often four stretches follow each other: quiet, flooded, flooded, quiet")
	flags.IntVar(&c.conns, "conns", 32, "connections of the flood")
	flags.Float64Var(&rate, "rate", 200, "requests a second of the load that is measured")
	flags.StringVar(&only, "only", "", "measure only what has this in its name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if c.temp, err = os.MkdirTemp("", "levee-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(c.temp) }()
	s, err := parseSpec(c.engine)
	if err != nil {
		return err
	}
	if err := pinClient(); err != nil {
		return err
	}
	return measureIsolation(&c, s, rate, max(1, rounds), only, os.Stdout)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// measureIsolation measures each pair of loads, of those with only in their names, in
// stretches in the order quiet, flooded, flooded, quiet, so many rounds of it, and prints
// a table.
func measureIsolation(c *config, s spec, rate float64, rounds int, only string, w io.Writer) error {
	fmt.Fprintf(w, "%s at %.0f/s, %d stretches of %v without and as many beside a flood of %d connections:\n\n", s.text, rate, 2*rounds, c.duration, c.conns)
	fmt.Fprintf(w, "| what | p50 ms | flooded | ratio | p99 ms | flooded | ratio | p99 of all ms | flooded | ratio | flood/s |\n| --- |%s\n", strings.Repeat(" ---: |", 10))
	for i, one := range isolations() {
		if !strings.Contains(one.name, only) {
			continue
		}
		quiet, flooded, floods, err := one.measure(c, s, i, rate, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		fmt.Fprintf(w, "| %s |", one.name)
		for _, of := range []func(stretches) float64{stretches.p50, stretches.p99, stretches.p99OfAll} {
			fmt.Fprintf(w, " %.2f | %.2f | %.2f |", of(quiet), of(flooded), of(flooded)/of(quiet))
		}
		fmt.Fprintf(w, " %.0f |\n", floods)
	}
	return nil
}

// stretches are the latencies of several measurements of the same. The machine pauses now
// and then, and a pause of 50 ms is all that the p99 of its stretch says. So what counts is
// the median of their quantiles.
type stretches []*histogram

func (s stretches) p50() float64 { return s.median(0.50) }
func (s stretches) p99() float64 { return s.median(0.99) }

func (s stretches) p99OfAll() float64 {
	var all histogram
	for _, h := range s {
		all.merge(h)
	}
	return all.quantile(0.99)
}

func (s stretches) median(q float64) float64 {
	var each []float64
	for _, h := range s {
		each = append(each, h.quantile(q))
	}
	slices.Sort(each)
	return (each[(len(each)-1)/2] + each[len(each)/2]) / 2
}

// measure returns the latencies of stretches without the flood and beside it, and its
// rate, on a server of its own: the one before would still be compacting what
// it was flooded with.
func (one *isolation) measure(c *config, s spec, number int, rate float64, rounds int) (quiet, flooded stretches, floods float64, err error) {
	p, err := start(c, s)
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = firstError(err, p.stop()) }()
	width := one.width
	if width == 0 {
		width = c.conns
	}
	f, err := startFlood(p, number, width)
	if err != nil {
		return nil, nil, 0, err
	}
	defer func() { err = firstError(err, f.end()) }()
	cl := newClient(p)
	if err := one.victim.setup(cl); err != nil {
		return nil, nil, 0, err
	}
	calm := *c
	calm.conns = 16
	for i := range 4 * rounds {
		to := &quiet
		if i%4 == 1 || i%4 == 2 {
			to = &flooded
			f.begin()
		}
		r := fixedRate(&calm, p, cl, one.victim, rate)
		if to == &flooded {
			n, err := f.pause()
			if err != nil {
				return nil, nil, 0, err
			}
			floods += n / float64(2*rounds)
		}
		if r.Failure != "" {
			return nil, nil, 0, errors.New(r.Failure)
		}
		*to = append(*to, r.latencies)
	}
	return quiet, flooded, floods, nil
}
