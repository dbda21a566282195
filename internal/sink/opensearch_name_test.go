package sink

import (
	"strings"
	"testing"
)

func TestIndexNames(t *testing.T) {
	for name, want := range map[string]bool{
		"orders": true, "2026": true, "a_b.c-d": true, strings.Repeat("a", 255): true,
		"": false, "_orders": false, "-a": false, ".a": false, "Orders": false, "a/b": false, "a b": false, "a*": false, strings.Repeat("a", 256): false,
	} {
		if got := isIndexName(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}
