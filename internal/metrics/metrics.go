// Package metrics keeps figures as CloudWatch does: minute by minute, by namespace,
// name and dimensions.
//
// Sources say what the figures are at a moment: counters, which grow from the start of
// what is counted, and gauges. A Recorder collects them at the end of each minute, and
// before it is read, so that the running minute is there as far as it has come; Figures
// are the same for whoever wants them as they are, such as a scrape. Minutes are those
// of a pace.Clock. What is recorded is in memory, for a day, and is gone after a
// restart.
//
// # Locks
//
// Recorder.collecting is held while sources are asked, before anything of theirs;
// Recorder.mu guards the series and is held for nothing else.
package metrics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/pace"
)

// kept is how many minutes of a series are kept.
const kept = 24 * 60

// Dimension is a name and a value that tell series of one metric apart.
type Dimension struct{ Name, Value string }

// Metric names a series.
type Metric struct {
	Namespace  string // such as AWS/DynamoDB
	Name       string
	Dimensions []Dimension
}

// Figure is a metric at a moment.
type Figure struct {
	Owner api.Namespace // whose it is
	Metric
	Unit string
	// Counter says that Value and Count have grown since the start; otherwise Value is
	// what there is, and Count does not count.
	Counter bool
	Value   float64
	Count   float64 // how many events Value is the sum of
}

// Source returns its figures as they are now.
type Source func() []Figure

// Point is a minute of a series.
type Point struct {
	Minute      time.Time
	Sum, Count  float64
	Least, Most float64
	Unit        string
}

// Recorder records the figures of sources.
type Recorder struct {
	clock      pace.Clock
	sources    []Source
	collecting sync.Mutex

	mu     sync.Mutex
	series map[seriesKey]*series
}

type seriesKey struct {
	owner api.Namespace
	id    string // of the metric
}

type series struct {
	metric       Metric
	unit         string
	value, count float64 // of a counter, at the last collection
	seen         bool    // in the running collection
	points       []point // in the order of time
}

type point struct {
	minute                  int64 // since 1970
	sum, count, least, most float64
}

// NewRecorder returns a recorder that has recorded nothing.
func NewRecorder(clock pace.Clock, sources ...Source) *Recorder {
	return &Recorder{clock: clock, sources: sources, series: map[seriesKey]*series{}}
}

// Run collects at the end of each minute until ctx ends.
func (r *Recorder) Run(ctx context.Context) {
	for {
		end := r.clock.Now().Truncate(time.Minute).Add(time.Minute)
		if !r.clock.Wait(ctx, end) {
			return
		}
		r.collect(end.Add(-time.Nanosecond))
	}
}

// Figures returns those of all sources as they are now.
func (r *Recorder) Figures() []Figure {
	var list []Figure
	for _, source := range r.sources {
		list = append(list, source()...)
	}
	return list
}

// collect adds what has happened since the last collection to the minute of a moment.
func (r *Recorder) collect(now time.Time) {
	r.collecting.Lock()
	defer r.collecting.Unlock()
	list := r.Figures()
	r.mu.Lock()
	defer r.mu.Unlock()
	minute := now.Unix() / 60
	for i := range list {
		r.record(&list[i], minute)
	}
	for key, s := range r.series {
		gone := !s.seen
		s.seen = false
		old, _ := slices.BinarySearchFunc(s.points, minute-kept, func(p point, m int64) int { return cmp.Compare(p.minute, m) })
		if s.points = slices.Delete(s.points, 0, old); gone && len(s.points) == 0 {
			delete(r.series, key)
		}
	}
}

func (r *Recorder) record(f *Figure, minute int64) {
	key := seriesKey{f.Owner, f.id()}
	s := r.series[key]
	if s == nil {
		s = &series{metric: f.Metric, unit: f.Unit}
		r.series[key] = s
	}
	s.seen = true
	value, count := f.Value, 1.0
	if f.Counter {
		if f.Count < s.count || f.Value < s.value {
			s.value, s.count = 0, 0 // what is counted began anew
		}
		value, count = f.Value-s.value, f.Count-s.count
		s.value, s.count = f.Value, f.Count
		if count == 0 {
			return
		}
	}
	s.add(minute, value, count, !f.Counter)
}

// add adds to a minute; a gauge counts once in it.
func (s *series) add(minute int64, value, count float64, gauge bool) {
	mean := value / count
	n := len(s.points)
	switch {
	case n == 0 || s.points[n-1].minute < minute:
		s.points = append(s.points, point{minute, value, count, mean, mean})
	case gauge:
		p := &s.points[n-1]
		*p = point{p.minute, value, 1, value, value}
	default:
		p := &s.points[n-1]
		p.sum, p.count = p.sum+value, p.count+count
		p.least, p.most = min(p.least, mean), max(p.most, mean)
	}
}

// id tells metrics apart, whatever the order of their dimensions.
func (m *Metric) id() string {
	dimensions := slices.Clone(m.Dimensions)
	slices.SortFunc(dimensions, func(a, b Dimension) int { return strings.Compare(a.Name, b.Name) })
	parts := []string{m.Namespace, m.Name}
	for _, d := range dimensions {
		parts = append(parts, d.Name, d.Value)
	}
	return strings.Join(parts, "\x00")
}

// Points returns the minutes of a series from one time to another, the latter not
// included. It collects first.
func (r *Recorder) Points(owner api.Namespace, m Metric, from, to time.Time) []Point {
	r.collect(r.clock.Now())
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.series[seriesKey{owner, m.id()}]
	if s == nil {
		return nil
	}
	var list []Point
	for _, p := range s.points {
		if at := time.Unix(p.minute*60, 0).UTC(); !at.Before(from) && at.Before(to) {
			list = append(list, Point{at, p.sum, p.count, p.least, p.most, s.unit})
		}
	}
	return list
}

// Metrics returns the metrics that an owner has, by namespace, name and dimensions. It
// collects first.
func (r *Recorder) Metrics(owner api.Namespace) []Metric {
	r.collect(r.clock.Now())
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Metric
	for key, s := range r.series {
		if key.owner == owner && len(s.points) > 0 {
			list = append(list, s.metric)
		}
	}
	slices.SortFunc(list, func(a, b Metric) int { return strings.Compare(a.id(), b.id()) })
	return list
}

// Now returns what time it is for the recorder.
func (r *Recorder) Now() time.Time { return r.clock.Now() }
