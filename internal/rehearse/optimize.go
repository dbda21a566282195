package rehearse

import (
	"context"
	"fmt"
	"math"
)

// knob is one figure of a design that can be turned, and what cheaper means for it.
type knob struct {
	name   string
	values []float64 // to be tried, the cheapest first
	set    func(*Design, float64)
}

// knobs returns those of a design. Which there are follows from what it has.
func (d *Design) knobs() []knob {
	var list []knob
	t := &d.Table
	switch {
	case t.Mode == "on-demand":
		list = append(list, knob{"pre-warmed to write units", append([]float64{0}, steps(4000, 40000, 10)...),
			func(d *Design, v float64) { d.Table.Warm.Write = max(d.Table.Warm.Write, v) }})
	case t.Scaling != nil:
		list = append(list,
			knob{"minimum write capacity", steps(max(1, t.Scaling.Max.Write/64), t.Scaling.Max.Write, 10),
				func(d *Design, v float64) {
					d.Table.Scaling.Min.Write = v
					d.Table.Provisioned.Write = max(v, d.Table.Provisioned.Write)
				}},
			knob{"target utilization", []float64{90, 80, 70, 60, 50, 40, 30},
				func(d *Design, v float64) { d.Table.Scaling.Target = v }})
	default:
		list = append(list, knob{"provisioned write capacity", steps(max(1, t.Provisioned.Write/16), 16*t.Provisioned.Write, 14),
			func(d *Design, v float64) { d.Table.Provisioned.Write = v }})
	}
	if d.Workers != nil {
		list = append(list, knob{"consumers", whole(steps(1, 256, 12)), func(d *Design, v float64) { d.Workers.Count = int(v) }})
	}
	if d.Function != nil {
		list = append(list, knob{"maximum concurrency", whole(steps(2, 1000, 10)), func(d *Design, v float64) { d.Function.Maximum = int(v) }})
	}
	return list
}

// steps are n values from one to another, each by the same factor more.
func steps(from, to float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Round(from * math.Pow(to/from, float64(i)/float64(n-1)))
	}
	return out
}

func whole(list []float64) []float64 {
	out := list[:0]
	for _, v := range list {
		if len(out) == 0 || v != out[len(out)-1] {
			out = append(out, v)
		}
	}
	return out
}

// Found is the best that Optimize has found for one design.
type Found struct {
	Result DesignResult
	// Settings are the figures that were turned, in words.
	Settings []string
	Runs     int
}

// passes is how often Optimize goes through the knobs of a design: what one may be
// depends on the others.
const passes = 2

// Optimize searches, for each design, the figures with which it reaches the objective
// at the least cost: one figure after the other, all its values with the others as
// they are. It does not find what only several figures together would reach.
func Optimize(ctx context.Context, s *Scenario) ([]Found, error) {
	var out []Found
	for i := range s.Designs {
		f, err := optimize(ctx, s, &s.Designs[i])
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func optimize(ctx context.Context, s *Scenario, from *Design) (Found, error) {
	design := from.clone()
	result, err := play(ctx, s, design)
	if err != nil {
		return Found{}, err
	}
	best := Found{Result: result, Runs: 1}
	chosen := map[string]float64{}
	knobs := from.knobs()
	for range passes {
		for _, k := range knobs {
			for _, v := range k.values {
				if have, ok := chosen[k.name]; ok && have == v {
					continue
				}
				other := best.Result.Design.clone()
				k.set(other, v)
				result, err := play(ctx, s, other)
				if err != nil {
					return Found{}, err
				}
				if best.Runs++; better(&result, &best.Result) {
					best.Result, chosen[k.name] = result, v
				}
			}
		}
	}
	for _, k := range knobs {
		if v, ok := chosen[k.name]; ok {
			best.Settings = append(best.Settings, fmt.Sprintf("%s %g", k.name, v))
		}
	}
	return best, nil
}

// better reports whether a is to be taken rather than b.
func better(a, b *DesignResult) bool {
	if a.Reached != b.Reached {
		return a.Reached
	}
	if a.Reached {
		return a.Month < b.Month*(1-1e-9)
	}
	aLoss, bLoss := a.All.Lost+a.All.Waiting, b.All.Lost+b.All.Waiting
	if aLoss != bLoss {
		return aLoss < bLoss
	}
	return a.All.P99 < b.All.P99
}

// clone returns a design that can be changed.
func (d *Design) clone() *Design {
	c := *d
	if d.Table.Scaling != nil {
		scaling := *d.Table.Scaling
		c.Table.Scaling = &scaling
	}
	if d.Workers != nil {
		workers := *d.Workers
		c.Workers = &workers
	}
	if d.Function != nil {
		function := *d.Function
		c.Function = &function
	}
	return &c
}
