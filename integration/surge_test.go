package integration

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"
)

// levee surge, killed in the middle and started again on the same directory,
// ends with a green audit.
func TestSurgeKilled(t *testing.T) {
	dir := t.TempDir()
	const kills = 3
	for n := 0; n < kills; n++ {
		cmd := exec.Command(levee, "surge", "--data", dir, "--messages", "20000", "--json")
		var log tail
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(700+rand.IntN(1800)) * time.Millisecond)
		cmd.Process.Kill()
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("levee surge ended by itself before it was killed: %v\n%s", err, log.String())
		}
	}

	cmd := exec.Command(levee, "surge", "--data", dir, "--messages", "20000", "--json")
	var out bytes.Buffer
	var log tail
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Errorf("levee surge: %v\n%s", err, log.String())
	}
	var report struct {
		OK      bool
		Resumed bool
		Sent    int
		Audit   []struct {
			Name, Text string
			OK         bool
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s\n%s", err, out.String(), log.String())
	}
	if !report.OK || !report.Resumed || report.Sent < 20000 || len(report.Audit) == 0 {
		t.Errorf("report: %s", out.String())
	}
	for _, line := range report.Audit {
		if !line.OK {
			t.Errorf("audit: %s: %s", line.Name, line.Text)
		}
	}
}
