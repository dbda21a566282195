package rehearse

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The values of Source.Arrivals.
const (
	even    = "even"    // as the curve says
	poisson = "poisson" // each request by itself, at the curve's rate
)

// arrivals counts the requests of a source while it is played.
type arrivals struct {
	curve curve
	sent  int64
}

// newArrivals returns those of a source from the beginning. They depend on the
// scenario and its seed alone, so that all designs have the same.
func (s *Scenario) newArrivals(number int) arrivals {
	src := &s.Traffic[number]
	if src.Arrivals == even {
		return arrivals{curve: src.curve}
	}
	return arrivals{curve: &independent{
		rate: src.curve, step: time.Duration(s.Step), random: rand.New(rand.NewPCG(s.Seed, uint64(number))),
	}}
}

// until returns how many requests have arrived since the last call.
func (a *arrivals) until(at time.Duration) int {
	total := int64(math.Floor(a.curve.total(at) + 1e-6))
	n := max(0, total-a.sent)
	a.sent += n
	return int(n)
}

// checkArrivals fills in how requests arrive: where many clients know nothing of each
// other by chance, and evenly where the number is known, of a campaign and of what was
// recorded.
func (t *Source) checkArrivals() error {
	known := t.Campaign != nil || t.CSV != nil || t.Log != nil
	or(&t.Arrivals, map[bool]string{true: even, false: poisson}[known])
	if t.Arrivals != even && t.Arrivals != poisson {
		return fmt.Errorf("arrivals: %q is neither even nor poisson", t.Arrivals)
	}
	return nil
}

// independent is a curve by chance: in each step a number of requests with a Poisson
// distribution around what the rate says, spread evenly over the step. Its total can
// only be asked for in the order of time.
type independent struct {
	rate      curve
	step      time.Duration
	random    *rand.Rand
	number    time.Duration // of the running step
	mean      float64       // of all up to its end
	from, end float64       // what has arrived at its beginning and end
	begun     bool
}

func (p *independent) total(since time.Duration) float64 {
	for !p.begun || since >= (p.number+1)*p.step {
		p.next()
	}
	part := float64(since-p.number*p.step) / float64(p.step)
	return p.from + part*(p.end-p.from)
}

// next begins the next step.
func (p *independent) next() {
	if p.begun {
		p.number++
	}
	p.begun = true
	mean := p.rate.total((p.number + 1) * p.step)
	p.from = p.end
	p.end += draw(p.random, mean-p.mean)
	p.mean = mean
}

// manyArrivals is from which mean on a Poisson distribution is taken for a normal one.
const manyArrivals = 64

// draw returns a number with a Poisson distribution.
func draw(random *rand.Rand, mean float64) float64 {
	switch {
	case mean <= 0:
		return 0
	case mean > manyArrivals:
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*random.NormFloat64()))
	}
	n, product := 0.0, random.Float64()
	for least := math.Exp(-mean); product > least; n++ {
		product *= random.Float64()
	}
	return n
}

// Arrivals yields when each request arrives, since the beginning, and of which source
// it is: as many in each step as Run has, spread evenly over it. It is for who plays a
// scenario for real.
func (s *Scenario) Arrivals(yield func(at time.Duration, source int) bool) {
	list := make([]arrivals, len(s.Traffic))
	for i := range list {
		list[i] = s.newArrivals(i)
	}
	type arrival struct {
		at     time.Duration
		source int
	}
	var step []arrival
	for at, end := time.Duration(0), time.Duration(s.Duration); at < end; at += time.Duration(s.Step) {
		lasts := min(end-at, time.Duration(s.Step))
		step = step[:0]
		for i := range list {
			n := list[i].until(at + lasts)
			for j := range n {
				step = append(step, arrival{at + lasts*time.Duration(2*j+1)/time.Duration(2*n), i})
			}
		}
		slices.SortStableFunc(step, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
		for _, a := range step {
			if !yield(a.at, a.source) {
				return
			}
		}
	}
}
