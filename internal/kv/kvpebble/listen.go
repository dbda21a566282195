package kvpebble

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
)

// listen returns the logger and listener through which Pebble speaks to log, which
// may be nil. What an operator should know is a warning or an error, all else is
// for debugging.
func listen(log *slog.Logger) (pebble.Logger, *pebble.EventListener) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return logger{log}, &pebble.EventListener{
		BackgroundError: func(err error) {
			log.Error("store: background work failed", "err", err)
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			log.Error("store: data corruption", "path", info.Path, "err", info.Details)
		},
		DiskSlow: func(info pebble.DiskSlowInfo) {
			log.Warn("store: slow disk", "path", info.Path, "op", info.OpType, "duration", info.Duration)
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			log.Warn("store: writes stall", "reason", info.Reason)
		},
		WriteStallEnd: func() {
			log.Info("store: writes go on")
		},
	}
}

// logger is a pebble.Logger.
type logger struct{ log *slog.Logger }

func (l logger) Infof(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("store: " + fmt.Sprintf(format, args...))
	}
}

func (l logger) Errorf(format string, args ...any) {
	l.log.Error("store: " + fmt.Sprintf(format, args...))
}

// Fatalf must not return: Pebble calls it where it cannot go on. Inside Apply the
// panic becomes the failure of the store.
func (l logger) Fatalf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	l.log.Error("store: fatal: " + text)
	panic(text)
}
