package dynamodb

import (
	"math/bits"
	"sync/atomic"
)

// bloom is a set of hashes that may take others for members: with four members a
// word, one of five hundred. Each hash sets three bits of one word and three of
// its neighbour, which shares its cache line. The number of words is a power of two,
// two at least.
type bloom []atomic.Uint64

func (b bloom) words(hash uint64) (one, other *atomic.Uint64) {
	i := hash >> (65 - bits.Len(uint(len(b))))
	return &b[i], &b[i^1]
}

// threeBits returns the bits of a word that the lowest 18 of a hash stand for.
func threeBits(hash uint64) uint64 { return 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) }

func (b bloom) add(hash uint64) {
	one, other := b.words(hash)
	one.Or(threeBits(hash))
	other.Or(threeBits(hash >> 18))
}

func (b bloom) has(hash uint64) bool {
	one, other := b.words(hash)
	bits := threeBits(hash)
	if one.Load()&bits != bits {
		return false
	}
	bits = threeBits(hash >> 18)
	return other.Load()&bits == bits
}
