package api

// Opt is a scalar member that may be absent.
type Opt[T any] struct {
	// V is the value; the zero value of T when absent.
	V T
	// OK reports whether the member is present.
	OK bool
}

// Some returns a present member.
func Some[T any](v T) Opt[T] { return Opt[T]{V: v, OK: true} }

// Or returns the value, or def if it is absent.
func (o Opt[T]) Or(def T) T {
	if o.OK {
		return o.V
	}
	return def
}

// Entry is one member of a Map.
type Entry[T any] struct {
	Key   string
	Value T
}

// Map is a string-keyed map in the order in which the request named its keys.
// Each key stands once. A nil Map is absent, an empty non-nil one is present.
type Map[T any] []Entry[T]

// Get returns the value of key.
func (m Map[T]) Get(key string) (T, bool) {
	for i := range m {
		if m[i].Key == key {
			return m[i].Value, true
		}
	}
	var zero T
	return zero, false
}
