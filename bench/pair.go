package main

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// pair is a comparison of two servers over the workloads that both can do.
type pair struct {
	A       string       `json:"a"`
	B       string       `json:"b,omitempty"`
	Ready   []float64    `json:"readyMillis"` // from start to the first answer
	Results []comparison `json:"results"`
	Missing string       `json:"missing,omitempty"` // the engine that is not installed
}

// comparison is one workload on both servers.
type comparison struct {
	Operation string `json:"operation"`
	Unit      string `json:"unit"`
	// A and B are the runs in a closed loop, in the order A B B A in each round,
	// and then one each at the same fixed rate.
	A, B           []result
	FixedA, FixedB *result `json:",omitempty"`
}

// side is one server of a pair.
type side struct {
	process *process
	client  *client
	loads   []workload
}

// comparePair starts both servers and puts every workload to them.
func comparePair(c *config, texts []string) (pair, error) {
	p := pair{A: texts[0]}
	if len(texts) > 1 {
		p.B = texts[1]
	}
	var sides []*side
	defer func() {
		for _, s := range sides {
			if err := s.process.stop(); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
		}
	}()
	for _, text := range texts {
		spec, err := parseSpec(text)
		if err != nil {
			return p, err
		}
		proc, err := start(c, spec)
		if errors.Is(err, errNotInstalled) {
			p.Missing = text
			return p, nil
		}
		if err != nil {
			return p, err
		}
		sides = append(sides, &side{process: proc, client: newClient(proc), loads: workloads(c)})
		p.Ready = append(p.Ready, float64(proc.ready.Microseconds())/1000)
	}
	for i := range sides[0].loads {
		if c.wants(sides[0].loads[i].name) && slices.IndexFunc(sides, func(s *side) bool { return !s.can(i) }) < 0 {
			p.Results = append(p.Results, compare(c, sides, i))
		}
	}
	return p, nil
}

func (s *side) can(i int) bool {
	if s.loads[i].pass != nil && strings.HasPrefix(s.process.spec.name, "floor") {
		return false // it has no queues, only their cost
	}
	if strings.HasPrefix(s.loads[i].name, "pipe ") && s.process.spec.name != "levee" && s.process.spec.store != "endpoint" {
		return false // no other engine has pipes, and waiting for what goes through one takes minutes
	}
	if s.loads[i].queue {
		return s.process.spec.queues
	}
	return s.process.spec.tables
}

// compare measures one workload in the order A B B A, so that what drifts on
// the machine falls on both alike.
func compare(c *config, sides []*side, i int) comparison {
	w := sides[0].loads[i]
	m := comparison{Operation: w.name, Unit: w.unit()}
	failed := make([]error, len(sides))
	for j, s := range sides {
		failed[j] = s.loads[i].setup(s.client)
	}
	order := []int{0, 1, 1, 0}
	if len(sides) == 1 {
		order = []int{0, 0}
	}
	runs := make([][]result, 2)
	for _, j := range slices.Repeat(order, max(1, c.rounds)) {
		r := sides[j].measure(c, i, failed[j], 0)
		runs[j] = append(runs[j], r)
	}
	m.A, m.B = runs[0], runs[1]
	if rate := c.share * slowest(append(m.A, m.B...)); rate > 0 && w.pass == nil && w.prepare == nil {
		fixed := make([]*result, 2)
		for j, s := range sides {
			r := s.measure(c, i, failed[j], rate)
			fixed[j] = &r
		}
		m.FixedA, m.FixedB = fixed[0], fixed[1]
	}
	return m
}

// measure is one run: in a closed loop if rate is 0.
func (s *side) measure(c *config, i int, err error, rate float64) result {
	w := s.loads[i]
	if err == nil && w.prepare != nil {
		err = w.prepare(s.client)
	}
	r := result{Engine: s.process.spec.text, Operation: w.name, Loop: "closed", Unit: w.unit()}
	switch {
	case err != nil:
		r.Failure = err.Error()
	case w.pass != nil:
		r = s.pass(c, w, r)
	case rate > 0:
		r = fixedRate(c, s.process, s.client, w, rate)
	default:
		r = s.process.profiled(c, func() result { return closedLoop(c, s.process, s.client, w) })
	}
	fmt.Fprintln(os.Stderr, r)
	return r
}

// pass is a run of a workload that measures itself.
func (s *side) pass(c *config, w workload, r result) result {
	cpu := s.process.cpu()
	made, err := w.pass(c, s.client)
	if err != nil {
		r.Failure = err.Error()
		return r
	}
	made.Engine, made.Operation, made.Loop, made.Unit = r.Engine, r.Operation, cmp.Or(made.Loop, "fixed rate"), r.Unit
	made.Resident = s.process.resident()
	if made.Count > 0 && cpu >= 0 {
		made.ServerCPU = float64((s.process.cpu() - cpu).Microseconds()) / float64(made.Count)
	}
	return made
}

// slowest returns the steps a second that every run can do; the rate of steps,
// not of messages, is what latency follows.
func slowest(rs []result) float64 {
	rate := math.Inf(1)
	for _, r := range rs {
		if r.Failure == "" && r.Count > 0 {
			rate = min(rate, r.StepsPerSecond)
		}
	}
	if math.IsInf(rate, 1) {
		return 0
	}
	return rate
}

// ratios returns f of each run of A over that of its pair in B.
func (m comparison) ratios(f func(result) float64) []float64 {
	var rs []float64
	for i := range min(len(m.A), len(m.B)) {
		if m.A[i].Failure == "" && m.B[i].Failure == "" && f(m.B[i]) > 0 {
			rs = append(rs, f(m.A[i])/f(m.B[i]))
		}
	}
	return rs
}
