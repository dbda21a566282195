package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestCacheHasASize(t *testing.T) {
	var out, errs bytes.Buffer
	code := Run([]string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--cache", "0"}, &out, &errs)
	if code == 0 || !strings.Contains(errs.String(), "--cache is at least 1 MiB") {
		t.Errorf("exit status %d and %q", code, errs.String())
	}
}
