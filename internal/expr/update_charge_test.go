package expr

import (
	"testing"

	"github.com/levee-io/levee/internal/attr"
)

func TestUpdateCharge(t *testing.T) {
	params := func() *Params {
		p, err := NewParams([]Name{{"#longplaceholder", "b"}}, attr.Map{
			{Name: ":n", Value: attr.N(attr.IntNumber(1))},
			{Name: ":v", Value: attr.S("four")},
			{Name: ":w", Value: attr.L([]attr.Value{attr.S("x")})},
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for _, c := range []struct {
		src  string
		want int
	}{
		{"SET b = :v", 3 + 19 + 1 + 4},
		{"SET #longplaceholder = :v", 3 + 19 + 1 + 4},
		{"SET b = :v, c = :v", 3 + 2*(19+1+4)},
		{"SET a.bc = :v", 3 + 19 + 1 + 4 + 2 + 4},
		{"SET a[10] = :v", 3 + 19 + 1 + 4 + 2 + 4},
		{"SET b = cd", 3 + 19 + 1 + 1 + 14 + 2},
		{"SET b = c[10].d", 3 + 19 + 1 + 1 + 14 + 1 + 14 + 2 + 14 + 1},
		{"SET b = b + :n", 3 + 19 + 1 + 34 + 16 + 2},
		{"SET b = :n - b", 3 + 19 + 1 + 37 + 2 + 16},
		{"SET b = if_not_exists(b, :v)", 3 + 19 + 1 + 39 + 16 + 4},
		{"SET b = list_append(:w, b)", 3 + 19 + 1 + 37 + 5 + 16},
		{"SET b = list_append(if_not_exists(b, :w), :w)", 3 + 19 + 1 + 37 + 39 + 16 + 5 + 5},
		{"ADD b :n", 3 + 19 + 1 + 2},
		{"REMOVE b, cd", 3 + 1 + 1 + 1 + 2},
		{"REMOVE b.cd[1]", 3 + 1 + 1 + 4 + 2 + 4 + 1},
	} {
		u, err := ParseUpdate(c.src, params())
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		if got := u.Charge(); got != c.want {
			t.Errorf("%s is charged %d bytes, want %d", c.src, got, c.want)
		}
	}
}
