package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/term"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/internal/surge"
)

// surgeCmd is the command levee surge.
type surgeCmd struct {
	Messages  int    `default:"200000" placeholder:"N" help:"One-off messages, of all companies together (${default})."`
	Companies int    `default:"30" placeholder:"N" help:"Companies that send at the same moment (${default})."`
	Segment   int    `default:"250" placeholder:"N" help:"Chats in the segment of each company (${default})."`
	BaseRate  int    `default:"300" placeholder:"N" help:"Messages a second of everyday chat, all the time (${default})."`
	Rate      int    `placeholder:"N" help:"Limit of one-off messages a second; none by default."`
	Consumers int    `default:"16" placeholder:"N" help:"Consumers of the queue (${default})."`
	Trouble   string `default:"on" placeholder:"SHARE" help:"Share of operations that go wrong, such as 0.1; on is 0.02, off is 0 (${default})."`
	Seed      uint64 `default:"1" placeholder:"N" help:"Messages are a function of it (${default})."`
	Input     string `type:"existingfile" placeholder:"FILE" help:"Play the events of this file, NDJSON, instead of made-up messages."`
	Design    string `default:"fifo" enum:"direct,lambda,fifo,exactly-once,all" help:"Way of the messages to the tables: direct, lambda, fifo, exactly-once, or all of them, one after the other (${default})."`
	Capacity  string `default:"off" enum:"off,enforce" help:"Whether the engine in this process holds tables to their capacity, and queues to their rates, as the services do: off or enforce."`
	Data      string `placeholder:"DIR" xor:"where" help:"Keep the data there. A run that was interrupted goes on."`
	Endpoint  string `placeholder:"URL" xor:"where" help:"Play against this endpoint, or aws, instead of an engine in this process."`
	JSON      bool   `name:"json" help:"Print the report as JSON."`
}

// Help is what levee surge --help says beside the flags.
func (surgeCmd) Help() string {
	return `Many companies send a campaign to all their customers at the same moment. A FIFO queue takes the blow, consumers store
the messages and raise the badges in one transaction each, a stream reader copies them to a search table. Meanwhile
producers repeat sends, consumers are killed, and replies are lost. At the end everything is recounted from the
tables: the exit status is 1 unless nothing was lost, doubled or reordered and every badge is right.

Everything happens in this process, over HTTP, on a temporary directory that is removed at the end. With --data the
directory stays: start the same command again after any interruption, SIGKILL included, and the run goes on to its
audit.

--design says who stores the messages. direct: the producers, with no queue. lambda: a function, to which a mapping hands
the messages of a standard queue; nobody promises their order. fifo: consumers of a FIFO queue, which store and then
delete. exactly-once: consumers whose transactions remove the message too, without any check for duplicates. all plays
one after the other and prints them side by side.

With --endpoint, there is no design lambda, and region and credentials come from the usual environment; tables and queues whose names start with surge-
are made there, and those of the last run stay until the next.`
}

// Run plays the surge.
func (c *surgeCmd) Run(ctx context.Context, std streams) error {
	cfg, err := c.config(std.err)
	if err != nil {
		return err
	}
	if c.Endpoint == "" {
		stop, err := c.embed(&cfg, std.err)
		if err != nil {
			return err
		}
		defer stop()
	}
	rep, err := c.play(ctx, cfg)
	switch {
	case err != nil && ctx.Err() != nil:
		c.sayInterrupted(std.err)
		return errSaid
	case err != nil:
		return err
	}
	if err := c.print(rep, std); err != nil {
		return err
	}
	if !rep.held() {
		return errSaid
	}
	return nil
}

// outcome is the report of a run, or of one of each design.
type outcome struct {
	*surge.Report
	all *surge.Comparison
}

func (o outcome) held() bool {
	if o.all != nil {
		return o.all.OK
	}
	return o.OK
}

// value is what is printed as JSON.
func (o outcome) value() any {
	if o.all != nil {
		return o.all
	}
	return o.Report
}

func (o outcome) writeText(w io.Writer) error {
	if o.all != nil {
		return o.all.WriteText(w)
	}
	return o.WriteText(w)
}

func (c *surgeCmd) play(ctx context.Context, cfg surge.Config) (o outcome, err error) {
	if c.Design == "all" {
		o.all, err = surge.RunAll(ctx, cfg)
	} else {
		o.Report, err = surge.Run(ctx, cfg)
	}
	return o, err
}

// config is the surge that the flags ask for.
func (c *surgeCmd) config(display io.Writer) (surge.Config, error) {
	cfg := surge.DefaultConfig()
	cfg.Messages, cfg.Companies, cfg.Segment = c.Messages, c.Companies, c.Segment
	cfg.BaseRate, cfg.Rate, cfg.Consumers = c.BaseRate, c.Rate, c.Consumers
	cfg.Seed, cfg.Input, cfg.Endpoint = c.Seed, c.Input, c.Endpoint
	cfg.Consume = consumeOnce
	if c.Design != "all" {
		cfg.Design = surge.Design(c.Design)
	}
	cfg.Progress = display
	if f, ok := display.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		cfg.Terminal = true
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			cfg.Width = width
		}
	}
	if c.Endpoint == "aws" {
		cfg.Visibility = 15 * time.Second // answers take longer than on one machine
	}
	switch c.Trouble {
	case "on":
	case "off":
		cfg.Trouble = 0
	default:
		share, err := strconv.ParseFloat(c.Trouble, 64)
		if err != nil {
			return cfg, fmt.Errorf("--trouble is %q: must be on, off, or a share such as 0.1", c.Trouble)
		}
		cfg.Trouble = share
	}
	return cfg, nil
}

// embed starts the engine that cfg is played against, and points cfg at it.
func (c *surgeCmd) embed(cfg *surge.Config, errOut io.Writer) (stop func(), err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // client and engine in one process allocate much: a tenth of the CPU for some memory
	}
	dir := c.Data
	remove := func() error { return nil }
	if dir == "" {
		if dir, err = os.MkdirTemp("", "levee-surge-"); err != nil {
			return nil, err
		}
		remove = func() error { return os.RemoveAll(dir) }
	}
	engine := &levee.Server{
		Dir: dir, Listen: "127.0.0.1:0", EnforceCapacity: c.Capacity == "enforce",
		Logger: slog.New(slog.NewTextHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	cfg.Function = newSurgeFunction(engine).connect
	if err := engine.Start(); err != nil {
		return nil, errors.Join(explain(err, ""), remove())
	}
	cfg.Endpoint, cfg.Embedded = "http://"+engine.Addr(), true
	return func() {
		if err := errors.Join(engine.Close(), remove()); err != nil {
			fmt.Fprintf(errOut, "levee: %v\n", err)
		}
	}, nil
}

func (c *surgeCmd) print(rep outcome, std streams) error {
	if c.JSON {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		return e.Encode(rep.value())
	}
	if err := rep.writeText(std.out); err != nil {
		return err
	}
	if c.Data != "" {
		fmt.Fprintf(std.err, "\nThe tables are in %s; look around with: levee serve --data %s\n", c.Data, c.Data)
	}
	return nil
}

func (c *surgeCmd) sayInterrupted(w io.Writer) {
	fmt.Fprintln(w, "levee: interrupted")
	if c.Data != "" || c.Endpoint != "" {
		fmt.Fprintln(w, "The same command goes on with the run.")
	}
}
