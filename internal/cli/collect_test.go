package cli

import "testing"

func TestCollectPercent(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name       string
		live, bulk int64
		want       int
	}{
		{"a small heap doubles", 10 * mib, 4 * mib, 100},
		{"one without a cache, too", 2000 * mib, 0, 100},
		{"little beside a cache grows by the least", 400 * mib, 384 * mib, 16},
		{"more than that grows by itself", 600 * mib, 384 * mib, 36},
		{"what cannot be: more cache than heap", 100 * mib, 384 * mib, 64},
		{"a cache of many gigabytes", 20000 * mib, 19990 * mib, 10},
	} {
		if got := collectPercent(c.live, c.bulk); got != c.want {
			t.Errorf("%s: %d %%, want %d", c.name, got, c.want)
		}
	}
}
