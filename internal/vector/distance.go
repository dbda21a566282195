package vector

import "math"

// Distance says how the likeness of two vectors is measured.
type Distance uint8

// The distances, and their scores.
const (
	Cosine     Distance = iota // 0 for the same direction, 2 for the opposite one; 1 if a vector has none
	Euclidean                  // 0 for the same vector
	DotProduct                 // the higher, the nearer
)

// Score returns the score of two vectors.
func (d Distance) Score(a, b []float32) float64 {
	return d.score(d.gap(newPoint(a), newPoint(b)))
}

// score makes a score of a gap, and a gap of a score.
func (d Distance) score(gap float64) float64 {
	if d == DotProduct {
		return -gap
	}
	return gap
}

// point is a vector and its length, which Cosine needs each time.
type point struct {
	v    []float32
	norm float64
}

func newPoint(v []float32) point { return point{v, math.Sqrt(dot(v, v))} }

// gap returns how far two points are from each other: the smaller, the nearer.
func (d Distance) gap(a, b point) float64 {
	switch d {
	case Euclidean:
		return math.Sqrt(squares(a.v, b.v))
	case DotProduct:
		return -dot(a.v, b.v)
	}
	if a.norm == 0 || b.norm == 0 {
		return 1
	}
	// Rounding must not lead out of the range.
	return min(max(1-dot(a.v, b.v)/(a.norm*b.norm), 0), 2)
}

func dot(a, b []float32) float64 {
	b = b[:len(a)]
	var even, odd float64 // two chains of additions, for the processor to do at once
	i := 0
	for ; i+1 < len(a); i += 2 {
		even += float64(a[i]) * float64(b[i])
		odd += float64(a[i+1]) * float64(b[i+1])
	}
	if i < len(a) {
		even += float64(a[i]) * float64(b[i])
	}
	return even + odd
}

func squares(a, b []float32) (sum float64) {
	b = b[:len(a)]
	for i := range a {
		x := float64(a[i]) - float64(b[i])
		sum += x * x
	}
	return sum
}
