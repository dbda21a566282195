package capacity

import "time"

// MappingConfig is how an event source mapping takes messages from a queue.
type MappingConfig struct {
	FIFO bool
	// Maximum is the mapping's maximum concurrency; 0: none.
	Maximum int
	// Provisioned says that pollers are provisioned: at least Least, at most Most.
	Provisioned bool
	Least, Most int
}

// Pollers is how many batches of a queue a mapping handles at once.
type Pollers struct {
	params Params
	config MappingConfig
	count  float64
	at     time.Time // that count is of
}

// NewPollers returns those of a mapping that begins.
func NewPollers(p Params, cfg MappingConfig, now time.Time) *Pollers {
	l := &Pollers{params: p, config: cfg, at: now}
	l.count = float64(l.least())
	return l
}

func (l *Pollers) least() int {
	if l.config.Provisioned {
		return max(1, l.config.Least)
	}
	return l.params.Pollers
}

func (l *Pollers) most() int {
	switch {
	case l.config.Provisioned && l.config.Most > 0:
		return l.config.Most
	case l.config.Maximum > 0:
		return min(l.config.Maximum, l.params.MaxPollers)
	}
	return l.params.MaxPollers
}

// Limit returns how many batches may be handled at once. The number grows as long as
// there is a backlog, and starts again without one. Of a FIFO queue there are at once
// as many as groups with messages.
func (l *Pollers) Limit(now time.Time, backlog bool, groups int) int {
	if l.config.FIFO {
		return min(groups, l.most())
	}
	passed := now.Sub(l.at)
	l.at = now
	if backlog {
		l.count = min(float64(l.most()), l.count+l.growth()*passed.Minutes())
	} else {
		l.count = float64(l.least())
	}
	return min(int(l.count), l.most())
}

func (l *Pollers) growth() float64 {
	if l.config.Provisioned {
		return float64(l.params.ProvisionedGrowth)
	}
	return float64(l.params.PollersGrowth)
}

// ShardBatches returns how many batches of a stream may be handled at once.
func ShardBatches(shards, parallelization int) int {
	return shards * min(max(1, parallelization), 10)
}

// Function is the concurrency of a function: how many executions of it run.
type Function struct {
	params  Params
	most    int // reserved, or the account's
	running int
	grown   float64 // how far it has scaled
	at      time.Time
}

// NewFunction returns a function that nobody has called. Reserved is its reserved
// concurrency; 0: what the account has.
func NewFunction(p Params, reserved int, now time.Time) *Function {
	f := &Function{params: p, most: reserved, at: now}
	if reserved == 0 {
		f.most = p.Concurrency
	}
	f.grown = float64(p.ConcurrencyGrowth)
	return f
}

// Begin starts an execution, if there may be one more.
func (f *Function) Begin(now time.Time) bool {
	f.grow(now)
	if f.running >= f.Limit() {
		return false
	}
	f.running++
	return true
}

// End ends an execution.
func (f *Function) End(now time.Time) {
	f.grow(now)
	f.running = max(0, f.running-1)
}

// Running returns how many executions there are.
func (f *Function) Running() int { return f.running }

// Limit returns how many executions there may be at the moment.
func (f *Function) Limit() int { return min(f.most, int(f.grown)) }

// grow lets the limit come that is due: continuously, as much each step as may be
// added in it, and never more beyond what is running than that.
func (f *Function) grow(now time.Time) {
	step := float64(f.params.ConcurrencyGrowth)
	if passed := now.Sub(f.at); passed > 0 {
		f.grown += step * passed.Seconds() / f.params.ConcurrencyStep.Seconds()
		f.at = now
	}
	f.grown = min(f.grown, float64(f.running)+step)
}
