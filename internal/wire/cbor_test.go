package wire

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Appendix A of RFC 8949, as far as shapes have such values.
func TestJSONOfCBOR(t *testing.T) {
	for _, c := range []struct{ cbor, want string }{
		{"", "{}"},
		{"00", "0"},
		{"17", "23"},
		{"1818", "24"},
		{"1903e8", "1000"},
		{"1b000000e8d4a51000", "1000000000000"},
		{"20", "-1"},
		{"3903e7", "-1000"},
		{"fb3ff199999999999a", "1.1"},
		{"fa47c35000", "100000"},
		{"f4", "false"},
		{"f5", "true"},
		{"f6", "null"},
		{"c11a514b67b0", "1363896240"},
		{"c1fb41d452d9ec200000", "1363896240.5"},
		{"4401020304", `"AQIDBA=="`},
		{"6449455446", `"IETF"`},
		{"62225c", `"\"\\"`},
		{"7f657374726561646d696e67ff", `"streaming"`},
		{"80", "[]"},
		{"83010203", "[1,2,3]"},
		{"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
		{"a26161016162820203", `{"a":1,"b":[2,3]}`},
		{"bf61610161629f0203ffff", `{"a":1,"b":[2,3]}`},
	} {
		in, err := hex.DecodeString(c.cbor)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := jsonOfCBOR(in); err != nil || string(got) != c.want {
			t.Errorf("%s: %s %v, want %s", c.cbor, got, err, c.want)
		}
	}
}

func TestMalformedCBOR(t *testing.T) {
	for _, c := range []string{
		"18", "1c", "61", "a1", "a101", "a16161", "0000", "ff", "9f01", "bf6161", "7f01ff", "62c328", "f97e00", "fb7ff0000000000000",
		"9b0000000100000000", "bb0000000100000000", "5bffffffffffffffff", "3bffffffffffffffff", "df", strings.Repeat("81", 100) + "00",
	} {
		in, err := hex.DecodeString(c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := jsonOfCBOR(in); err == nil {
			t.Errorf("%s: %s, want an error", c, got)
		}
	}
}

func TestCBOROfJSON(t *testing.T) {
	json := `{"Label":"a","Timestamps":[1.5,2],"Values":[3],"Ok":true,"No":false,"None":null}`
	got := hex.EncodeToString(appendCBOR(nil, []byte(json), map[string]bool{"Timestamps": true}))
	want := "bf" + "654c6162656c" + "6161" +
		"6a54696d657374616d7073" + "9f" + "c1fb3ff8000000000000" + "c1fb4000000000000000" + "ff" +
		"6656616c756573" + "9f" + "fb4008000000000000" + "ff" + "624f6b" + "f5" + "624e6f" + "f4" + "644e6f6e65" + "f6" + "ff"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	back, err := jsonOfCBOR(appendCBOR(nil, []byte(json), nil))
	if err != nil || string(back) != json {
		t.Errorf("there and back: %s %v", back, err)
	}
	long := strings.Repeat("x", 70_000)
	if back, err := jsonOfCBOR(appendCBOR(nil, []byte(`["`+long+`"]`), nil)); err != nil || len(back) != len(long)+4 {
		t.Errorf("%d bytes of long text, %v", len(back), err)
	}
}

func FuzzCBOR(f *testing.F) {
	f.Add([]byte("\xbf\x61a\x01\xff"))
	f.Fuzz(func(t *testing.T, in []byte) {
		json, err := jsonOfCBOR(in)
		if err != nil {
			return
		}
		if back, err := jsonOfCBOR(appendCBOR(nil, json, nil)); err != nil {
			t.Fatalf("%s of %x is %s back: %v", json, in, back, err)
		}
	})
}
