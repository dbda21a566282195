package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestCacheHasASize(t *testing.T) {
	for _, size := range []string{"0", "1048577", "9223372036854775807"} {
		testCache(t, size)
	}
}

func testCache(t *testing.T, size string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run([]string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--cache", size}, &out, &errs)
	if code == 0 || !strings.Contains(errs.String(), "--cache is from 1 to 1048576 MiB") {
		t.Errorf("exit status %d and %q", code, errs.String())
	}
}
