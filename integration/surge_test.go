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
	playKilled(t, 3, "--messages", "20000")
}

// The same of the run of each design: the kills are spread over all of them.
func TestSurgeDesignsKilled(t *testing.T) {
	playKilled(t, 6, "--messages", "2000", "--base-rate", "50", "--design", "all")
}

// playKilled plays a surge that is killed so many times, and then plays it to its end.
func playKilled(t *testing.T, kills int, args ...string) {
	args = append([]string{"surge", "--json", "--data", t.TempDir()}, args...)
	for range kills {
		cmd := exec.Command(levee, args...)
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

	cmd := exec.Command(levee, args...)
	var out bytes.Buffer
	var log tail
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Errorf("levee surge: %v\n%s", err, log.String())
	}
	type run struct {
		OK      bool
		Resumed bool
		Sent    int
		Audit   []struct {
			Name, Text string
			OK         bool
		}
	}
	var report struct {
		run
		Designs []run
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s\n%s", err, out.String(), log.String())
	}
	if report.Designs == nil {
		report.Designs = []run{report.run}
	}
	for _, r := range report.Designs {
		if !r.OK || r.Sent < 2000 || len(r.Audit) == 0 {
			t.Errorf("report: %s", out.String())
		}
		for _, line := range r.Audit {
			if !line.OK {
				t.Errorf("audit: %s: %s", line.Name, line.Text)
			}
		}
	}
	if !report.Designs[0].Resumed {
		t.Errorf("the first run was killed and is not said to be resumed: %s", out.String())
	}
}
