package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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
	var only string
	flags := flag.NewFlagSet("bench isolation", flag.ExitOnError)
	flags.StringVar(&c.engine, "engine", "levee:disk", "what to measure, as in bench -engine")
	flags.StringVar(&c.binary, "binary", "", "the levee of -engine levee, instead of building one")
	flags.DurationVar(&c.duration, "duration", c.duration, "length of each of four measurements")
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
	return measureIsolation(&c, s, rate, only, os.Stdout)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// measureIsolation measures each pair of loads in the order quiet, flooded,
// flooded, quiet, and prints a table: of those with only in their names.
func measureIsolation(c *config, s spec, rate float64, only string, w io.Writer) error {
	fmt.Fprintf(w, "%s at %.0f/s, flood of %d connections, p99 in ms quiet, flooded, flooded, quiet:\n\n", s.text, rate, c.conns)
	fmt.Fprintf(w, "| what | quiet | flooded | flooded | quiet | ratio of p99 | of p50 | flood/s |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for i, one := range isolations() {
		if !strings.Contains(one.name, only) {
			continue
		}
		p50, p99, floods, err := one.measure(c, s, i, rate)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.0f |\n", one.name, p99[0], p99[1], p99[2], p99[3], growthOf(p99), growthOf(p50), floods)
	}
	return nil
}

// growthOf returns by how much a latency is greater in the flooded runs than in the
// quiet ones around them.
func growthOf(latency [4]float64) float64 {
	return (latency[1] + latency[2]) / (latency[0] + latency[3])
}

// measure returns the latencies of the four runs, and the rate of the flood, on a server
// of its own: the one before would still be compacting what it was flooded with.
func (one *isolation) measure(c *config, s spec, number int, rate float64) (p50, p99 [4]float64, floods float64, err error) {
	p, err := start(c, s)
	if err != nil {
		return p50, p99, 0, err
	}
	defer func() { err = firstError(err, p.stop()) }()
	width := one.width
	if width == 0 {
		width = c.conns
	}
	f, err := startFlood(p, number, width)
	if err != nil {
		return p50, p99, 0, err
	}
	defer func() { err = firstError(err, f.end()) }()
	cl := newClient(p)
	if err := one.victim.setup(cl); err != nil {
		return p50, p99, 0, err
	}
	calm := *c
	calm.conns = 16
	for i, flooded := range [4]bool{false, true, true, false} {
		if flooded {
			f.begin()
		}
		r := fixedRate(&calm, p, cl, one.victim, rate)
		if flooded {
			n, err := f.pause()
			if err != nil {
				return p50, p99, 0, err
			}
			floods += n / 2
		}
		if r.Failure != "" {
			return p50, p99, 0, errors.New(r.Failure)
		}
		p50[i], p99[i] = r.P50, r.P99
	}
	return p50, p99, floods, nil
}
