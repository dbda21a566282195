//go:build unix && !linux

package sandbox

import "syscall"

// attributes of a process: it leads a group.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
