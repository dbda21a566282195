package cli

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/levee-io/levee/internal/server"
)

// checkCmd is the command levee check.
type checkCmd struct {
	Data    string `placeholder:"DIR" help:"Directory of the data, levee-data by default."`
	Salvage string `placeholder:"DIR" help:"Write what can be read to files in this directory instead, as NDJSON."`
}

// Help is what levee check --help says beside the flags.
func (checkCmd) Help() string {
	return `The whole directory is read, and nothing in it is changed. Items are compared with index entries, stream records and times
to live, states of messages with contents and with what their queues count. The exit status is 1 if anything contradicts
anything else or cannot be read. No server may use the directory meanwhile.

With --salvage, every table that can be read becomes a file of its items, one {"Item":{...}} a line, and every queue a
file of its messages, beside files that describe them. What is damaged is named and left out; the exit status is 1 then.`
}

// Run checks or salvages.
func (c *checkCmd) Run(ctx context.Context, std streams) error {
	dir := cmp.Or(c.Data, defaultDir)
	log := slog.New(slog.NewTextHandler(std.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	problems := 0
	say := func(text string) {
		problems++
		fmt.Fprintln(std.out, text)
	}
	var err error
	if c.Salvage != "" {
		err = c.salvage(dir, log, say, std)
	} else {
		err = c.check(ctx, dir, log, say, std)
	}
	switch {
	case err != nil:
		return explain(err, "")
	case problems > 0:
		fmt.Fprintf(std.err, "levee: %d problems in %s\n", problems, dir)
		return errSaid
	}
	return nil
}

func (c *checkCmd) check(ctx context.Context, dir string, log *slog.Logger, say func(string), std streams) error {
	found, err := server.Check(ctx, dir, log, say)
	if err == nil {
		t, q := found.Tables, found.Queues
		fmt.Fprintf(std.err, "%d tables: %d items, %d index entries, %d stream records\n", t.Tables, t.Items, t.IndexEntries, t.StreamRecords)
		fmt.Fprintf(std.err, "%d queues: %d messages, %d deduplication ids\n", q.Queues, q.Messages, q.DeduplicationIDs)
	}
	return err
}

func (c *checkCmd) salvage(dir string, log *slog.Logger, say func(string), std streams) error {
	got, err := server.Salvage(dir, c.Salvage, log, say)
	fmt.Fprintf(std.err, "%d items and %d messages are in %s\n", got.Items, got.Messages, c.Salvage)
	return err
}
