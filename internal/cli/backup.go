package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/server"
)

// backupCmd is the command levee backup.
type backupCmd struct {
	Admin string `placeholder:"URL" xor:"source" required:"" help:"Back up the running server with this --admin-addr."`
	Data  string `placeholder:"DIR" xor:"source" required:"" type:"existingdir" help:"Back up this directory, which no server is using."`
	File  string `arg:"" help:"File to write, a tar archive, or - for the standard output."`
}

// Help is what levee backup --help says beside the flags.
func (backupCmd) Help() string {
	return `The backup is of one moment, everything that was acknowledged before it included. A running server goes on
meanwhile. levee restore makes a directory of it again.`
}

// Run writes the backup.
func (c *backupCmd) Run(ctx context.Context, std streams) error {
	if c.File == "-" {
		return c.write(ctx, std.out)
	}
	// Under another name first, so that a file of this name is a whole backup.
	part := c.File + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = errors.Join(c.write(ctx, f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(part, c.File)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	fmt.Fprintf(std.err, "levee: the backup is in %s\n", c.File)
	return nil
}

func (c *backupCmd) write(ctx context.Context, w io.Writer) error {
	if c.Admin != "" {
		return download(ctx, strings.TrimSuffix(c.Admin, "/")+"/backup", w)
	}
	srv, err := server.Open(server.Config{Dir: c.Data})
	if errors.Is(err, kvpebble.ErrLocked) {
		return fmt.Errorf("%w\nA server that is running is backed up with --admin and its --admin-addr", err)
	}
	if err != nil {
		return err
	}
	return errors.Join(srv.Backup(w), srv.Close(ctx))
}

func download(ctx context.Context, url string, w io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("%s answered %s: %s", url, resp.Status, strings.TrimSpace(string(text)))
	}
	_, err = io.Copy(w, resp.Body)
	return err
}

// restoreCmd is the command levee restore.
type restoreCmd struct {
	File string `arg:"" help:"A file that levee backup wrote, or - for the standard input."`
	Dir  string `arg:"" help:"Directory to make, for levee serve --data. It must be absent or empty."`
}

// Run makes the directory.
func (c *restoreCmd) Run(std streams) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	if err := server.Restore(in, c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "levee: restored; serve it with levee serve --data %s\n", c.Dir)
	return nil
}
