package dynamodb

import (
	"math/bits"
	"sync/atomic"
)

// bloom is a set of hashes that may take others for members: with four members a
// word, one of a hundred and fifty. Each hash sets four bits of one word. The number
// of words is a power of two.
type bloom []atomic.Uint64

func (b bloom) word(hash uint64) (*atomic.Uint64, uint64) {
	return &b[hash>>(65-bits.Len(uint(len(b))))], 1<<(hash&63) | 1<<(hash>>6&63) | 1<<(hash>>12&63) | 1<<(hash>>18&63)
}

func (b bloom) add(hash uint64) {
	word, bits := b.word(hash)
	word.Or(bits)
}

func (b bloom) has(hash uint64) bool {
	word, bits := b.word(hash)
	return word.Load()&bits == bits
}
