package main

import (
	"slices"
	"testing"
	"time"
)

func TestRatiosAreOfPairs(t *testing.T) {
	m := comparison{
		A: []result{{ServerCPU: 30}, {ServerCPU: 20}},
		B: []result{{ServerCPU: 20}, {ServerCPU: 10}},
	}
	if got := m.ratios(cpuOf); !slices.Equal(got, []float64{1.5, 2}) {
		t.Errorf("ratios %v", got)
	}
	m.B[0].Failure = "no"
	if got := m.ratios(cpuOf); !slices.Equal(got, []float64{2}) {
		t.Errorf("ratios beside a failure %v", got)
	}
	if m.failure() == "" {
		t.Error("no failure is told")
	}
}

func TestRatiosOfManyPairs(t *testing.T) {
	m := comparison{A: []result{{ServerCPU: 30}, {ServerCPU: 20}}, B: []result{{ServerCPU: 20}, {ServerCPU: 10}}}
	if got := m.ratioText(cpuOf); got != "1.50 2.00" {
		t.Errorf("two pairs: %s", got)
	}
	m.A, m.B = append(m.A, result{ServerCPU: 10}), append(m.B, result{ServerCPU: 10})
	if got := m.ratioText(cpuOf); got != "1.50 (1.00–2.00)" {
		t.Errorf("three pairs: %s", got)
	}
}

func TestScheduleDoesNotWait(t *testing.T) {
	next := schedule(100, 50*time.Millisecond)
	var dues []time.Time
	for due, more := next(); more; due, more = next() {
		dues = append(dues, due)
	}
	if len(dues) != 5 {
		t.Fatalf("%d requests are due in 50 ms at 100 a second", len(dues))
	}
	for i := 1; i < len(dues); i++ {
		if gap := dues[i].Sub(dues[i-1]); gap != 10*time.Millisecond {
			t.Errorf("gap %v", gap)
		}
	}
}

func TestLatencyCountsFromWhenARequestWasDue(t *testing.T) {
	late := time.Now().Add(-time.Second)
	if got := await(late); got != late {
		t.Errorf("what should have been sent a second ago counts from %v", got.Sub(late))
	}
	soon := time.Now().Add(5 * time.Millisecond)
	if got := await(soon); got.Before(soon) || got.After(time.Now()) {
		t.Errorf("what was waited for counts from %v after it was due", got.Sub(soon))
	}
}

func TestValuesOfBothProtocols(t *testing.T) {
	for _, c := range []struct {
		answer string
		xml    bool
		want   []string
	}{
		{`{"Messages":[{"ReceiptHandle":"a\u003d"},{"ReceiptHandle": "b"}]}`, false, []string{`a\u003d`, "b"}},
		{`<Message><ReceiptHandle>a=</ReceiptHandle></Message>`, true, []string{"a="}},
		{`{}`, false, nil},
		{`{"ReceiptHandle":"cut`, false, nil},
	} {
		if got := values([]byte(c.answer), "ReceiptHandle", c.xml); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", c.answer, got)
		}
	}
}

func TestSpecs(t *testing.T) {
	for text, want := range map[string]string{
		"levee":        "levee:disk",
		"floor:memory": "floor:memory",
		"goaws:disk":   "goaws:memory",
		"./old:memory": "old:memory",
	} {
		s, err := parseSpec(text)
		if err != nil || s.text != want {
			t.Errorf("%s: %q, %v", text, s.text, err)
		}
	}
	for _, text := range []string{"nobody", "levee:tape"} {
		if _, err := parseSpec(text); err == nil {
			t.Errorf("%s is taken for an engine", text)
		}
	}
}

func TestWants(t *testing.T) {
	c := config{ops: "PutItem,SQS cycle*"}
	for name, want := range map[string]bool{"PutItem": true, "GetItem": false, "SQS cycle FIFO": true, "SQS send": false} {
		if c.wants(name) != want {
			t.Errorf("wants(%s) = %v", name, !want)
		}
	}
}

// Waiting for what goes through the pipe of an engine without pipes takes minutes.
func TestPipesAreForThoseWhoHaveThem(t *testing.T) {
	for text, can := range map[string]bool{"levee:disk": true, "floor:disk": false, "moto": false, "http://127.0.0.1:1": true} {
		s, err := parseSpec(text)
		if err != nil {
			t.Fatal(err)
		}
		one := &side{process: &process{spec: s}, loads: []workload{{name: "pipe from queue to queue", queue: true, pass: func(*config, *client) (result, error) { return result{}, nil }}}}
		if one.can(0) != can {
			t.Errorf("%s: %v", text, !can)
		}
	}
}
