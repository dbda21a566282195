package cli

import (
	"os"
	"syscall"
	"time"
)

// releaseProgram takes the pages of the program's code and constants out of the memory
// of the process. MADV_DONTNEED loses nothing of a mapping of a file that was never
// written to (madvise(2)). What cannot be done is not needed.
func releaseProgram() {
	file, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	for _, m := range constantMappings(smaps, file) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.start, m.size, syscall.MADV_DONTNEED)
	}
}

// cpuTime returns the CPU time that the process has taken, of all its threads.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
