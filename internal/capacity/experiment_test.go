package capacity

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The tests of this file are experiments that others have made with the service and
// published, and examples of its documentation, made with the model.

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// outcome is what came of traffic, in units.
type outcome struct{ admitted, throttled float64 }

func (o outcome) share() float64 { return o.throttled / (o.admitted + o.throttled) }

// drive asks for units of a class, spread evenly over time and over keys, at the rate
// that rate gives for each moment since from. One demand has as many units as size.
func drive(t *Table, class Class, from time.Time, lasts time.Duration, size float64, rate func(time.Duration) float64) (o outcome) {
	keys := rand.New(rand.NewPCG(1, 2))
	for passed := time.Duration(0); passed < lasts; {
		r := rate(passed)
		if r <= 0 {
			passed += time.Second
			continue
		}
		if t.Admit(from.Add(passed), keys.Uint64(), Itself, class, size).Allowed {
			o.admitted += size
		} else {
			o.throttled += size
		}
		passed += time.Duration(size / r * float64(time.Second))
	}
	return o
}

func steady(rate float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return rate }
}

func ramp(to float64, over time.Duration) func(time.Duration) float64 {
	return func(passed time.Duration) float64 { return to * passed.Minutes() / over.Minutes() }
}

// unlimitedQuota are the parameters of an account whose table quota was raised.
func unlimitedQuota() Params {
	p := Defaults()
	p.TableQuota = Rates{}
	return p
}

// https://theburningmonk.com/2019/03/understanding-the-scaling-behaviour-of-dynamodb-ondemand-tables/
// "For every value of Y up to 3000, there were no throttled writes. But I was not able
// to perform more than 4000 writes".
func TestNewOnDemandTableTakes4000Writes(t *testing.T) {
	for _, rate := range []float64{100, 1000, 3000} {
		table := NewTable(Defaults(), TableConfig{OnDemand: true}, epoch)
		if o := drive(table, Write, epoch, 3*time.Minute, 1, steady(rate)); o.throttled > 0 {
			t.Errorf("%v writes/s: %v throttled", rate, o.throttled)
		}
	}
	for _, rate := range []float64{5000, 7000, 9000, 40000} {
		table := NewTable(Defaults(), TableConfig{OnDemand: true}, epoch)
		o := drive(table, Write, epoch, 3*time.Minute, 1, steady(rate))
		if perSecond := o.admitted / 180; perSecond < 3900 || perSecond > 4050 {
			t.Errorf("%v writes/s: %v a second admitted", rate, perSecond)
		}
	}
}

// As above, "The road to 40k writes/s": the table gets there in steps.
func TestJumpTo40000Writes(t *testing.T) {
	table := NewTable(unlimitedQuota(), TableConfig{OnDemand: true}, epoch)
	var got []float64
	for i := range 8 {
		from := epoch.Add(time.Duration(i) * 10 * time.Minute)
		o := drive(table, Write, from, 10*time.Minute, 10, steady(40000))
		got = append(got, o.admitted/600)
	}
	if got[0] > 4100 || got[0] < 3900 {
		t.Errorf("the first ten minutes gave %v a second, want about 4,000", got[0])
	}
	for i := 1; i < len(got); i++ {
		if got[i] < got[i-1]*0.99 || got[i] > got[i-1]*2.05 {
			t.Errorf("from %v to %v a second in ten minutes; want growth to the double at most", got[i-1], got[i])
		}
	}
	if last := got[len(got)-1]; last < 39000 {
		t.Errorf("after 80 minutes it takes %v a second, want 40,000", last)
	}
}

// As above: ramps to 40,000 writes/s over 60 and 90 minutes are throttled, the slower
// one less.
func TestRampsTo40000Writes(t *testing.T) {
	share := func(minutes int) float64 {
		table := NewTable(unlimitedQuota(), TableConfig{OnDemand: true}, epoch)
		over := time.Duration(minutes) * time.Minute
		return drive(table, Write, epoch, over, 50, ramp(40000, over)).share()
	}
	hour, ninety, long := share(60), share(90), share(300)
	if hour < 0.05 || ninety < 0.01 {
		t.Errorf("throttled %.3f in 60 minutes and %.3f in 90; want a lot of both", hour, ninety)
	}
	if ninety >= hour || long > 0.002 { // partitions are not hit quite evenly
		t.Errorf("throttled %.4f in 60 minutes, %.4f in 90, %.4f in 300; want ever less, and none in the end", hour, ninety, long)
	}
}

// As above, the update of 15/03/2019: a table provisioned at 40,000 writes and then
// switched takes 40,000 at once.
func TestProvisionedThenSwitched(t *testing.T) {
	p := Defaults()
	table := NewTable(p, TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 40000}}}, epoch)
	if err := table.Change(epoch, TableConfig{OnDemand: true}); err != nil {
		t.Fatal(err)
	}
	during := table.State(epoch.Add(time.Minute))
	if during.OnDemand || !during.Changing || during.Resources[Itself].Provisioned[Write] != 40000 {
		t.Errorf("while it switches: %+v, want the throughput of before", during)
	}
	after := epoch.Add(p.SwitchTakes + time.Minute)
	if o := drive(table, Write, after, 3*time.Minute, 1, steady(39900)); o.share() > 0.002 {
		t.Errorf("%.4f of 40,000 writes/s throttled, want none", o.share())
	}
}

// https://repost.aws/knowledge-center/dynamodb-spiky-workloads-short-intervals: 150 RCU
// that are idle for 300 s keep 45,000 units, which give 200 RCU for 900 s.
func TestBurst(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{Config: Config{Provisioned: Rates{Read: 150, Write: 1}}}, epoch)
	from := epoch.Add(300 * time.Second)
	if tokens := table.State(from).Resources[Itself].Tokens[Read]; tokens < 44999 || tokens > 45000 {
		t.Errorf("%v units kept, want 45,000", tokens)
	}
	if o := drive(table, Read, from, 900*time.Second, 1, steady(200)); o.throttled > 1 {
		t.Errorf("200 RCU for 900 s: %v throttled", o.throttled)
	}
	if o := drive(table, Read, from.Add(900*time.Second), time.Minute, 1, steady(200)); o.admitted > 150*60+1 {
		t.Errorf("%v admitted in the minute after, want 150 a second", o.admitted)
	}
}

// DG, "Best practices for designing and using partition keys effectively": one item of
// 20 KB can be read 600 times a second.
func TestOnePartitionReads600ItemsOf20KB(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{OnDemand: true}, epoch)
	read := 0
	for i := range 10000 {
		now := epoch.Add(time.Duration(i) * time.Millisecond)
		if table.Admit(now, 42, Itself, Read, ReadUnits(20*1024, true)).Allowed {
			read++
		}
	}
	if read < 6000 || read > 6600 {
		t.Errorf("%d reads in 10 s, want 600 a second and what a second keeps", read)
	}
}

// https://repost.aws/knowledge-center/dynamodb-auto-scaling: with a minimum of 100 RCU
// and a target of 70 percent, more than 70 for two minutes scales out, less than 50 for
// fifteen scales in.
func TestAutoScalingExample(t *testing.T) {
	p := Defaults()
	table := NewTable(p, TableConfig{Config: Config{Provisioned: Rates{Read: 100, Write: 1}}}, epoch)
	table.Scale(epoch, Itself, Read, &Policy{Min: 100, Max: 1000, Target: 70})
	provisioned := func(at time.Time) float64 { return table.State(at).Resources[Itself].Provisioned[Read] }

	drive(table, Read, epoch, 2*time.Minute, 1, steady(90))
	seen := epoch.Add(2 * time.Minute).Add(p.AlarmLag)
	if got := provisioned(seen); got != 100 {
		t.Errorf("%v RCU when the alarm is raised, want 100 until the update is done", got)
	}
	updated := seen.Add(p.UpdateTakes)
	drive(table, Read, epoch.Add(2*time.Minute), updated.Sub(epoch)-2*time.Minute, 1, steady(90))
	if got := provisioned(updated); got != 129 {
		t.Errorf("%v RCU after the update, want ceil(90/0.7)", got)
	}

	drive(table, Read, updated, 14*time.Minute, 1, steady(40))
	if got := provisioned(updated.Add(14 * time.Minute)); got != 129 {
		t.Errorf("%v RCU after 14 quiet minutes, want 129", got)
	}
	drive(table, Read, updated.Add(14*time.Minute), 10*time.Minute, 1, steady(40))
	if got := provisioned(updated.Add(24 * time.Minute)); got != 100 {
		t.Errorf("%v RCU after more quiet minutes, want the minimum", got)
	}
}

// DG, "Managing throughput capacity automatically", and the article above: spikes that
// are apart never raise the alarm.
func TestSpikesApartDoNotScale(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{Config: Config{Provisioned: Rates{Read: 100, Write: 1}}}, epoch)
	table.Scale(epoch, Itself, Read, &Policy{Min: 100, Max: 1000, Target: 70})
	spikes := func(passed time.Duration) float64 {
		if int(passed.Minutes())%2 == 0 {
			return 1000
		}
		return 60
	}
	o := drive(table, Read, epoch, time.Hour, 1, spikes)
	if got := table.State(epoch.Add(time.Hour)).Resources[Itself].Provisioned[Read]; got != 100 {
		t.Errorf("%v RCU, want 100", got)
	}
	if o.throttled == 0 {
		t.Error("nothing throttled, want the spikes to be")
	}
}

// DG, "Service, account, and table quotas": 27 decreases a day.
func TestDecreasesOfADay(t *testing.T) {
	p := Defaults()
	var d Decreases
	n := 0
	for m := range 24 * 60 {
		if d.Allow(&p, epoch.Add(time.Duration(m)*time.Minute)) {
			n++
		}
	}
	if n != 27 {
		t.Errorf("%d decreases, want 27", n)
	}
}

// AWS Database Blog, "Scaling DynamoDB", part 3: a hot partition is split for heat, so
// that the throughput of its keys grows beyond a partition's.
func TestSplitForHeat(t *testing.T) {
	run := func(cfg TableConfig, key func(i int) uint64) (early, late float64) {
		table := NewTable(Defaults(), cfg, epoch)
		for i := range 2000 * 60 * 40 / 4 {
			now := epoch.Add(time.Duration(i) * 2 * time.Millisecond)
			if table.Admit(now, key(i), Itself, Write, 4).Allowed {
				switch minute := int(now.Sub(epoch).Minutes()); {
				case minute < 5:
					early += 4.0 / 300
				case minute >= 35:
					late += 4.0 / 300
				}
			}
		}
		return early, late
	}
	keys := rand.New(rand.NewPCG(3, 4))
	const collection = 5 << 32
	hot := Config{Provisioned: Rates{Read: 1, Write: 2500}, Warm: Rates{Read: 1, Write: 2500}}
	for _, c := range []struct {
		name   string
		config TableConfig
		key    func(int) uint64
		helps  bool
	}{
		{"two keys of one partition", TableConfig{Config: hot}, func(i int) uint64 { return uint64(i%2) << 33 }, true},
		{"one key", TableConfig{Config: hot}, func(int) uint64 { return 77 }, false},
		{"an item collection", TableConfig{Config: hot}, func(int) uint64 { return collection | uint64(keys.Uint32()) }, true},
		{"an item collection with a local index", TableConfig{Config: hot, LocalIndexes: true}, func(int) uint64 { return collection | uint64(keys.Uint32()) }, false},
		{"a sort key that ever rises", TableConfig{Config: hot}, func(i int) uint64 { return collection | uint64(i) }, false},
	} {
		early, late := run(c.config, c.key)
		if early > 1010 || early < 900 {
			t.Errorf("%s: %v a second at first, want what a partition gives", c.name, early)
		}
		if helped := late > 1500; helped != c.helps {
			t.Errorf("%s: %v a second in the end; want a split to help: %v", c.name, late, c.helps)
		}
	}
}
