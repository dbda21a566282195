package rehearse

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// Keys says which keys requests have. The zero value is uniform.
type Keys struct {
	// Kind is uniform, zipf, hot, sequential or sample.
	Kind string `yaml:"kind"`
	// Count is how many keys there are, of zipf.
	Count int `yaml:"count"`
	// Exponent is that of zipf, 1.1 by default.
	Exponent float64 `yaml:"exponent"`
	// Hot is how many hot keys there are, and Share the share of requests that they
	// have together; the others are uniform.
	Hot   int     `yaml:"hot"`
	Share float64 `yaml:"share"`
	// File has a key on each line, and after a tab how often it is used: a sample of
	// a real table.
	File string `yaml:"file"`

	cells []cell
}

// cell is a part of the requests whose keys are alike.
type cell struct {
	weight float64
	from   uint64 // its first key
	width  uint64 // how many; 1: a single key
	rising bool   // each key comes after the one before it
}

const (
	// spread is in how many cells uniform keys are.
	spread = 64
	// maxCells is how many single keys are told apart; the others are uniform.
	maxCells = 256
	// maxHot bounds the number of hot keys, and of zipf.
	maxHot, maxZipf = 10_000, 100_000_000
	// risingWidth is how many keys rise: the low half of a key is the order within an
	// item collection.
	risingWidth = 1 << 32
)

func (k *Keys) load(s *Scenario) (err error) {
	or(&k.Kind, "uniform")
	switch k.Kind {
	case "uniform":
		k.cells = uniform(1)
	case "zipf":
		or(&k.Exponent, 1.1)
		if k.Count < 1 || k.Count > maxZipf || k.Exponent <= 0 || k.Exponent > 5 {
			return fmt.Errorf("keys: zipf wants a count from 1 to %d and an exponent up to 5", maxZipf)
		}
		k.cells = single(s.Seed, zipf(k.Count, k.Exponent))
	case "hot":
		if k.Hot < 1 || k.Hot > maxHot || k.Share <= 0 || k.Share > 1 {
			return fmt.Errorf("keys: hot wants 1 to %d keys, and their share of the requests", maxHot)
		}
		weights := make([]float64, k.Hot)
		for i := range weights {
			weights[i] = k.Share / float64(k.Hot)
		}
		k.cells = single(s.Seed, weights)
	case "sequential":
		k.cells = []cell{{weight: 1, from: hash(s.Seed, "sequential") >> 32 << 32, width: risingWidth, rising: true}}
	case "sample":
		weights, names, err := readSample(s.files, k.File)
		if err != nil {
			return err
		}
		k.cells = named(s.Seed, weights, names)
	default:
		return errors.New("keys: the kind is uniform, zipf, hot, sequential or sample")
	}
	return nil
}

// uniform returns cells that have a share of the requests together.
func uniform(share float64) []cell {
	list := make([]cell, spread)
	for i := range list {
		list[i] = cell{weight: share / spread, from: uint64(i) * (math.MaxUint64/spread + 1), width: math.MaxUint64/spread + 1}
	}
	return list
}

// zipf returns the weights of the first keys. Those of all make 1.
func zipf(count int, exponent float64) []float64 {
	n := min(count, maxCells)
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -exponent)
		sum += weights[i]
	}
	// The tail, as an integral.
	if count > n {
		a, b := float64(n)+0.5, float64(count)+0.5
		if exponent == 1 {
			sum += math.Log(b / a)
		} else {
			sum += (math.Pow(b, 1-exponent) - math.Pow(a, 1-exponent)) / (1 - exponent)
		}
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// single returns a cell for each key with a weight, up to maxCells, and uniform ones
// for the rest.
func single(seed uint64, weights []float64) []cell {
	names := make([]string, len(weights))
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return named(seed, weights, names)
}

func named(seed uint64, weights []float64, names []string) []cell {
	var list []cell
	rest := 1.0
	for i, w := range weights {
		if i == maxCells {
			break
		}
		list = append(list, cell{weight: w, from: hash(seed, names[i]), width: 1})
		rest -= w
	}
	if rest > 1e-9 {
		list = append(list, uniform(rest)...)
	}
	return list
}

func hash(seed uint64, name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return mix(h.Sum64() ^ mix(seed))
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood, "Fast Splittable
// Pseudorandom Number Generators", 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// golden is the golden ratio as a part of 2^64. Its multiples are spread evenly, as
// many requests with different keys are, and a few representatives of them should be.
const golden = 0x9e3779b97f4a7c15

// key returns the n-th key of a cell.
func (c *cell) key(n uint64) uint64 {
	switch {
	case c.width == 1:
		return c.from
	case c.rising:
		return c.from + n%c.width
	}
	high, _ := bits.Mul64(n*golden, c.width)
	return c.from + high
}

// readSample returns the keys of a file and their shares, the largest first.
func readSample(open Files, path string) ([]float64, []string, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	counts, total := map[string]float64{}, 0.0
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	for n := 1; lines.Scan(); n++ {
		key, text, ok := strings.Cut(lines.Text(), "\t")
		times := 1.0
		if ok {
			if times, err = strconv.ParseFloat(text, 64); err != nil || times < 0 {
				return nil, nil, fmt.Errorf("%s, line %d: %q is no number", path, n, text)
			}
		}
		counts[key] += times
		total += times
	}
	if err := lines.Err(); err != nil {
		return nil, nil, err
	}
	if total == 0 {
		return nil, nil, fmt.Errorf("%s has no keys", path)
	}
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			if counts[a] > counts[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	weights := make([]float64, len(names))
	for i, name := range names {
		weights[i] = counts[name] / total
	}
	return weights, names, nil
}
