// Command bench drives a levee server over the wire and reports what it sees:
// requests a second, latencies, and the CPU time that the server spent for
// each request, the one figure that survives a noisy machine.
//
//	go run . -out REPORT.md              # build and measure, on disk and in memory
//	go run . -stores memory -ops GetItem # one of them
//	go run . -endpoint http://host:8000  # any endpoint
//
// Every operation runs in a closed loop (each connection sends its next
// request when it has the answer) and then at a fixed rate, where latency
// counts from the moment at which a request was due, so that a stall is not
// hidden by the requests that it kept from being sent.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type config struct {
	endpoint string
	stores   string
	ops      string
	conns    int
	duration time.Duration
	share    float64
	out      string
	jsonOut  string
	binary   string
}

func main() {
	var c config
	flag.StringVar(&c.endpoint, "endpoint", "", "measure this server instead of starting one")
	flag.StringVar(&c.stores, "stores", "disk,memory", "stores to start the server with")
	flag.StringVar(&c.ops, "ops", "", "operations to measure, comma-separated; all by default")
	flag.IntVar(&c.conns, "conns", 64, "connections")
	flag.DurationVar(&c.duration, "duration", 5*time.Second, "length of each measurement")
	flag.Float64Var(&c.share, "share", 0.5, "fixed rate, as a share of the closed loop's rate")
	flag.StringVar(&c.out, "out", "", "write the report to this Markdown file")
	flag.StringVar(&c.jsonOut, "json", "", "write the figures to this JSON file")
	flag.StringVar(&c.binary, "binary", "", "measure this levee binary instead of building one")
	flag.Parse()
	if err := run(&c); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(c *config) error {
	var results []result
	for _, store := range targets(c) {
		s, err := startServer(c, store)
		if err != nil {
			return err
		}
		measured, err := measureAll(c, s, store)
		if stopErr := s.stop(); err == nil {
			err = stopErr
		}
		if err != nil {
			return err
		}
		results = append(results, measured...)
	}
	return report(c, results)
}

func targets(c *config) []string {
	if c.endpoint != "" {
		return []string{"endpoint"}
	}
	return strings.Split(c.stores, ",")
}

func measureAll(c *config, s *server, store string) ([]result, error) {
	var results []result
	wanted := strings.Split(c.ops, ",")
	for _, w := range workloads() {
		if c.ops != "" && !slices.Contains(wanted, w.name) {
			continue
		}
		client := newClient(s.url)
		if err := w.setup(client); err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		closed, err := closedLoop(c, s, client, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		open, err := fixedRate(c, s, client, w, closed.PerSecond*c.share)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		for _, r := range []result{closed, open} {
			r.Store = store
			results = append(results, r)
			fmt.Fprintln(os.Stderr, r)
		}
	}
	return results, nil
}

func report(c *config, results []result) error {
	if c.jsonOut != "" {
		b, err := json.MarshalIndent(results, "", "  ")
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(c.jsonOut), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(c.jsonOut, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	text := markdown(c, results)
	if c.out == "" {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(c.out, []byte(text), 0o644)
}
