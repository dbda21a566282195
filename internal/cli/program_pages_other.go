//go:build !linux

package cli

import "time"

// releaseProgram does nothing: other kernels have no such call, or no such need.
func releaseProgram() {}

func cpuTime() time.Duration { return 0 }
