package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// enforcedScale is how many times faster than time the capacity model goes, so that no
// workload comes near what a new table takes: the arithmetic is the same.
const enforcedScale = "600"

// enforced is levee with its tables held to their capacity, and its metrics at admin.
func enforced(store, admin string) spec {
	command := func(c *config, addr, dir string) ([]string, error) {
		args, err := leveeCommand(c, addr, dir)
		return append(args, "--admin-addr", admin, "--capacity", "enforce", "--time-scale", enforcedScale), err
	}
	return spec{engine: engine{name: "levee", tables: true, disk: true, command: command}, store: store, text: "levee --capacity enforce:" + store}
}

// enforcementMain is the command bench enforcement: what holding tables to their
// capacity costs, beside the same build that does not.
func enforcementMain(args []string) error {
	c := config{duration: 3 * time.Second}
	store := "memory"
	flags := flag.NewFlagSet("bench enforcement", flag.ExitOnError)
	flags.StringVar(&store, "store", store, "memory or disk")
	flags.StringVar(&c.ops, "ops", "", "workloads of tables to measure, as in bench -ops")
	flags.StringVar(&c.binary, "binary", "", "the levee to measure, instead of building one")
	flags.DurationVar(&c.duration, "duration", c.duration, "length of each measurement")
	flags.IntVar(&c.conns, "conns", 64, "connections")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if store != "memory" && store != "disk" {
		return fmt.Errorf("-store %s: want memory or disk", store)
	}
	var err error
	if c.temp, err = os.MkdirTemp("", "levee-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(c.temp) }()
	if c.binary != "" {
		if c.binary, err = filepath.Abs(c.binary); err != nil {
			return err
		}
	}
	if err := pinClient(); err != nil {
		return err
	}
	free, err := parseSpec("levee:" + store)
	if err != nil {
		return err
	}
	admin, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := compareEnforcement(&c, enforced(store, admin), free, admin)
	if err != nil {
		return err
	}
	var b strings.Builder
	p.write(&b)
	_, err = io.WriteString(os.Stdout, b.String())
	return err
}

// compareEnforcement puts the workloads of tables to both servers. That anything was
// throttled is an error: a refusal is cheaper than what it refuses.
func compareEnforcement(c *config, a, b spec, admin string) (p pair, err error) {
	p = pair{A: a.text, B: b.text}
	var sides []*side
	defer func() {
		for _, s := range sides {
			err = firstError(err, s.process.stop())
		}
	}()
	for _, s := range []spec{a, b} {
		proc, err := start(c, s)
		if err != nil {
			return p, err
		}
		sides = append(sides, &side{process: proc, client: newClient(proc), loads: tableWorkloads()})
		p.Ready = append(p.Ready, float64(proc.ready.Microseconds())/1000)
	}
	for i, w := range sides[0].loads {
		if c.wants(w.name) {
			p.Results = append(p.Results, compare(c, sides, i))
		}
	}
	return p, nothingThrottled(admin)
}

// nothingThrottled reads the server's counters of refusals.
func nothingThrottled(admin string) error {
	resp, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if !strings.Contains(string(text), "levee_table_consumed_units_total") {
		return errors.New("no table is held to its capacity")
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "levee_table_throttles_total") && !strings.HasSuffix(strings.TrimSpace(line), " 0") {
			return fmt.Errorf("throttled: %s", line)
		}
	}
	return nil
}
