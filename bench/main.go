// Command bench drives a server over the wire and reports what it sees:
// requests a second, latencies, resident memory, and the CPU time that the
// server spent for each request, the one figure that survives a noisy machine.
//
//	go run . -engine levee:disk                            # one engine, built from this tree
//	go run . -engine levee:disk -compare floor:disk        # as a multiple of what the machine allows
//	go run . -engine levee:disk -compare ../levee-old:disk # two builds
//	go run . -engine levee:memory -compare dynalite:memory -ops GetItem
//	go run . isolation                                     # one load beside another
//	go run . sustained -batch 10                           # a billion writes a day, for ten minutes
//	go run . disk                                          # how long syncs take without an engine
//	go run . growth                                        # a table of a million, then ten million items
//	go run . enforcement                                   # with and without --capacity enforce
//	go run . rehearse                                      # events a second of levee rehearse
//	go run . -suite -out REPORT.md                         # all of it, with everyone who is installed
//
// Two engines run at the same time, each workload in turn on A, B, B and A, and
// the report has the ratio of each pair: what drifts on the machine falls on both.
// Servers share the first CPU, the client has the others.
//
// Every operation runs in a closed loop (each connection sends its next
// request when it has the answer) and then at a fixed rate, the same for both,
// where latency counts from the moment at which a request was due, so that a
// stall is not hidden by the requests that it kept from being sent.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

type config struct {
	engine, compare string
	suite           bool
	ops             string
	groups, depths  string
	conns           int
	rounds          int
	duration        time.Duration
	share           float64
	out, jsonOut    string
	binary          string
	profile         string
	note            string

	groupCounts, depthCounts []int
	temp                     string
}

func main() {
	if len(os.Args) > 1 {
		if command := commands()[os.Args[1]]; command != nil {
			exit(command(os.Args[2:]))
		}
	}
	var c config
	flag.StringVar(&c.engine, "engine", "levee:disk", "what to measure: an engine or the path of a levee, with :disk or :memory, or a URL")
	flag.StringVar(&c.compare, "compare", "", "what to compare it with")
	flag.BoolVar(&c.suite, "suite", false, "compare levee with the floor and with every other engine that is installed")
	flag.StringVar(&c.ops, "ops", "", "workloads to measure, comma-separated, or beginnings of their names that end in *; all by default")
	flag.StringVar(&c.groups, "groups", "1,1000,100000", "numbers of message groups to cycle through FIFO queues with")
	flag.StringVar(&c.depths, "depths", "0,100000", "numbers of messages to have in queues while cycling")
	flag.IntVar(&c.conns, "conns", 64, "connections")
	flag.IntVar(&c.rounds, "rounds", 1, "how often each workload runs on A, B, B and A")
	flag.DurationVar(&c.duration, "duration", 3*time.Second, "length of each measurement")
	flag.Float64Var(&c.share, "share", 0.5, "fixed rate, as a share of the slowest closed loop's rate; 0 leaves it out")
	flag.StringVar(&c.out, "out", "", "write the report to this Markdown file")
	flag.StringVar(&c.jsonOut, "json", "", "write the figures to this JSON file")
	flag.StringVar(&c.binary, "binary", "", "the levee of -engine levee, instead of building one")
	flag.StringVar(&c.profile, "profile", "", "write a CPU profile of levee under the workloads to this file, for go build -pgo")
	flag.StringVar(&c.note, "note", "", "a remark on the machine for the report")
	flag.Parse()
	exit(run(&c))
}

// commands are what the first argument may say instead of measuring workloads.
func commands() map[string]func([]string) error {
	return map[string]func([]string) error{
		"floor": floorMain, "isolation": isolationMain, "flood": floodMain,
		"enforcement": enforcementMain, "rehearse": rehearseMain,
		"sustained": sustainedMain, "growth": growthMain, "disk": diskMain,
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(c *config) (err error) {
	if c.groupCounts, err = numbers(c.groups); err != nil {
		return err
	}
	if c.depthCounts, err = numbers(c.depths); err != nil {
		return err
	}
	if c.temp, err = os.MkdirTemp("", "levee-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.temp)) }()
	if c.binary != "" {
		if c.binary, err = filepath.Abs(c.binary); err != nil {
			return err
		}
	}
	if c.profile != "" {
		if c.profile, err = filepath.Abs(c.profile); err != nil {
			return err
		}
	}
	if err := pinClient(); err != nil {
		return err
	}
	var pairs []pair
	for _, texts := range c.plan() {
		p, err := comparePair(c.forRivals(texts), texts)
		if err != nil {
			return err
		}
		pairs = append(pairs, p)
		// A report that is not finished is better than none.
		if err := report(c, pairs); err != nil {
			return err
		}
	}
	return mergeProfiles(c)
}

// plan returns the pairs to compare.
func (c *config) plan() [][]string {
	if !c.suite {
		texts := []string{c.engine}
		if c.compare != "" {
			texts = append(texts, c.compare)
		}
		return [][]string{texts}
	}
	pairs := [][]string{{"levee:disk", "floor:disk"}, {"levee:memory", "floor:memory"}, {"floor-nethttp:memory", "floor:memory"}}
	for _, e := range engines() {
		if e.name == "levee" || strings.HasPrefix(e.name, "floor") {
			continue
		}
		pairs = append(pairs, []string{"levee:disk", e.name + ":memory"})
		if e.disk {
			pairs = append(pairs, []string{"levee:disk", e.name + ":disk"})
		}
	}
	return pairs
}

// forRivals returns the settings for a pair: where the suite compares levee with
// others, the closed loops of plain workloads say enough.
func (c *config) forRivals(texts []string) *config {
	if !c.suite || strings.HasPrefix(texts[1], "floor") {
		return c
	}
	plain := *c
	plain.share, plain.groupCounts, plain.depthCounts = 0, nil, nil
	return &plain
}

// wants says whether the workload of that name is to be measured.
func (c *config) wants(name string) bool {
	return c.ops == "" || slices.ContainsFunc(strings.Split(c.ops, ","), func(op string) bool {
		prefix, many := strings.CutSuffix(op, "*")
		return name == op || many && strings.HasPrefix(name, prefix)
	})
}

func numbers(list string) ([]int, error) {
	var ns []int
	for _, text := range strings.Split(list, ",") {
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

func report(c *config, pairs []pair) error {
	if c.jsonOut != "" {
		b, err := json.MarshalIndent(pairs, "", "  ")
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
	text := markdown(c, pairs)
	if c.out == "" {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(c.out, []byte(text), 0o644)
}
