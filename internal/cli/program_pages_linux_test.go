package cli

import (
	"os"
	osuser "os/user"
	"strconv"
	"strings"
	"testing"
)

// TestReleaseProgram gives back the pages of this test program, which goes on with
// fewer of them: it has run enough by now to have touched many.
func TestReleaseProgram(t *testing.T) {
	before := programResident(t)
	releaseProgram()
	if after := programResident(t); after > before*3/4 {
		t.Errorf("of %d KiB of files in memory, %d are left", before, after)
	}
	// With cgo this calls the C library, by addresses that were filled in at the start.
	if _, err := osuser.LookupId("0"); err != nil {
		t.Error(err)
	}
}

// programResident returns how many KiB of files the process has in memory.
func programResident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "RssFile:")
	if !found {
		return 0 // a kernel that does not tell
	}
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
