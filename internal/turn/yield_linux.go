package turn

import "syscall"

// yield gives the CPU to the threads that wait for it, if there are any. It does not give
// up the processor of Go, which nobody without a CPU could use.
func yield() { _, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) }
