package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"

	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/salvage"
	"github.com/levee-io/levee/internal/sqs"
)

// Checked is what Check has looked at.
type Checked struct {
	Tables dynamodb.Verified
	Queues sqs.Verified
}

// Check reads a data directory that no server uses, changes nothing, and calls
// wrong with a sentence for everything that contradicts something else or cannot
// be read. The error says why it could not look at all.
func Check(ctx context.Context, dir string, log *slog.Logger, wrong func(text string)) (c Checked, err error) {
	err = withStore(dir, log, false, func(store kv.Store) error {
		var err error
		if c.Tables, err = dynamodb.Verify(ctx, store, wrong); err != nil {
			return err
		}
		c.Queues, err = sqs.Verify(ctx, store, wrong)
		return err
	})
	return c, err
}

// Salvaged is what Salvage has written.
type Salvaged struct{ Items, Messages int }

// Salvage writes what can be read of a data directory, which may be damaged and
// is not changed, to files below out. lost is told of what cannot be read.
func Salvage(dir, out string, log *slog.Logger, lost func(text string)) (s Salvaged, err error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return s, err
	}
	root, err := os.OpenRoot(out) // names of regions are the clients'
	if err != nil {
		return s, err
	}
	create := func(name string) (io.WriteCloser, error) {
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return nil, err
		}
		return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	err = withStore(dir, log, true, func(store kv.Store) error {
		var tables, queues error
		run := &salvage.Run{Store: store, Create: create, Lost: lost}
		s.Items, tables = dynamodb.Salvage(run)
		s.Messages, queues = sqs.Salvage(run)
		return errors.Join(tables, queues)
	})
	return s, errors.Join(err, root.Close())
}

// withStore opens a directory to be read.
func withStore(dir string, log *slog.Logger, pastDamage bool, do func(kv.Store) error) (err error) {
	store, err := kvpebble.OpenReadOnly(dir, kvpebble.Options{Logger: log}, pastDamage)
	if err != nil {
		return err
	}
	defer func() {
		if e := store.Close(); e != nil {
			err = errors.Join(err, fmt.Errorf("close %s: %w", dir, e))
		}
	}()
	return do(store)
}
