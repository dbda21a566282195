package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/levee-io/levee/internal/rehearse"
)

// rehearseCmd is the command levee rehearse.
type rehearseCmd struct {
	Scenario string `arg:"" type:"existingfile" help:"The scenario, a YAML file; see docs/rehearse.md."`
	Report   string `placeholder:"FILE" help:"File of the HTML report; by default that of the scenario, with .html, in this directory."`
	Prices   string `placeholder:"FILE" type:"existingfile" help:"Prices of further regions, a YAML file."`
	Optimize bool   `help:"Search the figures with which each design reaches the objective at the least cost."`
}

// Help is what levee rehearse --help says beside the flags.
func (rehearseCmd) Help() string {
	return `Plays the traffic of a scenario against each of its designs, on the model of the services' capacity and a virtual
clock: what is throttled, how long everything takes, what it costs. Nothing is read or written but files.`
}

// Run plays the scenario.
func (c *rehearseCmd) Run(ctx context.Context, std streams) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	if c.Optimize {
		return optimize(ctx, s, std)
	}
	r, err := rehearse.Run(ctx, s)
	if err != nil {
		return err
	}
	name := c.Report
	if name == "" {
		base := filepath.Base(c.Scenario)
		name = strings.TrimSuffix(base, filepath.Ext(base)) + ".html"
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := errors.Join(r.HTML(f), f.Close()); err != nil {
		return err
	}
	if err := r.Summary(std.out); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "\nlevee: the report is in %s\n", name)
	return nil
}

func (c *rehearseCmd) read() (*rehearse.Scenario, error) {
	if c.Prices != "" {
		f, err := os.Open(c.Prices)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(rehearse.AddPrices(f), f.Close()); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(c.Scenario)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return rehearse.Read(f, rehearse.FilesIn(filepath.Dir(c.Scenario)))
}

func optimize(ctx context.Context, s *rehearse.Scenario, std streams) error {
	list, err := rehearse.Optimize(ctx, s)
	if err != nil {
		return err
	}
	for _, f := range list {
		r := &f.Result
		how := "as it is"
		if len(f.Settings) > 0 {
			how = "with " + strings.Join(f.Settings, ", ")
		}
		if !r.Reached {
			fmt.Fprintf(std.out, "%s: in none of %d runs does it reach the objective (%s); closest %s: %s\n", r.Name, f.Runs, s.Objective, how, r.Misses)
			continue
		}
		fmt.Fprintf(std.out, "%s: reaches the objective (%s) %s, for $%.2f a run, $%.0f a month; %d runs\n",
			r.Name, s.Objective, how, r.Cost.Total(), r.Month, f.Runs)
	}
	return nil
}
