package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// rehearsal is a scenario, and what levee rehearse took for it.
type rehearsal struct {
	file             string
	arrived, refused int64 // of all designs
	cpu, took        []time.Duration
}

// rehearseMain is the command bench rehearse: how many events a second levee rehearse
// simulates on one CPU.
func rehearseMain(args []string) error {
	var c config
	runs := 3
	flags := flag.NewFlagSet("bench rehearse", flag.ExitOnError)
	flags.StringVar(&c.binary, "binary", "", "the levee to measure, instead of building one")
	flags.IntVar(&runs, "runs", runs, "how often each scenario is played")
	if err := flags.Parse(args); err != nil {
		return err
	}
	files := flags.Args()
	if len(files) == 0 {
		files = []string{"day.yaml", "../examples/campaign.yaml"}
	}
	var err error
	if c.temp, err = os.MkdirTemp("", "levee-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(c.temp) }()
	if _, err := leveeCommand(&c, "", ""); err != nil {
		return err
	}
	fmt.Printf("| scenario | requests | refusals | CPU s | s | requests/s | events/s |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, file := range files {
		r := rehearsal{file: file}
		for range runs {
			if err := r.play(&c); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		r.write(os.Stdout)
	}
	return nil
}

// play runs the scenario once, on the server's CPU.
func (r *rehearsal) play(c *config) error {
	args := onServerCPU([]string{c.binary, "rehearse", r.file, "--report", filepath.Join(c.temp, "report.html")})
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return err
	}
	r.took = append(r.took, time.Since(began))
	r.cpu = append(r.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	r.arrived, r.refused, err = counts(string(out))
	return err
}

// counts adds up what arrived and what was refused in the summary's table, whose lines
// end with eleven columns after the name of a design.
func counts(summary string) (arrived, refused int64, err error) {
	for line := range strings.Lines(summary) {
		f := strings.Fields(line)
		if n := len(f); n < 12 || f[n-1] != "reached" && f[n-1] != "missed" {
			continue
		}
		for i, sum := range map[int]*int64{11: &arrived, 8: &refused} {
			v, err := strconv.ParseInt(strings.ReplaceAll(f[len(f)-i], ",", ""), 10, 64)
			if err != nil {
				return 0, 0, err
			}
			*sum += v
		}
	}
	if arrived == 0 {
		return 0, 0, errors.New("there are no requests in its summary")
	}
	return arrived, refused, nil
}

// write adds the line of the scenario: an event is a request that arrives, or that is
// refused and tried again.
func (r *rehearsal) write(w io.Writer) {
	text := func(list []time.Duration) (s string, mean float64) {
		for _, d := range list {
			s += fmt.Sprintf("%.2f ", d.Seconds())
			mean += d.Seconds() / float64(len(list))
		}
		return strings.TrimSpace(s), mean
	}
	cpu, mean := text(r.cpu)
	took, _ := text(r.took)
	fmt.Fprintf(w, "| %s | %d | %d | %s | %s | %.3g | %.3g |\n", filepath.Base(r.file), r.arrived, r.refused, cpu, took,
		float64(r.arrived)/mean, float64(r.arrived+r.refused)/mean)
}
