package capacity

import "testing"

// The examples of the Developer Guide, "DynamoDB read and write operations", and
// the edges of a block.
func TestUnits(t *testing.T) {
	for _, c := range []struct {
		size                        int
		write, consistent, eventual float64
	}{
		{0, 1, 1, 0.5},
		{1, 1, 1, 0.5},
		{500, 1, 1, 0.5},
		{1024, 1, 1, 0.5},
		{1025, 2, 1, 0.5},
		{4096, 4, 1, 0.5},
		{4097, 5, 2, 1},
		{8 * 1024, 8, 2, 1},
		{400 * 1024, 400, 100, 50},
	} {
		if got := WriteUnits(c.size); got != c.write {
			t.Errorf("WriteUnits(%d) = %v, want %v", c.size, got, c.write)
		}
		if got := ReadUnits(c.size, true); got != c.consistent {
			t.Errorf("ReadUnits(%d, consistent) = %v, want %v", c.size, got, c.consistent)
		}
		if got := ReadUnits(c.size, false); got != c.eventual {
			t.Errorf("ReadUnits(%d, eventual) = %v, want %v", c.size, got, c.eventual)
		}
	}
}
