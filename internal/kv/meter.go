package kv

// Meter checks the mutations of one batch against the limits of this package
// and keeps the first error, which Apply then returns. The zero Meter is ready.
type Meter struct {
	n, bytes int
	err      error
}

// Set accounts for a Set and reports whether the batch may take it.
func (m *Meter) Set(key, value []byte) bool {
	return m.Key(key) && m.add(len(key)+len(value))
}

// Delete accounts for a Delete.
func (m *Meter) Delete(key []byte) bool {
	return m.Key(key) && m.add(len(key))
}

// DeleteRange accounts for a DeleteRange. Its bounds may be empty, and one byte
// longer than a key, as the successor of a key is.
func (m *Meter) DeleteRange(start, end []byte) bool {
	if len(start) > MaxKeyBytes+1 || len(end) > MaxKeyBytes+1 {
		m.fail(ErrKey)
	}
	return m.err == nil && m.add(len(start)+len(end))
}

// Key checks a key without counting a mutation, as a guard needs it.
func (m *Meter) Key(key []byte) bool {
	if len(key) == 0 || len(key) > MaxKeyBytes {
		m.fail(ErrKey)
	}
	return m.err == nil
}

// Len is the number of mutations taken.
func (m *Meter) Len() int { return m.n }

// Err is the first limit that the batch broke.
func (m *Meter) Err() error { return m.err }

func (m *Meter) add(size int) bool {
	if size > MaxBatchBytes-m.bytes {
		m.fail(ErrTooLarge)
		return false
	}
	m.n++
	m.bytes += size
	return true
}

func (m *Meter) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}
