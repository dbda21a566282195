// Package cli is the command line of levee: one file per command.
//
// What a command is asked for goes to its standard output; everything else, such
// as progress and advice, goes to the standard error. A command returns an error,
// and Run says it and makes it the exit status.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/levee-io/levee/internal/processors"
)

// root is the command levee.
type root struct {
	Serve       serveCmd       `cmd:"" help:"Serve tables, streams and queues until interrupted."`
	Surge       surgeCmd       `cmd:"" help:"Play a surge against an embedded engine, and audit it."`
	Rehearse    rehearseCmd    `cmd:"" help:"Play traffic against designs on the services' capacity model: throttles, lag, cost."`
	Sample      sampleCmd      `cmd:"" help:"Count the keys of a table, for rehearsals."`
	Conformance conformanceCmd `cmd:"" help:"Ask an endpoint whether it answers as the services do."`
	Check       checkCmd       `cmd:"" help:"Look whether a data directory is sound, or save what can be read of it."`
	Backup      backupCmd      `cmd:"" help:"Copy all data of a server into a file, while it runs or not."`
	Restore     restoreCmd     `cmd:"" help:"Make a directory of data from a backup."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

const description = `Levee holds the surge: tables, change streams and queues, over the wire protocols that every AWS SDK speaks.`

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// Exit statuses.
const (
	statusOK     = 0
	statusFailed = 1 // the command could not do what it was asked
	statusUsage  = 2 // it did not understand
)

// Run runs the command that args (without the program's name) ask for, and
// returns the exit status. SIGINT and SIGTERM end the context of the command;
// the second one ends the process.
func Run(args []string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	processors.Add()
	return run(ctx, args, streams{out, errOut})
}

func run(ctx context.Context, args []string, std streams) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	status := -1 // the parser has not asked to exit
	parser, err := kong.New(&root{},
		kong.Name("levee"),
		kong.Description(description),
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { status = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, Summary: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		panic(err) // a mistake in the tags of root
	}
	command, err := parser.Parse(args)
	switch {
	case status >= 0: // help was asked for, and given
		return status
	case err != nil:
		fmt.Fprintf(std.err, "levee: %v\nTry levee --help.\n", err)
		return statusUsage
	}
	if err := command.Run(); err != nil {
		if !errors.Is(err, errSaid) {
			fmt.Fprintf(std.err, "levee: %v\n", err)
		}
		return statusFailed
	}
	return statusOK
}

// errSaid is the error of a command that has said itself what is wrong.
var errSaid = errors.New("said already")
