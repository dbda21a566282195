package metrics

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/pace"
)

var owner = api.Namespace{Account: "000000000000", Region: "us-east-1"}

// meter is a source of one counter and one gauge.
type meter struct{ units, requests, depth float64 }

func (m *meter) figures() []Figure {
	d := []Dimension{{"TableName", "t"}}
	return []Figure{
		{Owner: owner, Metric: Metric{"N", "Used", d}, Unit: "Count", Counter: true, Value: m.units, Count: m.requests},
		{Owner: owner, Metric: Metric{"N", "Depth", d}, Unit: "Count", Value: m.depth},
	}
}

func TestMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{}
		r := NewRecorder(pace.Clock{}, m.figures)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		began := time.Now()
		m.units, m.requests, m.depth = 10, 4, 7
		time.Sleep(90 * time.Second)
		m.units, m.requests, m.depth = 13, 5, 3
		used := Metric{"N", "Used", []Dimension{{"TableName", "t"}}}
		got := r.Points(owner, used, began, began.Add(time.Hour))
		want := []Point{{began.UTC(), 10, 4, 2.5, 2.5, "Count"}, {began.UTC().Add(time.Minute), 3, 1, 3, 3, "Count"}}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("counted %v, want %v", got, want)
		}
		depth := Metric{"N", "Depth", used.Dimensions}
		if got := r.Points(owner, depth, began, began.Add(time.Hour)); len(got) != 2 || got[0].Sum != 7 || got[1].Sum != 3 || got[1].Count != 1 {
			t.Errorf("depths %v, want 7 and then 3", got)
		}
		if got := r.Points(owner, used, began.Add(time.Minute), began.Add(time.Hour)); len(got) != 1 {
			t.Errorf("%d points from the second minute on", len(got))
		}
		if got := r.Points(api.Namespace{Account: "1"}, used, began, began.Add(time.Hour)); got != nil {
			t.Errorf("another account sees %v", got)
		}
		m.units, m.requests = 2, 1 // counted anew
		time.Sleep(time.Minute)
		if got := r.Points(owner, used, began.Add(2*time.Minute), began.Add(time.Hour)); len(got) != 0 {
			t.Errorf("points %v of the third minute, want none", got)
		}
		stop()
		<-done
	})
}

// A day of minutes is kept, and nothing of a metric that has ended.
func TestOldMinutesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &meter{units: 1, requests: 1}
		r := NewRecorder(pace.Clock{}, func() []Figure { return m.figures()[:1] })
		r.collect(time.Now())
		time.Sleep(25 * time.Hour)
		r.collect(time.Now())
		if got := r.Metrics(owner); len(got) != 0 {
			t.Errorf("metrics %v, want none", got)
		}
		m.units, m.requests = 3, 2
		now := time.Now()
		if got := r.Points(owner, Metric{"N", "Used", []Dimension{{"TableName", "t"}}}, now.Add(-time.Hour), now.Add(time.Hour)); len(got) != 1 || got[0].Sum != 2 {
			t.Errorf("points %v, want what was counted since", got)
		}
	})
}
