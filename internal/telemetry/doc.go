// Package telemetry is what an operator sees of the requests that a server
// answers: metrics for Prometheus, a log line for each slow one, and traces.
//
//	requests := telemetry.NewRequests(registry)
//	traces := telemetry.NewTraces(telemetry.TracesConfig{Endpoint: "http://localhost:4318"})
//	observe := telemetry.All(requests.Observe, telemetry.Slow(log, time.Second), traces.Observe)
//
// Each of them is a function that is told of a finished request (wire.Observation)
// on the goroutine that served it; none of them waits for anything. What the
// engines and the store say of themselves is gathered by package server.
package telemetry

import "github.com/levee-io/levee/internal/wire"

// Observer is told of each finished request. It is quick, and safe for
// concurrent use.
type Observer = func(wire.Observation)

// All returns an observer that tells all those that are not nil, nil if all are.
func All(list ...Observer) Observer {
	var given []Observer
	for _, o := range list {
		if o != nil {
			given = append(given, o)
		}
	}
	switch len(given) {
	case 0:
		return nil
	case 1:
		return given[0]
	}
	return func(o wire.Observation) {
		for _, tell := range given {
			tell(o)
		}
	}
}
