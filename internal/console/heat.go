package console

import (
	"cmp"
	"math"
	"slices"
)

// Heat is how what is asked of a table, or of a global index of it, is spread over
// its partitions and keys.
type Heat struct {
	Index      string     // "" for the table itself
	Limit      [2]float64 // units a second that a partition gives, of reads and of writes
	Partitions []Partition
	// Insights says that contributor insights are on, Keys what they have found.
	Insights bool
	Keys     []HotKeys
}

// Partition is a range of keys that are served together.
type Partition struct {
	From     uint64 // its first key, as a hash
	Bytes    int64
	Consumed [2]float64 // units of the minute that runs
	Ended    [2]float64 // units of the minute before it
	Hot      int        // minutes in a row in which it gave all it can
	Splits   bool       // a split is under way
}

// HotKeys are the keys with most of something in the minute that runs and in the one
// before it, the most frequent first.
type HotKeys struct {
	Rule           string // key of its text
	Running, Ended []HotKey
}

// HotKey is a key, as JSON, and how often it was.
type HotKey struct {
	Key   string
	Count int64
}

const (
	// maxCells is how many cells a heat map has; of more partitions neighbours share one.
	maxCells = 128
	// heatWidth is how wide the drawing is, in units of its own.
	heatWidth = 1000
	// heatSteps is how many colours there are.
	heatSteps = 10
	// maxHottest is how many partitions are listed.
	maxHottest = 10
)

// heatMap is a drawing of a Heat.
type heatMap struct {
	*Heat
	Rows    []heatRow
	Hottest []hotPartition
}

// heatRow is a class of requests in a minute.
type heatRow struct {
	Label string // key of its text
	Y     int
	Cells []heatCell
}

// heatCell is a partition, or neighbours of which the hottest counts.
type heatCell struct {
	X, Width float64
	Step     int     // of the colour
	Share    float64 // of what a partition can give in a minute, in percent
}

// hotPartition is a partition in the list of the hottest.
type hotPartition struct {
	Partition
	Number int // from 1, in the order of keys
	Share  float64
}

// heatRows are the rows of the drawing: which class, and of which minute.
var heatRows = []struct {
	label string
	units func(*Partition) float64
	class int
}{
	{"heat.reads", func(p *Partition) float64 { return p.Consumed[0] }, 0},
	{"heat.readsbefore", func(p *Partition) float64 { return p.Ended[0] }, 0},
	{"heat.writes", func(p *Partition) float64 { return p.Consumed[1] }, 1},
	{"heat.writesbefore", func(p *Partition) float64 { return p.Ended[1] }, 1},
}

func newHeatMap(h *Heat) heatMap {
	m := heatMap{Heat: h}
	for i, r := range heatRows {
		row := heatRow{Label: r.label, Y: 26 * i}
		for at := range h.Partitions {
			row.add(h, at, percent(r.units(&h.Partitions[at]), h.Limit[r.class]))
		}
		m.Rows = append(m.Rows, row)
	}
	for i, p := range h.Partitions {
		share := 0.0
		for _, r := range heatRows {
			share = max(share, percent(r.units(&p), h.Limit[r.class]))
		}
		m.Hottest = append(m.Hottest, hotPartition{p, i + 1, share})
	}
	slices.SortStableFunc(m.Hottest, func(a, b hotPartition) int { return cmp.Compare(b.Share, a.Share) })
	m.Hottest = m.Hottest[:min(len(m.Hottest), maxHottest)]
	return m
}

// percent is the share of what a partition can give in a minute.
func percent(units, perSecond float64) float64 {
	if perSecond <= 0 {
		return 0
	}
	return 100 * units / (60 * perSecond)
}

// add draws a partition: by itself, or into the cell before it if there are many.
func (r *heatRow) add(h *Heat, at int, share float64) {
	from, to := h.span(at)
	step := heatStep(share)
	each := (len(h.Partitions) + maxCells - 1) / maxCells
	if n := len(r.Cells); at%each > 0 && n > 0 {
		c := &r.Cells[n-1]
		c.Width, c.Step, c.Share = to-c.X, max(c.Step, step), max(c.Share, share)
		return
	}
	r.Cells = append(r.Cells, heatCell{X: from, Width: to - from, Step: step, Share: share})
}

// span is where a partition begins and ends in the drawing.
func (h *Heat) span(at int) (from, to float64) {
	place := func(key uint64) float64 { return math.Round(float64(key)/math.MaxUint64*heatWidth*100) / 100 }
	if at+1 == len(h.Partitions) {
		return place(h.Partitions[at].From), heatWidth
	}
	return place(h.Partitions[at].From), place(h.Partitions[at+1].From)
}

// heatStep is the colour of a share: the first is for nothing at all, the last for
// what cannot be more.
func heatStep(share float64) int {
	return min(int(math.Ceil(share/100*(heatSteps-1))), heatSteps-1)
}
