package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/surge"
)

// surgeArgs are the arguments of a surge that takes a few seconds.
func surgeArgs(more ...string) []string {
	return append([]string{"surge", "--messages", "300", "--companies", "3", "--segment", "10", "--base-rate", "50", "--consumers", "4"}, more...)
}

func TestSurgeText(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out, progress output
	if status := run(t.Context(), surgeArgs("--trouble", "off"), streams{&out, &progress}); status != statusOK {
		t.Fatalf("status %d\n%s%s", status, out.String(), progress.String())
	}
	if s := out.String(); !strings.Contains(s, "✓ order") || strings.Contains(s, "✗") {
		t.Errorf("standard output:\n%s", s)
	}
	if s := progress.String(); !strings.Contains(s, "surge 1: 3 companies") || strings.Contains(s, "\x1b") {
		t.Errorf("standard error:\n%s", s)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("left in the temporary directory: %v, %v", left, err)
	}
}

func TestSurgeJSON(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for i := range 2 {
		var out, progress output
		if status := run(t.Context(), surgeArgs("--json", "--data", dir, "--trouble", "off"), streams{&out, &progress}); status != statusOK {
			t.Fatalf("status %d\n%s%s", status, out.String(), progress.String())
		}
		var rep surge.Report
		if err := json.Unmarshal([]byte(out.String()), &rep); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if !rep.OK || rep.Run != i+1 || len(rep.Audit) == 0 {
			t.Errorf("report of run %d: %+v", i+1, rep)
		}
	}
}

// The designs are played one after the other, through any number of interruptions, and each keeps what it promises.
func TestSurgeDesigns(t *testing.T) {
	t.Parallel()
	args := surgeArgs("--json", "--data", filepath.Join(t.TempDir(), "data"), "--trouble", "0.03", "--design", "all", "--base-rate", "20", "--consumers", "8")
	var out, progress output
	interrupted := 0
	for status := -1; status != statusOK; interrupted++ {
		if interrupted > 40 {
			t.Fatalf("status %d\n%s%s", status, out.String(), progress.String())
		}
		out, progress = output{}, output{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(3+interrupted)*time.Second)
		status = run(ctx, args, streams{&out, &progress})
		cancel()
	}
	var all surge.Comparison
	if err := json.Unmarshal([]byte(out.String()), &all); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if interrupted == 1 || !all.OK || len(all.Designs) != len(surge.Designs) {
		t.Fatalf("interrupted %d times, %d designs, held %v", interrupted-1, len(all.Designs), all.OK)
	}
	for i, rep := range all.Designs {
		if rep.Design != surge.Designs[i] || rep.Run != i+1 || !rep.OK || rep.Requests.Made == 0 {
			t.Errorf("run of %s: %+v", surge.Designs[i], rep)
		}
	}
	if rep := all.Designs[3]; !rep.Resumed && rep.Trouble.Suppressed != 0 {
		t.Errorf("exactly-once: the application recognized %d duplicates", rep.Trouble.Suppressed)
	}
}

func TestSurgeUsage(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.ndjson")
	if err := os.WriteFile(bad, []byte("\n{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args   []string
		status int
		err    string
	}{
		"trouble":          {[]string{"--trouble", "lots"}, 1, `--trouble is "lots": must be on, off, or a share`},
		"too much trouble": {[]string{"--trouble", "0.9"}, 1, "trouble is 0.9, must be between 0 and 0.5"},
		"no consumers":     {[]string{"--consumers", "0"}, 1, "consumers is 0, must be between 1 and 1000"},
		"two places":       {[]string{"--data", "x", "--endpoint", "http://localhost:1"}, 2, "can't be used together"},
		"no file":          {[]string{"--input", "/nonexistent"}, 2, "/nonexistent"},
		"no design":        {[]string{"--design", "none"}, 2, "none"},
		"no functions":     {[]string{"--design", "lambda", "--endpoint", "http://127.0.0.1:1"}, 1, "funcs of this process"},
		"bad file":         {[]string{"--input", bad}, 1, "bad.ndjson:2: company is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err output
			status := run(t.Context(), append([]string{"surge"}, tt.args...), streams{&out, &err})
			if status != tt.status || !strings.Contains(err.String(), tt.err) {
				t.Errorf("status %d, standard error:\n%s", status, err.String())
			}
		})
	}
}
