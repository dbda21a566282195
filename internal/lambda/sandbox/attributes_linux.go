package sandbox

import "syscall"

// attributes of a process: it leads a group, and ends with this one if this one is
// killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
