package capacity

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestReasons(t *testing.T) {
	provisioned := Config{Provisioned: Rates{Read: 10, Write: 10}}
	small := Config{Provisioned: Rates{Read: 2, Write: 2}}
	p := Defaults()
	p.TableQuota = Rates{Read: 100, Write: 100}
	for _, c := range []struct {
		name    string
		config  TableConfig
		demands []Demand
		reason  string
		number  int
	}{
		{"provisioned", TableConfig{Config: provisioned}, []Demand{{Units: 9}, {Units: 2}}, "TableReadProvisionedThroughputExceeded", 1},
		{"index writes", TableConfig{Config: provisioned, Indexes: []Config{provisioned, small}}, []Demand{{Units: 1, Class: Write}, {Units: 2, Index: 1, Class: Write}, {Units: 3, Index: 2, Class: Write}}, "IndexWriteProvisionedThroughputExceeded", 2},
		{"maximum", TableConfig{OnDemand: true, Config: Config{Maximum: Rates{Write: 5}}}, []Demand{{Units: 5, Class: Write}, {Units: 1, Class: Write}}, "TableWriteMaxOnDemandThroughputExceeded", 1},
		{"quota, which the table and its indexes share", TableConfig{OnDemand: true, Indexes: []Config{{}}}, []Demand{{Units: 60, Class: Write}, {Units: 41, Index: 1, Class: Write}}, "IndexWriteAccountLimitExceeded", 1},
		{"partition", TableConfig{Config: Config{Provisioned: Rates{Read: 1, Write: 5000}}}, []Demand{{Units: 1000, Class: Write}, {Units: 1, Class: Write}}, "TableWriteKeyRangeThroughputExceeded", 1},
		{"another partition", TableConfig{Config: Config{Provisioned: Rates{Read: 1, Write: 5000}}}, []Demand{{Units: 1000, Class: Write}, {Units: 1, Key: math.MaxUint64, Class: Write}}, "", 0},
	} {
		table := NewTable(p, c.config, epoch)
		before := table.State(epoch)
		d := table.AdmitAll(epoch, c.demands)
		if d.Reason() != c.reason || d.Demand != c.number {
			t.Errorf("%s: %q of demand %d, want %q of %d", c.name, d.Reason(), d.Demand, c.reason, c.number)
		}
		if after := table.State(epoch); !d.Allowed && after.Resources[0].Tokens != before.Resources[0].Tokens {
			t.Errorf("%s: the table's tokens went from %v to %v although nothing was admitted", c.name, before.Resources[0].Tokens, after.Resources[0].Tokens)
		}
	}
}

// A request may cost more than can ever be kept: it is admitted and paid for later.
func TestDemandLargerThanTheBucket(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{Config: Config{Provisioned: Rates{Read: 1, Write: 1}}}, epoch)
	full := epoch.Add(299 * time.Second) // it begins with a second's worth
	if d := table.Admit(full.Add(-time.Second), 1, Itself, Write, 400); d.Allowed {
		t.Error("admitted before the bucket was full")
	}
	if d := table.Admit(full, 1, Itself, Write, 400); !d.Allowed {
		t.Error("not admitted by a full bucket")
	}
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{99 * time.Second, false}, {101 * time.Second, true}} {
		if d := table.Admit(full.Add(c.after), 1, Itself, Write, 1); d.Allowed != c.want {
			t.Errorf("%v later a unit is admitted: %v, want %v", c.after, d.Allowed, c.want)
		}
	}
}

func TestChangesAndTheirQuotas(t *testing.T) {
	p := Defaults()
	table := NewTable(p, TableConfig{Config: Config{Provisioned: Rates{Read: 50, Write: 50}}}, epoch)
	now := epoch
	to := func(write float64) error {
		err := table.Change(now, TableConfig{Config: Config{Provisioned: Rates{Read: 50, Write: write}}})
		now = now.Add(5 * time.Minute)
		return err
	}
	for i := range 4 {
		if err := to(float64(40 - i)); err != nil {
			t.Fatalf("decrease %d: %v", i, err)
		}
	}
	if err := to(30); !errors.Is(err, ErrDecreases) {
		t.Errorf("a fifth decrease: %v", err)
	}
	if err := to(100); err != nil {
		t.Errorf("an increase: %v", err)
	}
	for i := range 5 {
		err := table.Change(now, TableConfig{OnDemand: true})
		if i == 0 {
			if again := table.Change(now, TableConfig{OnDemand: true}); !errors.Is(again, ErrChanging) {
				t.Errorf("a change during a change: %v", again)
			}
		}
		if want := i == 4; errors.Is(err, ErrSwitches) != want {
			t.Errorf("switch %d to on-demand: %v", i, err)
		}
		now = now.Add(10 * time.Minute)
		if err := table.Change(now, TableConfig{Config: Config{Provisioned: Rates{Read: 50, Write: 100}}}); err != nil && i < 4 {
			t.Errorf("switch %d back: %v", i, err)
		}
		now = now.Add(10 * time.Minute)
	}
}

func TestWarmThroughput(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{OnDemand: true, Config: Config{Warm: Rates{Write: 20000}}}, epoch)
	if o := drive(table, Write, epoch, time.Minute, 1, steady(19000)); o.share() > 0.001 {
		t.Errorf("%.4f throttled of what it is warmed for", o.share())
	}
	s := table.State(epoch.Add(time.Minute)).Resources[Itself]
	if len(s.Partitions) != 20 || s.Warm != (Rates{Read: 12000, Write: 20000}) {
		t.Errorf("%d partitions, warm for %v", len(s.Partitions), s.Warm)
	}
}

func TestPartitionsSplitForSizeAndThroughput(t *testing.T) {
	p := Defaults()
	table := NewTable(p, TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 5}}}, epoch)
	count := func(at time.Time) int { return len(table.State(at).Resources[Itself].Partitions) }
	if n := count(epoch); n != 1 {
		t.Fatalf("%d partitions at first", n)
	}
	table.Store(1, Itself, p.PartitionBytes)
	if n := count(epoch.Add(time.Minute)); n != 2 {
		t.Errorf("%d partitions of 10 GB, want 2", n)
	}
	table.Set(epoch.Add(time.Minute), TableConfig{Config: Config{Provisioned: Rates{Read: 3000, Write: 3000}}})
	if n := count(epoch.Add(time.Minute)); n != 4 {
		t.Errorf("%d partitions for 3,000 of both, want 4", n)
	}
	table.Set(epoch.Add(time.Minute), TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 5}}})
	if n := count(epoch.Add(time.Minute)); n != 4 {
		t.Errorf("%d partitions after a decrease, want those of before", n)
	}
}

// DG, 2017, "Partitions and data distribution".
func TestFirstPartitions(t *testing.T) {
	for _, c := range []struct {
		config TableConfig
		want   int
	}{
		{TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 5}}}, 1},
		{TableConfig{Config: Config{Provisioned: Rates{Read: 1500, Write: 500}}}, 1},
		{TableConfig{Config: Config{Provisioned: Rates{Read: 4500, Write: 1500}}}, 3},
		{TableConfig{OnDemand: true}, 4},
	} {
		table := NewTable(Defaults(), c.config, epoch)
		if n := len(table.State(epoch).Resources[Itself].Partitions); n != c.want {
			t.Errorf("%+v: %d partitions, want %d", c.config, n, c.want)
		}
	}
}

func TestScheduledAction(t *testing.T) {
	p := Defaults()
	table := NewTable(p, TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 100}}}, epoch)
	at, err := ParseSchedule("at(2026-03-02T01:00:00)", "", time.Time{}, time.Time{}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	table.Scale(epoch, Itself, Write, &Policy{Min: 10, Max: 10000, Target: 70}, Action{Schedule: at, Min: 5000})
	due := epoch.Add(time.Hour)
	write := func(at time.Time) float64 { return table.State(at).Resources[Itself].Provisioned[Write] }
	if got := write(due.Add(-time.Minute)); got != 100 {
		t.Errorf("%v WCU before the action", got)
	}
	if got := write(due.Add(p.UpdateTakes)); got != 5000 {
		t.Errorf("%v WCU after it, want the minimum that it sets", got)
	}
}

func TestFits(t *testing.T) {
	p := Defaults()
	table := func(write float64, index float64) TableConfig {
		return TableConfig{Config: Config{Provisioned: Rates{Write: write}}, Indexes: []Config{{Provisioned: Rates{Write: index}}}}
	}
	if !p.Fits(table(20000, 20000), table(40000, 0)) {
		t.Error("what the quotas allow does not fit")
	}
	if p.Fits(table(20000, 20001)) {
		t.Error("a table with more than its quota fits")
	}
	if p.Fits(table(40000, 0), table(40000, 0), table(1, 0)) {
		t.Error("an account with more than its quota fits")
	}
}

func BenchmarkAdmit(b *testing.B) {
	p := Defaults()
	p.TableQuota = Rates{}
	table := NewTable(p, TableConfig{OnDemand: true, Config: Config{Warm: Rates{Read: 40000, Write: 40000}}}, epoch)
	key, now := uint64(1), epoch
	b.ReportAllocs()
	for b.Loop() {
		key = key*6364136223846793005 + 1442695040888963407
		now = now.Add(20 * time.Microsecond)
		table.Admit(now, key, Itself, Write, 1)
	}
}

func BenchmarkAdmitAll(b *testing.B) {
	p := Defaults()
	p.TableQuota = Rates{}
	warm := Config{Warm: Rates{Read: 40000, Write: 40000}}
	table := NewTable(p, TableConfig{OnDemand: true, Config: warm, Indexes: []Config{warm}}, epoch)
	demands := []Demand{{Class: Write, Units: 1}, {Index: 1, Class: Write, Units: 1}}
	key, now := uint64(1), epoch
	b.ReportAllocs()
	for b.Loop() {
		key = key*6364136223846793005 + 1442695040888963407
		now = now.Add(20 * time.Microsecond)
		demands[0].Key, demands[1].Key = key, ^key
		table.AdmitAll(now, demands)
	}
}
