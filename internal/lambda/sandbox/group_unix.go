//go:build unix

package sandbox

import (
	"os/exec"
	"syscall"
)

// leadGroup makes a command lead a process group of its own when it starts.
func leadGroup(cmd *exec.Cmd) { cmd.SysProcAttr = attributes() }

// killGroup kills a command and what it started.
func killGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may be gone
	}
}
