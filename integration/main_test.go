package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the levee under test: $LEVEE, or one built from this tree.
var binary string

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
	if binary = os.Getenv("LEVEE"); binary == "" {
		binary = filepath.Join(dir, "levee")
		if err := build(binary); err != nil {
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
