package kv

import "bytes"

// Failed is an Iterator without entries that reports err, and a Snapshot all of
// whose reads fail with it. With a nil error it is the iterator of an empty
// range.
func Failed(err error) *FailedReader { return &FailedReader{err} }

// FailedReader is what Failed returns.
type FailedReader struct{ err error }

// Get returns the error.
func (f *FailedReader) Get(_, dst []byte) ([]byte, bool, error) { return dst, false, f.err }

// Scan returns the error as an iterator.
func (f *FailedReader) Scan(Range) Iterator { return f }

// Next returns false.
func (f *FailedReader) Next() bool { return false }

// Key returns nil.
func (f *FailedReader) Key() []byte { return nil }

// Value returns nil.
func (f *FailedReader) Value() []byte { return nil }

// Err returns the error.
func (f *FailedReader) Err() error { return f.err }

// Close does nothing.
func (f *FailedReader) Close() error { return nil }

// Empty reports whether no key can lie in r.
func (r Range) Empty() bool {
	return r.End != nil && bytes.Compare(r.Start, r.End) >= 0
}
