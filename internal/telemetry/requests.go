package telemetry

import (
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/levee-io/levee/internal/wire"
)

// Requests counts and times requests for Prometheus.
type Requests struct {
	seconds *prometheus.HistogramVec // by service and operation
	errors  *prometheus.CounterVec   // by service, operation and code
	in, out *prometheus.CounterVec   // bytes, by service and operation

	found sync.Map // *operation by target: looking one up by its labels takes six hashes
}

// operation is the metrics of one operation.
type operation struct {
	seconds prometheus.Observer
	in, out prometheus.Counter
}

// latencies are the bounds of the buckets, in seconds: from what an engine in
// memory takes to a long poll.
var latencies = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20}

// NewRequests registers the metrics of requests.
func NewRequests(r prometheus.Registerer) *Requests {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	m := &Requests{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "levee_request_seconds",
			Help:    "Time from the whole request read to the response ready, in seconds.",
			Buckets: latencies,
		}, []string{"service", "operation"}),
		errors: counter("levee_request_errors_total", "Requests that were answered with an error, by its code.", "service", "operation", "code"),
		in:     counter("levee_request_bytes_total", "Bytes of the bodies of requests.", "service", "operation"),
		out:    counter("levee_response_bytes_total", "Bytes of the bodies of responses.", "service", "operation"),
	}
	r.MustRegister(m.seconds)
	return m
}

// Observe is an Observer.
func (m *Requests) Observe(o wire.Observation) {
	of := m.of(o.Target)
	of.seconds.Observe(o.Duration.Seconds())
	of.in.Add(float64(o.In))
	of.out.Add(float64(o.Out))
	if o.Code != "" {
		service, name := split(o.Target)
		m.errors.WithLabelValues(service, name, o.Code).Inc()
	}
}

// of returns the metrics of the operation that a target names.
func (m *Requests) of(target string) *operation {
	if of, ok := m.found.Load(target); ok {
		return of.(*operation)
	}
	service, name := split(target)
	of, _ := m.found.LoadOrStore(target, &operation{
		seconds: m.seconds.WithLabelValues(service, name),
		in:      m.in.WithLabelValues(service, name),
		out:     m.out.WithLabelValues(service, name),
	})
	return of.(*operation)
}

// split takes a target apart. The targets of observations are those of operations
// that there are, so that no client can make up labels.
func split(target string) (service, operation string) {
	service, operation, _ = strings.Cut(target, ".")
	if service == "" {
		return "other", "other"
	}
	return service, operation
}
