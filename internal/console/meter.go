package console

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/about"
)

const (
	// hour is how many seconds of the past are kept.
	hour = 3600
	// maxSeries is of how many tables and queues the figures are kept, 210 KB each
	// after an hour: the first that are used. Requests for others are counted together.
	maxSeries = 256
	// sampleShare is how much longer the meter rests than it took to ask for what
	// is in all queues, so that many queues do not cost more than that.
	sampleShare = 50
)

// Meter counts and times the requests of each table and queue, second by second.
type Meter struct {
	mu     sync.RWMutex
	series map[resource]*series // guarded by mu; of all, of what is about none, and of each

	consumed struct { // of tables that are held to their capacity, when they were last looked at
		sync.Mutex
		at   time.Time
		rows map[consumer]consumption
	}
}

// consumer is a table or a global index of it.
type consumer struct {
	ns           api.Namespace
	table, index string
}

// consumption is what it has consumed in all, and a second.
type consumption struct{ units, rate [2]float64 }

// resource is a table or a queue; the zero value stands for all.
type resource struct {
	kind byte // kindTable, kindQueue
	ns   api.Namespace
	name string
}

const (
	kindTable      = byte(about.Table)
	kindQueue      = byte(about.Queue)
	kindOther byte = 'o' // requests that are about neither, together
)

// NewMeter returns a meter that has seen nothing.
func NewMeter() *Meter {
	m := &Meter{series: map[resource]*series{{}: {}, {kind: kindOther}: {}}}
	m.consumed.rows = map[consumer]consumption{}
	return m
}

// Wrap returns the operation table with each request measured.
func (m *Meter) Wrap(table []api.Operation) []api.Operation {
	return api.Wrap(table, func(op *api.Operation, handle api.Handler) api.Handler {
		waits := op.Name == "ReceiveMessage" // as long as it was told to
		return func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
			r, ok := about.Of(c.Namespace, in) // before: the handler may keep and change the request
			start := time.Now()
			out, err := handle(ctx, c, in)
			o := outcome{took: time.Since(start), untimed: waits, failed: err != nil, throttled: isThrottled(err)}
			at := resource{kind: kindOther}
			if ok {
				at = resource{byte(r.Kind), r.Namespace, r.Name}
			}
			m.note(at, o)
			return out, err
		}
	})
}

// isThrottled reports whether a request was refused because there were too many.
func isThrottled(err error) bool {
	if err == nil {
		return false // before e, which is allocated
	}
	var e *api.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "RequestThrottled", "OverLimit":
		return true
	}
	return false
}

func (m *Meter) note(at resource, o outcome) {
	s := m.find(at)
	if s == nil {
		if s = m.add(at); s == nil {
			s = m.find(resource{kind: kindOther})
		}
	}
	s.note(o)
}

// add returns a series, which is made if there is room for one.
func (m *Meter) add(at resource) *series {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.series[at]; s != nil || len(m.series) >= maxSeries {
		return s
	}
	s := new(series)
	m.series[at] = s
	return s
}

// find returns the series of a resource, nil if nothing is known of it.
func (m *Meter) find(at resource) *series {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.series[at]
}

// Run ends a second every second, until ctx ends. queues returns what is in all
// queues, capacity what tables have consumed.
func (m *Meter) Run(ctx context.Context, queues func() []Queue, capacity func() []Capacity) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var rested time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if !now.Before(rested) {
				start := time.Now()
				m.sample(queues())
				m.consume(capacity(), start)
				rested = now.Add(sampleShare * time.Since(start))
			}
			m.turn(now.Unix())
		}
	}
}

// sample takes down what is in the queues, and in all of them together.
func (m *Meter) sample(list []Queue) {
	var all depth
	for _, q := range list {
		d := depth{uint32(q.Visible), uint32(q.InFlight), uint32(q.Delayed), uint32(q.Oldest)}
		all.add(d)
		at := resource{kindQueue, q.Namespace, q.Name}
		g := groups{uint32(q.Groups - q.Closed), uint32(q.Closed), uint32(q.Receivers)}
		s := m.find(at)
		if s == nil && (d != (depth{}) || g != (groups{})) {
			s = m.add(at)
		}
		if s != nil {
			s.measure(d, g)
		}
	}
	m.find(resource{}).measure(all, groups{})
}

// consume takes down what tables consume, and all of them together.
func (m *Meter) consume(list []Capacity, now time.Time) {
	m.consumed.Lock()
	defer m.consumed.Unlock()
	seconds := now.Sub(m.consumed.at).Seconds()
	before, rows := m.consumed.rows, make(map[consumer]consumption, len(list))
	var all units
	for i := range list {
		c := &list[i]
		id := consumer{c.Namespace, c.Table, c.Index}
		one := consumption{units: c.Units}
		if was, ok := before[id]; ok && seconds > 0 {
			for class := range one.rate {
				one.rate[class] = max(0, c.Units[class]-was.units[class]) / seconds
			}
		}
		rows[id] = one
		if c.Index != "" {
			continue
		}
		u := units{float32(one.rate[0]), float32(one.rate[1]), float32(c.Allowed[0]), float32(c.Allowed[1])}
		all.add(u)
		if s := m.find(resource{kindTable, c.Namespace, c.Table}); s != nil {
			s.consume(u)
		}
	}
	m.consumed.rows, m.consumed.at = rows, now
	m.find(resource{}).consume(all)
}

// unitsOf returns what a table or index consumes a second.
func (m *Meter) unitsOf(c *Capacity) [2]float64 {
	m.consumed.Lock()
	defer m.consumed.Unlock()
	return m.consumed.rows[consumer{c.Namespace, c.Table, c.Index}].rate
}

// turn ends a second, and forgets the resources that nothing happened to for an
// hour.
func (m *Meter) turn(now int64) {
	all, allTimes := point{at: now}, histogram{}
	var idle []resource
	m.mu.RLock()
	for at, s := range m.series {
		if at == (resource{}) {
			continue
		}
		p, times := s.take()
		p.at = now
		all.requests, all.failed, all.throttled = all.requests+p.requests, all.failed+p.failed, all.throttled+p.throttled
		allTimes.merge(&times)
		if s.end(p) > hour && at.kind != kindOther {
			idle = append(idle, at)
		}
	}
	all.p99 = allTimes.p99()
	m.series[resource{}].end(all)
	m.mu.RUnlock()
	if len(idle) == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, at := range idle {
		delete(m.series, at)
	}
}
