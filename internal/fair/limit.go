package fair

import "time"

const (
	// perWrite is how far apart the writes of one table or queue are, for each CPU, while
	// others are in use: half as long again as one takes of a CPU, so that a third of it
	// is left.
	perWrite = 50 * time.Microsecond
	// stall is how long nothing may end before it counts as a pause of the disk. Those who
	// have come meanwhile are no flood, and all go on at its end.
	stall = 5 * time.Millisecond
	// longest is how long a request waits, if any other of its line ends meanwhile.
	longest = 10 * time.Millisecond
	// lookEvery is how often it is looked at how long the disk takes.
	lookEvery = time.Second
)

// limitOf returns how many writes may be under way of a table or queue if the disk takes
// so long for a sync: one at work for each CPU, and by Little's law as many as come
// meanwhile.
func limitOf(cpus int, sync time.Duration) int {
	return cpus * (1 + int((sync+perWrite-1)/perWrite))
}

// isTime reports whether it is time to look, to one caller.
func (g *Gate) isTime(now time.Time) bool {
	was := g.looked.Load()
	return time.Duration(now.UnixNano()-was) >= lookEvery && g.looked.CompareAndSwap(was, now.UnixNano())
}

// measure sets the limit by the syncs since the last look.
func (g *Gate) measure() {
	count, total := g.syncs()
	g.mu.Lock()
	defer g.mu.Unlock()
	if count > g.counted && total > g.took {
		g.limit = limitOf(g.cpus, (total-g.took)/time.Duration(count-g.counted))
	}
	g.counted, g.took = count, total
}
