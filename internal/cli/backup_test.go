package cli

import (
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var adminInGreeting = regexp.MustCompile(`profiles on (http://\S+)`)

// A server is backed up while it runs and when it does not, and both can be served.
func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	data, file, made := filepath.Join(dir, "data"), filepath.Join(dir, "b.tar"), filepath.Join(dir, "made")
	command := func(args ...string) (int, string) {
		var out output
		return run(t.Context(), args, streams{io.Discard, &out}), out.String()
	}
	s := startServe(t, "--data", data, "--admin-addr", "127.0.0.1:0")
	admin := adminInGreeting.FindStringSubmatch(s.err.String())[1]
	resp, err := http.Get(admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if !strings.Contains(string(text), "levee_store_disk_bytes") {
		t.Errorf("metrics: %s", text)
	}
	if status, out := command("backup", "--admin", admin, file); status != 0 || !strings.Contains(out, file) {
		t.Errorf("running: %d %s", status, out)
	}
	if status, out := command("backup", "--data", data, file); status != 1 || !strings.Contains(out, "--admin") {
		t.Errorf("running, by directory: %d %s", status, out)
	}
	s.end(t)
	if status, out := command("backup", "--data", data, file); status != 0 {
		t.Errorf("stopped: %d %s", status, out)
	}
	if status, out := command("restore", file, made); status != 0 || !strings.Contains(out, "--data "+made) {
		t.Errorf("restore: %d %s", status, out)
	}
	startServe(t, "--data", made).end(t)
	if status, out := command("backup", "--admin", admin, file+"2"); status != 1 {
		t.Errorf("of a server that is gone: %d %s", status, out)
	}
	if left, _ := filepath.Glob(file + "2*"); len(left) != 0 {
		t.Errorf("it left %v", left)
	}
}
