// Command soak runs levee serve on disk under a mixed load, kills it at random
// moments, starts it again on what is left, and checks everything that was
// acknowledged.
//
//	go run ./soak -time 1h              # kills about a minute apart: also for leaks
//	go run ./soak -time 20m -life 300ms # thousands of kills
//
// The load writes items with an index and a stream, adds to one item from all
// sides, moves money between accounts in transactions with tokens, and sends
// through a FIFO and a standard queue. Whoever gets no answer does not know whether
// the request was carried out, and both is right, but only one of them
// consistently: in the table, in its index, in its stream, and for ever after.
//
// After every start the loads compare what the server has with what they were
// told, each in a time that does not grow with that of the run. Some kills are
// followed by levee check, some are SIGTERM instead of SIGKILL, and at the end the
// queues are emptied. The exit status is 1 if anything was lost, doubled, half
// written or out of order.
//
//	go run ./soak -murder -time 10m -life 300ms
//
// With -murder, processes that consume exactly once, with Consume and Follow of
// levee.Client, are killed as the server is. What they write down must have each
// message once, in the order of its group.
//
//	go run ./soak -recount 1000000 -life 10s
//
// With -recount, a counter is built while its items are written, and compared with a
// count of them at each pause, -life apart.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	consumeIfAsked()
	cfg := config{log: os.Stderr}
	flag.DurationVar(&cfg.length, "time", time.Minute, "length of the run")
	flag.IntVar(&cfg.kills, "kills", 0, "end after so many kills; 0: whenever the time is over")
	flag.DurationVar(&cfg.life, "life", time.Minute, "how long the server lives, on average")
	flag.StringVar(&cfg.dir, "dir", "", "data directory, kept; a temporary one by default")
	flag.StringVar(&cfg.binary, "binary", os.Getenv("LEVEE"), "levee binary; $LEVEE, or else one built from this tree")
	flag.Uint64Var(&cfg.seed, "seed", uint64(time.Now().UnixNano()), "seed of the random moments")
	murders := flag.Bool("murder", false, "kill consumers, too, and check that they do everything once")
	without := flag.String("without", "", "atomic: those consumers delete messages outside of the transaction; the check must notice")
	items := flag.Int("recount", 0, "instead, build a counter over so many items while they are written, and recount")
	rate := flag.Int("rate", 5000, "writes a second of -recount")
	flag.Parse()
	what := soakAndReport
	if *murders {
		what = func(cfg *config) error { return murderAndReport(cfg, *without) }
	}
	if *items > 0 {
		what = func(cfg *config) error {
			return recountAndReport(&recount{config: cfg, items: *items, rate: *rate, pauses: 5})
		}
	}
	if err := run(&cfg, what); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// consumeIfAsked makes this process a consumer if it was started as one.
func consumeIfAsked() {
	if url := os.Getenv(consumerURL); url != "" {
		fmt.Fprintln(os.Stderr, "soak:", consume(url))
		os.Exit(1)
	}
}

// run builds what is missing, and does what is asked for.
func run(cfg *config, what func(*config) error) error {
	temp, err := os.MkdirTemp("", "levee-soak-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if cfg.dir == "" {
		cfg.dir = filepath.Join(temp, "data")
	}
	if cfg.binary == "" {
		cfg.binary = filepath.Join(temp, "levee")
		if err := build(cfg.binary); err != nil {
			return fmt.Errorf("build the server: %w", err)
		}
	}
	return what(cfg)
}

func soakAndReport(cfg *config) error {
	rep, err := soak(cfg)
	if rep != nil {
		rep.write(os.Stdout)
		if err == nil && rep.wrong.count > 0 {
			err = errors.New("the server did not keep its word")
		}
	}
	return err
}

func murderAndReport(cfg *config, without string) error {
	m := &murder{config: cfg, without: without}
	err := m.run()
	m.write(os.Stdout)
	if err == nil && m.wrong.count > 0 {
		err = errors.New("something was not done once")
	}
	return err
}

func recountAndReport(r *recount) error {
	err := r.run()
	r.report(os.Stdout)
	if err == nil && r.wrong.count > 0 {
		err = errors.New("the counter differs from a recount")
	}
	return err
}
