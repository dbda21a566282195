//go:build !cgo

package kvpebble

// bulkOnHeap says where Pebble allocates blocks and memtables: with make here.
const bulkOnHeap = true
