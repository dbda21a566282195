package telemetry

import (
	"log/slog"
	"time"

	"github.com/levee-io/levee/internal/wire"
)

// Log returns an observer that logs every request, for debugging.
func Log(log *slog.Logger) Observer {
	return func(o wire.Observation) { log.Debug("request", attributes(o)...) }
}

// Slow returns an observer that warns of requests that took limit or longer. A
// receive that waited for messages is as slow as it was asked to be, and no reason
// to warn.
func Slow(log *slog.Logger, limit time.Duration) Observer {
	return func(o wire.Observation) {
		if o.Duration < limit || o.Waits {
			return
		}
		log.Warn("slow request", attributes(o)...)
	}
}

func attributes(o wire.Observation) []any {
	return []any{
		"target", o.Target, "status", o.Status, "code", o.Code, "duration", o.Duration,
		"in", o.In, "out", o.Out, "requestId", o.RequestID,
	}
}
