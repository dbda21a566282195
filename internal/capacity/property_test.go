package capacity

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A bucket never holds less than none, and what it admits over any window is no more
// than what comes in it, what was kept, and the one demand that is paid for later.
func TestBucketProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Float64Range(1, 5000).Draw(t, "rate")
		kept := time.Duration(rapid.IntRange(1, 300).Draw(t, "kept")) * time.Second
		b := newBucket(rate, kept, kept, 0)
		type spent struct {
			at    int64
			units float64
		}
		var log []spent
		now := int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "demands") {
			now += rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "passes")
			units := rapid.Float64Range(0.5, 400).Draw(t, "units")
			b.fill(now)
			if b.has(units) {
				b.take(units)
				log = append(log, spent{now, units})
			}
			if b.tokens < 0 || b.tokens > b.most {
				t.Fatalf("%v tokens of at most %v", b.tokens, b.most)
			}
		}
		for i := range log {
			sum := 0.0
			for j := i; j < len(log); j++ {
				sum += log[j].units
				window := float64(log[j].at-log[i].at) * 1e-9
				if most := rate*window + b.most + max(0, log[j].units-b.most); sum > most*(1+1e-9) {
					t.Fatalf("%v units in %v s, at most %v come and are kept", sum, window, most)
				}
			}
		}
	})
}

// Whatever happens to a table, every key is of one partition, no partition is empty,
// and no byte is lost; no minute gives more than the rules allow.
func TestTableProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Defaults()
		p.Seed = rapid.Uint64().Draw(t, "seed")
		p.HeatMinutes, p.SplitTakes, p.PeakDelay = 1, time.Minute, time.Minute
		table := NewTable(p, drawConfig(t), epoch)
		now, stored := epoch, int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*time.Minute)).Draw(t, "passes")))
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				table.Set(now, drawConfig(t))
			case 1:
				bytes := rapid.Int64Range(0, 20<<30).Draw(t, "bytes")
				table.Store(rapid.Uint64().Draw(t, "key"), Itself, bytes)
				stored += bytes
			default:
				burst(t, table, now)
			}
			checkTable(t, &p, table, now, stored)
		}
	})
}

func drawConfig(t *rapid.T) TableConfig {
	rate := rapid.Float64Range(1, 20000)
	return TableConfig{
		OnDemand:     rapid.Bool().Draw(t, "on demand"),
		LocalIndexes: rapid.Bool().Draw(t, "local"),
		Config:       Config{Provisioned: Rates{rate.Draw(t, "read"), rate.Draw(t, "write")}},
	}
}

// burst asks for much within a second, and checks what it gets.
func burst(t *rapid.T, table *Table, now time.Time) {
	key, spread := rapid.Uint64().Draw(t, "key"), rapid.Uint64Range(0, 1<<58).Draw(t, "spread")
	tokens := table.State(now).Resources[Itself].Tokens[Write]
	partitions := len(table.State(now).Resources[Itself].Partitions)
	sum := 0.0
	for i := range 600 {
		if table.Admit(now, key+uint64(i)*spread, Itself, Write, 25).Allowed {
			sum += 25
		}
	}
	if sum > tokens+25 {
		t.Fatalf("%v units admitted at once of %v tokens", sum, tokens)
	}
	if most := float64(partitions)*table.params.PartitionCap[Write] + 25; sum > most {
		t.Fatalf("%v units admitted at once by %d partitions", sum, partitions)
	}
}

func checkTable(t *rapid.T, p *Params, table *Table, now time.Time, stored int64) {
	s := table.State(now).Resources[Itself]
	if s.Partitions[0].From != 0 {
		t.Fatalf("the first partition begins at %d", s.Partitions[0].From)
	}
	bytes := int64(0)
	for i, part := range s.Partitions {
		if i > 0 && part.From <= s.Partitions[i-1].From {
			t.Fatalf("partition %d begins at %d, the one before at %d", i, part.From, s.Partitions[i-1].From)
		}
		if got := table.resources[Itself].partitions.find(part.From); got != i {
			t.Fatalf("the first key of partition %d is in %d", i, got)
		}
		bytes += part.Bytes
	}
	if bytes != stored {
		t.Fatalf("%d bytes in the partitions, %d stored", bytes, stored)
	}
	for c, tokens := range s.Tokens {
		if tokens < 0 {
			t.Fatalf("%v tokens of class %d", tokens, c)
		}
	}
	if s.Warm[Write] < s.Provisioned[Write] && !table.onDemand {
		t.Fatalf("warm for %v, provisioned %v", s.Warm, s.Provisioned)
	}
}

// The same calls have the same answers.
func TestDeterminism(t *testing.T) {
	run := func() (s State, refused int) {
		table := NewTable(Defaults(), TableConfig{OnDemand: true}, epoch)
		key := uint64(1)
		for i := range 1_000_000 {
			key = key*6364136223846793005 + 1442695040888963407
			if !table.Admit(epoch.Add(time.Duration(i)*time.Millisecond), key&(3<<40), Itself, Write, 3).Allowed {
				refused++
			}
		}
		return table.State(epoch.Add(20 * time.Minute)), refused
	}
	a, refusedA := run()
	b, refusedB := run()
	if refusedA != refusedB || len(a.Resources[0].Partitions) != len(b.Resources[0].Partitions) {
		t.Fatalf("%d refused and %d partitions, then %d and %d", refusedA, len(a.Resources[0].Partitions), refusedB, len(b.Resources[0].Partitions))
	}
	for i := range a.Resources[0].Partitions {
		if a.Resources[0].Partitions[i] != b.Resources[0].Partitions[i] {
			t.Fatalf("partition %d is %+v, then %+v", i, a.Resources[0].Partitions[i], b.Resources[0].Partitions[i])
		}
	}
}
