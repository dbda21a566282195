package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestConstantMappings reads a list in the form that proc_pid_smaps(5) shows.
func TestConstantMappings(t *testing.T) {
	const smaps = `00400000-018e2000 r-xp 00000000 fe:00 9994374                            /opt/our levee
Size:              21384 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me sd
018e2000-03069000 r--p 014e2000 fe:00 9994374                            /opt/our levee
Anonymous:             0 kB
03069000-0306b000 r--p 02c69000 fe:00 9994374                            /opt/our levee
Rss:                   8 kB
Anonymous:             8 kB
Swap:                  0 kB
0306b000-0306d000 r--p 02c6b000 fe:00 9994374                            /opt/our levee
Anonymous:             0 kB
Swap:                  4 kB
0306d000-0306e000 r--p 02c6c000 fe:00 9994374                            /opt/our levee
Rss:                   4 kB
0306d000-03166000 rw-p 02c6d000 fe:00 9994374                            /opt/our levee
Anonymous:             0 kB
03166000-051df000 rw-p 00000000 00:00 0 
Anonymous:             4 kB
7fc5b0bb0000-7fc5b0f00000 r--p 00000000 fe:00 77                         /opt/our levee.old
Anonymous:             0 kB
7ffd2b3f0000-7ffd2b411000 rw-p 00000000 00:00 0                          [stack]
a line of something else
`
	want := []mapping{{0x400000, 0x14e2000}, {0x18e2000, 0x1787000}}
	if got := constantMappings(strings.NewReader(smaps), "/opt/our levee"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
}
