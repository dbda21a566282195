//go:build !unix

package sandbox

import "os/exec"

// leadGroup does nothing where there are no process groups.
func leadGroup(*exec.Cmd) {}

// killGroup kills a command, but not what it started.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = cmd.Process.Kill() // it may be gone
	}
}
