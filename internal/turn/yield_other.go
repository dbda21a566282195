//go:build !linux

package turn

// yield does nothing: what other kernels have for it is not in package syscall.
func yield() {}
