package rehearse

import (
	"math"
	"slices"

	"github.com/levee-io/levee/internal/capacity"
)

// stream is one source while a design is played.
type stream struct {
	source *Source
	number int
	direct bool // straight to the table
	counts arrivals
	unsent float64 // messages that wait for their batch, as a share of one
	keys   split   // over the cells of the first item's keys
	groups split   // over cells of message groups
	// perCell is how many message groups a cell of them has.
	perCell []int
	others  []split // over the cells of the other items' and the indexes' keys
	serial  uint64  // of the keys within cells
	demands []capacity.Demand
	bytes   int64 // that a request stores
}

// split deals numbers out to cells by their weights, so that every cell has what it
// should up to a fraction, and all is dealt out.
type split struct {
	cells []cell
	sums  []float64 // of the weights up to each cell
	owed  []float64 // what a cell should have and has not
	used  []uint64  // how many keys of it
	next  int       // number of the cell that the remainder goes to first
	far   int       // from a cell to the next that the remainder goes to
	out   []int
}

func newSplit(cells []cell) split {
	s := split{cells: cells, owed: make([]float64, len(cells)), used: make([]uint64, len(cells)), out: make([]int, len(cells))}
	sum := 0.0
	for i := range cells {
		sum += cells[i].weight
		s.sums = append(s.sums, sum)
	}
	s.far = stride(len(cells))
	return s
}

// stride returns a number by which all n places are come by, each far from the ones
// before: near the golden part of n, and without a divisor that n has.
func stride(n int) int {
	k := int(float64(n) / math.Phi)
	for ; k > 1; k-- {
		a, b := n, k
		for b > 0 {
			a, b = b, a%b
		}
		if a == 1 {
			break
		}
	}
	return max(k, 1)
}

// deal returns how many of n each cell has. What is less than one for each goes to
// cells that are far from each other, so that a few requests are as spread as many are.
// The slice is valid until the next call.
func (s *split) deal(n int) []int {
	left := n
	for i := range s.cells {
		s.owed[i] += float64(n) * s.cells[i].weight
		k := int(math.Floor(s.owed[i]))
		if k < 0 || left <= 0 {
			k = 0
		}
		k = min(k, left)
		s.out[i] = k
		s.owed[i] -= float64(k)
		left -= k
	}
	for tries := 0; left > 0; tries++ {
		s.next = (s.next + s.far) % len(s.cells)
		if i := s.next; s.owed[i] > 0 || tries > 2*len(s.cells) { // for want of precision
			s.out[i]++
			s.owed[i]--
			left--
		}
	}
	return s.out
}

// root is the square root of two, less one, as a part of 2^64. Its multiples are spread
// evenly too, and over all pairs with those of the golden ratio: where a key lies in its
// cell must not follow from which cell it is.
const root = 0x6a09e667f3bcc909

// one returns the n-th key of all cells, each of which has as many as its weight says.
func (s *split) one(n uint64) uint64 {
	u := float64(n*root) / (1 << 64)
	i, _ := slices.BinarySearch(s.sums, u)
	return s.cells[min(i, len(s.cells)-1)].key(n)
}

// maxGroupCells is in how many cells message groups are.
const maxGroupCells = 64

func newStream(s *Scenario, number int, d *Design) *stream {
	src := &s.Traffic[number]
	st := &stream{source: src, number: number, direct: src.Direct || d.Queue == nil, keys: newSplit(src.Items[0].Keys.cells)}
	st.serial, st.counts = s.Seed, s.newArrivals(number)
	n := min(src.Groups, maxGroupCells)
	cells := make([]cell, n)
	for i := range cells {
		count := src.Groups/n + btoi(i < src.Groups%n)
		st.perCell = append(st.perCell, count)
		cells[i] = cell{weight: float64(count) / float64(src.Groups)}
	}
	st.groups = newSplit(cells)
	for i := range st.keys.used {
		st.keys.used[i] = mix(s.Seed + uint64(i))
	}
	st.build(d)
	return st
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// build makes the demands of one request: its items, and the index entries that they
// change.
func (st *stream) build(d *Design) {
	factor := 1.0
	if len(st.source.Items) > 1 {
		factor = capacity.TransactionFactor
	}
	for i := range st.source.Items {
		item := &st.source.Items[i]
		if i > 0 {
			st.others = append(st.others, newSplit(item.Keys.cells))
		}
		if item.Read {
			units := factor * capacity.ReadUnits(int(item.Size), !item.Eventually)
			st.demands = append(st.demands, capacity.Demand{Class: capacity.Read, Units: units})
			continue
		}
		st.bytes += int64(item.Size)
		st.demands = append(st.demands, capacity.Demand{Class: capacity.Write, Units: factor * capacity.WriteUnits(int(item.Size))})
		for j := range d.Table.Indexes {
			x := &d.Table.Indexes[j]
			size := x.Size
			or(&size, item.Size)
			st.others = append(st.others, newSplit(x.Keys.cells))
			st.demands = append(st.demands, capacity.Demand{Index: j + 1, Class: capacity.Write, Units: factor * capacity.WriteUnits(int(size))})
		}
	}
}

// place gives the demands their keys: that of the first item in a cell.
func (st *stream) place(number int) []capacity.Demand {
	st.serial++
	st.keys.used[number]++
	st.demands[0].Key = st.keys.cells[number].key(st.keys.used[number])
	for i := range st.others {
		st.demands[i+1].Key = st.others[i].one(st.serial + uint64(i)<<32)
	}
	return st.demands
}

// calls returns in how many calls n more messages are sent, of as many as are in a
// batch. What does not fill one goes with the messages of the next step.
func (st *stream) calls(n, batch int) int {
	st.unsent += float64(n) / float64(batch)
	k := math.Floor(st.unsent + 1e-9)
	st.unsent -= k
	return int(k)
}
