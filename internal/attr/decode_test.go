package attr

import (
	"testing"

	"pgregory.net/rapid"
)

// DecodeShared says what DecodeMap says, whatever was in its place before.
func TestDecodeShared(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var place Map
		for range 3 {
			m := genMap(3).Draw(t, "m")
			got, err := DecodeShared(place, AppendMap(nil, m))
			if err != nil || !got.Equal(m) {
				t.Fatalf("decoded: %s, %v, want %s", got.AppendJSON(nil), err, m.AppendJSON(nil))
			}
			place = got
		}
		if m, err := DecodeShared(place, []byte{0xff, 0xff}); err == nil {
			t.Fatalf("what is malformed became %s", m.AppendJSON(nil))
		}
	})
}
