package fair

import "time"

const (
	// perWrite is three or four times what a write takes of a CPU, its share of a sync among
	// it. A round of writes, which share a sync, has one more than fit into it at this rate. So
	// a flood leaves a part of each processor: docs/performance.md has what was measured.
	perWrite = 200 * time.Microsecond
	// stall is how long nothing may end before it counts as a pause of the disk. Those who
	// have come meanwhile are no flood, and all go on at its end.
	stall = 5 * time.Millisecond
	// longest is about how long a request waits at most.
	longest = 10 * time.Millisecond
	// leastPatience is how long those who wait wait at least for the last ones of a round.
	leastPatience = 2 * time.Millisecond
	// lookEvery is how often it is looked at how long the disk takes.
	lookEvery = time.Second
)

// limitOf returns how many writes of a table or queue may be under way if the disk takes
// so long for a sync.
func limitOf(cpus int, sync time.Duration) int {
	return cpus * (1 + int((sync+perWrite-1)/perWrite))
}

// patienceOf returns how long those who wait wait for the last ones of a round, which
// takes about two syncs if it has to wait for one that is under way.
func patienceOf(sync time.Duration) time.Duration { return max(leastPatience, 5*sync) }

// isTime reports whether it is time to look, to one caller.
func (g *Gate) isTime(now time.Time) bool {
	was := g.looked.Load()
	return time.Duration(now.UnixNano()-was) >= lookEvery && g.looked.CompareAndSwap(was, now.UnixNano())
}

// measure sets the limit by the syncs since the last look.
func (g *Gate) measure() {
	count, total := g.disk.Syncs()
	g.mu.Lock()
	defer g.mu.Unlock()
	if count > g.counted && total > g.took {
		sync := (total - g.took) / time.Duration(count-g.counted)
		g.limit, g.patience = limitOf(g.cpus, sync), patienceOf(sync)
	}
	g.counted, g.took = count, total
}
