package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
)

// pinned says whether servers and client can have CPUs of their own.
func pinned() bool {
	_, err := exec.LookPath("taskset")
	return err == nil && numCPU > 1
}

// numCPU is the number of CPUs before the client gave up the server's.
var numCPU = runtime.NumCPU()

// onServerCPU returns a command that runs args on the first CPU.
func onServerCPU(args []string) []string {
	if !pinned() {
		return args
	}
	return append([]string{"taskset", "-c", "0"}, args...)
}

// pinClient leaves the first CPU to the server.
func pinClient() error {
	if !pinned() {
		return nil
	}
	others := fmt.Sprintf("1-%d", numCPU-1)
	if out, err := exec.Command("taskset", "-a", "-c", "-p", others, strconv.Itoa(os.Getpid())).CombinedOutput(); err != nil {
		return fmt.Errorf("taskset: %w: %s", err, out)
	}
	runtime.GOMAXPROCS(numCPU - 1)
	return nil
}

// lowly returns a command that runs args whenever nothing else has the CPU: with the
// policy for idle processes, on whose end nobody who wakes up waits, or at least nice.
func lowly(args []string) []string {
	for _, low := range [][]string{{"chrt", "-i", "0"}, {"nice", "-n", "19"}} {
		if _, err := exec.LookPath(low[0]); err == nil {
			return append(low, args...)
		}
	}
	return args
}
