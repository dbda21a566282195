package kvtest

import (
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
)

func testGet(t *testing.T, s kv.Store) {
	put(t, s, "a", "1", "b", "")
	for key, want := range map[string]string{"a": "1", "b": "", "c": "-", "": "-", "aa": "-"} {
		if got := value(t, s, key); got != want {
			t.Errorf("value of %q is %q, want %q", key, got, want)
		}
	}
}

func testGetAppends(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	v, ok, err := s.Get([]byte("a"), []byte("x="))
	if string(v) != "x=1" || !ok || err != nil {
		t.Errorf("Get = %q, %v, %v", v, ok, err)
	}
	v, ok, err = s.Get([]byte("b"), []byte("x="))
	if string(v) != "x=" || ok || err != nil {
		t.Errorf("Get of an absent key = %q, %v, %v", v, ok, err)
	}
	if v, ok, err = s.Get([]byte("b"), nil); v != nil || ok || err != nil {
		t.Errorf("Get of an absent key = %q, %v, %v", v, ok, err)
	}
}

func testGetAlias(t *testing.T, s kv.Store) {
	put(t, s, "a", "1")
	v, _, _ := s.Get([]byte("a"), nil)
	v[0] = 'x'
	if got := value(t, s, "a"); got != "1" {
		t.Errorf("writing to a result changed the store: %q", got)
	}
	v, _, _ = s.Get([]byte("a"), nil)
	put(t, s, "a", "2")
	if string(v) != "1" {
		t.Errorf("writing to the store changed a result: %q", v)
	}
}

func testKeys(t *testing.T, s kv.Store) {
	longest := strings.Repeat("\xff", kv.MaxKeyBytes)
	put(t, s, longest, "long", "\x00", "zero")
	want(t, s, "\x00=zero "+longest+"=long ")
	for _, key := range []string{"", longest + "\xff"} {
		refused(t, s, kv.ErrKey, func(b kv.Batch) { b.Set([]byte(key), nil) })
		refused(t, s, kv.ErrKey, func(b kv.Batch) { b.Delete([]byte(key)) })
		refused(t, s, kv.ErrKey, func(b kv.Batch) { b.Guard([]byte(key), nil) })
		refused(t, s, kv.ErrKey, func(b kv.Batch) {
			b.Set([]byte(key), nil)
			b.Set([]byte("good"), nil)
		})
		if got := value(t, s, key); got != "-" {
			t.Errorf("a key that cannot be stored has the value %q", got)
		}
	}
	refused(t, s, kv.ErrKey, func(b kv.Batch) { b.DeleteRange(nil, []byte(longest+"\xff\xff")) })
	want(t, s, "\x00=zero "+longest+"=long ")
	// The first key after the longest one bounds it, and nil passes it.
	apply(t, s, func(b kv.Batch) { b.DeleteRange([]byte(longest), []byte(longest+"\x00")) })
	want(t, s, "\x00=zero ")
	put(t, s, longest, "long")
	apply(t, s, func(b kv.Batch) { b.DeleteRange([]byte("\x01"), nil) })
	want(t, s, "\x00=zero ")
}
