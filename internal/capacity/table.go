package capacity

import (
	"errors"
	"time"
)

// Table is the throughput of a table and its indexes.
type Table struct {
	params    Params
	onDemand  bool
	collect   bool
	resources []*resource // the table itself, then its indexes
	quota     [classes]bucket
	minute    int64 // when the running one ends
	pending   *change
	switches  Switches

	places []place // of AdmitAll, while it runs
}

// TableConfig is how a table is set up.
type TableConfig struct {
	OnDemand bool
	// LocalIndexes says that there are some, so that item collections stay together.
	LocalIndexes bool
	Config
	Indexes []Config // global ones
}

// change is one of the configuration that takes its time.
type change struct {
	config TableConfig
	at     int64
}

// NewTable returns a new table.
func NewTable(p Params, cfg TableConfig, now time.Time) *Table {
	t := &Table{params: p, collect: cfg.LocalIndexes}
	at := now.UnixNano()
	t.minute = at - at%int64(time.Minute) + int64(time.Minute)
	t.onDemand = cfg.OnDemand
	t.add(cfg.Config, cfg.LocalIndexes, at)
	for i := range cfg.Indexes {
		t.add(cfg.Indexes[i], false, at)
	}
	t.setQuota(at)
	return t
}

func (t *Table) add(cfg Config, collect bool, now int64) {
	t.resources = append(t.resources, newResource(&t.params, cfg, t.onDemand, collect, now))
}

// setQuota makes the buckets of the table's quota, which is for what is not
// provisioned.
func (t *Table) setQuota(now int64) {
	for c := range t.quota {
		t.quota[c] = unlimited()
		if rate := t.params.TableQuota[c]; t.onDemand && rate > 0 {
			t.quota[c] = newBucket(rate, t.params.Window, t.params.Window, now)
		}
	}
}

// Admit decides about one demand.
func (t *Table) Admit(now time.Time, key uint64, index int, class Class, units float64) Decision {
	at := now.UnixNano()
	if at >= t.minute {
		t.turnTo(at)
	}
	d := Demand{key, index, class, units}
	r := t.resources[index]
	p := r.partitions.of(key)
	r.partitions.see(p, key)
	if l := r.check(&t.quota[class], p, &d, at); l != NoLimit {
		return r.refuse(l, &d, 0)
	}
	r.take(&t.quota[class], p, &d)
	return Decision{Allowed: true}
}

func (r *resource) refuse(l Limit, d *Demand, number int) Decision {
	r.running.Throttled[d.Class][l]++
	return Decision{Limit: l, Class: d.Class, Index: d.Index, Demand: number}
}

// place is where a demand has been admitted, and what was there before.
type place struct {
	demand                                 *Demand
	resource                               *resource
	partition                              *partition
	ceiling, quota, throughput, partCap    bucket
	partitionConsumed, resourceConsumption float64
}

// AdmitAll decides about several demands together: all are admitted, or none is.
func (t *Table) AdmitAll(now time.Time, demands []Demand) Decision {
	if len(demands) == 1 {
		d := &demands[0]
		return t.Admit(now, d.Key, d.Index, d.Class, d.Units)
	}
	at := now.UnixNano()
	if at >= t.minute {
		t.turnTo(at)
	}
	t.places = t.places[:0]
	for i := range demands {
		d := &demands[i]
		r := t.resources[d.Index]
		p := r.partitions.of(d.Key)
		r.partitions.see(p, d.Key)
		if l := r.check(&t.quota[d.Class], p, d, at); l != NoLimit {
			t.giveBack()
			return r.refuse(l, d, i)
		}
		t.places = append(t.places, t.placeOf(d, r, p))
		r.take(&t.quota[d.Class], p, d)
	}
	return Decision{Allowed: true}
}

func (t *Table) placeOf(d *Demand, r *resource, p *partition) place {
	c := d.Class
	return place{
		demand: d, resource: r, partition: p,
		ceiling: r.ceiling[c], quota: t.quota[c], throughput: r.throughput[c], partCap: p.caps[c],
		partitionConsumed: p.consumed[c], resourceConsumption: r.running.Consumed[c],
	}
}

// giveBack undoes what AdmitAll has taken, the latest first.
func (t *Table) giveBack() {
	for i := len(t.places) - 1; i >= 0; i-- {
		was := &t.places[i]
		r, p, c := was.resource, was.partition, was.demand.Class
		r.ceiling[c], t.quota[c], r.throughput[c], p.caps[c] = was.ceiling, was.quota, was.throughput, was.partCap
		p.consumed[c], r.running.Consumed[c] = was.partitionConsumed, was.resourceConsumption
		r.running.Admitted[c]--
	}
}

// Store tells that the items at a key have grown by bytes, or shrunk.
func (t *Table) Store(key uint64, index int, bytes int64) {
	p := t.resources[index].partitions.of(key)
	p.bytes = max(0, p.bytes+bytes)
}

// Errors of Change.
var (
	ErrChanging  = errors.New("capacity: another change is under way")
	ErrDecreases = errors.New("capacity: too many decreases today")
	ErrSwitches  = errors.New("capacity: too many switches to on-demand in 24 hours")
)

// Change begins a change of the configuration, which is in force after the time that
// it takes. Until then everything stays as it is. A resource's number stays that of
// its place in the configuration; indexes can be added at the end.
func (t *Table) Change(now time.Time, cfg TableConfig) error {
	at := now.UnixNano()
	t.turnTo(at)
	if t.pending != nil {
		return ErrChanging
	}
	switching := cfg.OnDemand != t.onDemand
	if switching && cfg.OnDemand && !t.switches.Allow(&t.params, now) {
		return ErrSwitches
	}
	if !switching {
		if err := t.countDecreases(now, cfg); err != nil {
			return err
		}
	}
	took := t.params.UpdateTakes
	if switching {
		took = t.params.SwitchTakes
	} else if t.warms(cfg) {
		took = max(took, t.params.WarmTakes)
	}
	t.pending = &change{cfg, at + int64(took)}
	return nil
}

// countDecreases counts the decreases of a change, if all are allowed.
func (t *Table) countDecreases(now time.Time, cfg TableConfig) error {
	var lower []*resource
	for i, r := range t.resources {
		if to := cfg.at(i); to.Provisioned[Read] < r.Provisioned[Read] || to.Provisioned[Write] < r.Provisioned[Write] {
			if !r.decreases.allowed(&t.params, now) {
				return ErrDecreases
			}
			lower = append(lower, r)
		}
	}
	for _, r := range lower {
		r.decreases.count(now)
	}
	return nil
}

// warms reports whether a configuration warms anything further.
func (t *Table) warms(cfg TableConfig) bool {
	for i, r := range t.resources {
		if to := cfg.at(i); to.Warm[Read] > r.warm[Read] || to.Warm[Write] > r.warm[Write] {
			return true
		}
	}
	return false
}

// at returns the configuration of a resource.
func (cfg *TableConfig) at(i int) Config {
	switch {
	case i == Itself:
		return cfg.Config
	case i <= len(cfg.Indexes):
		return cfg.Indexes[i-1]
	}
	return Config{}
}

// Set changes the configuration at once.
func (t *Table) Set(now time.Time, cfg TableConfig) {
	at := now.UnixNano()
	t.turnTo(at)
	t.set(cfg, at)
}

func (t *Table) set(cfg TableConfig, now int64) {
	if cfg.OnDemand != t.onDemand {
		t.onDemand = cfg.OnDemand
		t.setQuota(now)
	}
	for i, r := range t.resources {
		r.set(cfg.at(i), cfg.OnDemand, now)
	}
	for i := len(t.resources); i <= len(cfg.Indexes); i++ {
		t.add(cfg.at(i), false, now)
	}
}

// Scale has Application Auto Scaling change the provisioned capacity of a class, by a
// policy and by actions. A nil policy ends that.
func (t *Table) Scale(now time.Time, index int, class Class, policy *Policy, actions ...Action) {
	t.turnTo(now.UnixNano())
	r := t.resources[index]
	r.scaling[class] = nil
	if policy != nil {
		r.scaling[class] = newScaling(t.params, *policy, actions, now)
	}
}

// turnTo ends the minutes that are over.
func (t *Table) turnTo(now int64) {
	for t.minute <= now {
		t.turn(t.minute)
		t.minute += int64(time.Minute)
	}
}

func (t *Table) turn(now int64) {
	if t.pending != nil && t.pending.at <= now {
		t.set(t.pending.config, now)
		t.pending = nil
	}
	for _, r := range t.resources {
		r.turn(now)
		if !t.onDemand && t.pending == nil {
			r.scale(now)
		}
	}
}
