package kvpebble

// Bulk returns how many bytes of the heap are blocks and memtables: large, few, without
// pointers, and bounded by Options.CacheBytes. It is 0 where they are not on the heap,
// in a build with cgo.
func (s *Store) Bulk() int64 {
	if !bulkOnHeap || !s.gate.Enter() {
		return 0
	}
	defer s.gate.Leave()
	if s.failed() != nil {
		return 0
	}
	m := s.db.Metrics()
	return m.BlockCache.Size + int64(m.MemTable.Size+m.MemTable.ZombieSize)
}
