package capacity

import (
	"testing"
	"time"
)

// Application Auto Scaling User Guide, "Define cooldown periods": after a scaling the
// next one of its direction waits for the cooldown. Scaling out does not wait for that
// of scaling in, nor for its own if it is larger than the one before.
func TestCooldowns(t *testing.T) {
	p := Defaults()
	p.AlarmLag = 0
	s := NewScaler(p, Policy{Min: 10, Max: 10000, Target: 50, OutCooldown: 10 * time.Minute, InCooldown: time.Hour})
	now, provisioned := epoch, 100.0
	var at map[float64]int // when the capacity became what it is
	minutes := func(n int, rate float64) {
		at = map[float64]int{}
		for i := range n {
			now = now.Add(time.Minute)
			s.Observe(now, rate)
			if want, ok := s.Decide(now, provisioned); ok {
				s.Scaled(now, provisioned, want)
				provisioned, at[want] = want, i+1
			}
		}
	}
	minutes(20, 100) // above for two minutes
	if at[200] != 2 || len(at) != 1 {
		t.Errorf("scaled to %v, want to 200 in the second minute", at)
	}
	s.out = now
	minutes(20, 150) // again within the cooldown, as much as before
	if at[300] != 10 || len(at) != 1 {
		t.Errorf("scaled to %v, want to 300 in the tenth minute", at)
	}
	s.out = now
	minutes(20, 300) // more than before: does not wait
	if at[600] != 2 || len(at) != 1 {
		t.Errorf("scaled to %v, want to 600 in the second minute", at)
	}
	minutes(90, 30) // far below: the first scaling in waits for nothing
	if at[60] != p.ScaleInMinutes || len(at) != 1 {
		t.Errorf("scaled to %v, want to 60 in minute %d", at, p.ScaleInMinutes)
	}
	s.in = now
	minutes(70, 8)
	if at[16] != 60 || len(at) != 1 {
		t.Errorf("scaled to %v, want to 16 after an hour", at)
	}
	minutes(5, 100) // out again although it has just scaled in
	if at[200] != 2 {
		t.Errorf("scaled to %v, want to 200 in the second minute", at)
	}
}

// The tables of a simulation scale by the same rule.
func TestLargerScaleOutOfTable(t *testing.T) {
	table := NewTable(Defaults(), TableConfig{Config: Config{Provisioned: Rates{Read: 5, Write: 100}}}, epoch)
	table.Scale(epoch, Itself, Write, &Policy{Min: 10, Max: 10000, Target: 50, OutCooldown: time.Hour})
	now := epoch
	for _, phase := range []struct {
		rate int
		want float64
	}{{75, 150}, {95, 150}, {120, 240}} {
		for range 10 * 60 {
			now = now.Add(time.Second)
			for i := range phase.rate {
				table.Admit(now, uint64(i)*0x9e3779b97f4a7c15, Itself, Write, 1)
			}
		}
		if got := table.State(now).Resources[Itself].Provisioned[Write]; got != phase.want {
			t.Errorf("%v WCU after ten minutes of %d writes a second, want %v", got, phase.rate, phase.want)
		}
	}
}
