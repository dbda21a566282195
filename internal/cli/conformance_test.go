package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/conformance"
)

// caseDir is a directory with a case that passes and one that fails.
func caseDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "dynamodb")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const cases = "operation ListTables\ncase right\nListTables {}\n=> {TableNames: []}\ncase wrong\nListTables {}\n=> {TableNames: [nix]}\n"
	if err := os.WriteFile(filepath.Join(dir, "list.txt"), []byte(cases), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(dir)
}

func TestConformance(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	dir := caseDir(t)
	for _, tt := range []struct {
		args   []string
		status int
		out    string
	}{
		{[]string{dir}, statusFailed, "1/2     50.0%"},
		{[]string{dir, "-v"}, statusFailed, "dynamodb/list.txt:5: wrong\n    line 6, ListTables:\n    TableNames: want 1 elements, have 0: []"},
		{[]string{dir, "--run", "list/right"}, statusOK, "1/1     100.0%"},
		{[]string{dir, "--run", "nothing"}, statusFailed, ""},
		{[]string{dir, "--run", "("}, statusFailed, ""},
		{[]string{t.TempDir()}, statusFailed, ""},
		{[]string{dir, "--endpoint", "nonsense"}, statusFailed, ""},
		{[]string{dir, "--endpoint", "http://127.0.0.1:1"}, statusFailed, ""},
	} {
		var out, errOut output
		if status := run(t.Context(), append([]string{"conformance"}, tt.args...), streams{&out, &errOut}); status != tt.status {
			t.Errorf("%v: status %d\n%s%s", tt.args, status, out.String(), errOut.String())
		}
		if !strings.Contains(out.String(), tt.out) {
			t.Errorf("%v:\n%s", tt.args, out.String())
		}
	}
}

func TestConformanceJSON(t *testing.T) {
	var out, errOut output
	run(t.Context(), []string{"conformance", caseDir(t), "--json"}, streams{&out, &errOut})
	var rep conformance.Report
	if err := json.Unmarshal([]byte(out.String()), &rep); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if rep.Passed != 1 || rep.Total != 2 || len(rep.Results) != 2 || rep.Operations[0].Operation != "ListTables" {
		t.Errorf("%+v", rep)
	}
}
