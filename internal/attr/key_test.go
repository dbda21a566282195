package attr

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestKeyBytes holds the bytes of docs/format.md, which are on disk.
func TestKeyBytes(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want string
	}{
		{S(""), "0001"},
		{S("a"), "610001"},
		{S("a\x00b"), "6100ff620001"},
		{B("\x00\xff"), "00ffff0001"},
		{N(number(t, "0")), "8000"},
		{N(number(t, "1")), "c10200"},
		{N(number(t, "100.5")), "c202013300"},
		{N(number(t, "-1")), "3efdff"},
		{N(number(t, "1e-130")), "800200"},
		{N(number(t, largest)), "ff" + strings.Repeat("64", 19) + "00"},
		{Bool(true), ""},
	} {
		if got := hex.EncodeToString(AppendKey(nil, c.v)); got != c.want {
			t.Errorf("%s: %s, want %s", c.v.AppendJSON(nil), got, c.want)
		}
	}
}

func TestNumberKeysAscend(t *testing.T) {
	texts := []string{
		"-" + largest, "-1e125", "-1e124", "-101", "-100.5", "-100", "-99", "-10", "-9.99", "-1.01", "-1", "-0.99", "-0.1", "-0.01", "-1e-129", "-1e-130", "0",
		"1e-130", "1.5e-130", "9e-130", "1e-129", "1e-128", "0.001", "0.01", "0.099", "0.1", "0.9", "1", "1.0001", "1.01", "1.1", "2", "9", "10", "11", "99", "99.9", "100", "100.01", "101",
		"999", "1000", "10000", nines, "1e38", "1e124", "1e125", largest,
	}
	for i := 1; i < len(texts); i++ {
		a, b := AppendKey(nil, N(number(t, texts[i-1]))), AppendKey(nil, N(number(t, texts[i])))
		if bytes.Compare(a, b) >= 0 {
			t.Errorf("%s has %x, %s has %x", texts[i-1], a, texts[i], b)
		}
	}
}

func TestTextKeyProperties(t *testing.T) {
	text := rapid.Map(rapid.SliceOf(rapid.SampledFrom([]byte{0, 0, 1, 2, 'a', 'b', 0xfe, 0xff})), func(b []byte) string { return string(b) })
	rapid.Check(t, func(t *rapid.T) {
		a, b, tail := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "tail")
		keyA, keyB := AppendKey(nil, B(a)), AppendKey(nil, B(b))
		if got := bytes.Compare(keyA, keyB); got != strings.Compare(a, b) {
			t.Fatalf("%x and %x", keyA, keyB)
		}
		if a != b && (bytes.HasPrefix(keyA, keyB) || bytes.HasPrefix(keyB, keyA)) {
			t.Fatalf("one of %x and %x begins with the other", keyA, keyB)
		}
		if got := bytes.HasPrefix(keyA, AppendKeyPrefix(nil, b)); got != strings.HasPrefix(a, b) {
			t.Fatalf("%q begins with %q: %v", a, b, got)
		}
		v, rest, err := DecodeKey(append(keyA, tail...), KindB)
		if err != nil || !v.Equal(B(a)) || string(rest) != tail {
			t.Fatalf("%q, %q, %v", v.Binary(), rest, err)
		}
	})
}

func TestDecodeKeyRefuses(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		bytes string
	}{
		{KindS, ""}, {KindS, "61"}, {KindS, "6100"}, {KindS, "61000261"}, {KindB, "00ff"},
		{KindN, ""}, {KindN, "80"}, {KindN, "c1"}, {KindN, "c102"}, {KindN, "c100"}, {KindN, "c10100"}, {KindN, "c1020100"}, {KindN, "c16500"},
		{KindN, "3eff"}, {KindN, "7fff"}, {KindN, "c1" + strings.Repeat("02", 21) + "00"}, {KindN, "c1" + strings.Repeat("63", 20) + "00"},
		{KindBool, "0001"}, {KindNone, ""},
	} {
		b, err := hex.DecodeString(c.bytes)
		if err != nil {
			t.Fatal(err)
		}
		if v, _, err := DecodeKey(b, c.kind); err == nil {
			t.Errorf("%v %s: %s", c.kind, c.bytes, v.AppendJSON(nil))
		}
	}
}

func FuzzDecodeKey(f *testing.F) {
	for _, s := range []string{"", "a\x00\x01", "\x80\x00", "\xc2\x02\x01\x33\x00", "\x3e\xfd\xff", "a\x00\xffb\x00\x01c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, kind := range []Kind{KindS, KindN, KindB} {
			v, rest, err := DecodeKey(b, kind)
			if err == nil && !bytes.Equal(append(AppendKey(nil, v), rest...), b) {
				t.Fatalf("%v %x decodes to %s", kind, b, v.AppendJSON(nil))
			}
		}
	})
}
