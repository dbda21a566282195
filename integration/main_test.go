package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// levee is the path of the binary under test: $LEVEE, or one built from this tree.
var levee string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "levee-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if levee = os.Getenv("LEVEE"); levee == "" {
		levee = filepath.Join(dir, "levee")
		if err := build(levee); err != nil {
			fmt.Fprintln(os.Stderr, "build the binary:", err)
			return 1
		}
	}
	sharedDir = dir
	code := m.Run()
	stopShared(code != 0)
	return code
}

func build(path string) error {
	cmd := exec.Command("go", "build", "-o", path, "./cmd/levee")
	cmd.Dir, cmd.Stderr = "..", os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}
