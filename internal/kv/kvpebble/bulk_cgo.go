//go:build cgo

package kvpebble

// bulkOnHeap says where Pebble allocates blocks and memtables: with C's malloc here.
const bulkOnHeap = false
