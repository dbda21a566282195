package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// markdown returns the report.
func markdown(c *config, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark report\n\n")
	fmt.Fprintf(&b, "Made by `go run . %s` in bench/ on %s: %s, %d CPUs, %s/%s, %s.\n\n",
		commandLine(), time.Now().UTC().Format("2006-01-02"), cpuModel(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(&b, "%d connections, %v a measurement, items of about 256 bytes; the server has one CPU of its own where taskset is at hand. "+
		"A queue's cycle is three requests (send, receive, delete). \"Fixed rate\" is %.0f %% of the closed loop's rate, its latency counted from the due time. "+
		"Absolute figures say as much about the machine and its disk as about Levee; CPU per request is what compares best.\n\n", c.conns, c.duration, c.share*100)
	fmt.Fprintf(&b, "| store | operation | loop | per second | p50 ms | p99 ms | max ms | server CPU us |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %.0f | %.2f | %.2f | %.2f | %.1f |\n", r.Store, r.Operation, r.Loop, r.PerSecond, r.P50, r.P99, r.Max, r.ServerCPU)
	}
	return b.String()
}

// cpuModel names the processor where the system tells.
func cpuModel() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimLeft(name, "\t :")
		}
	}
	return "unknown processor"
}

// commandLine returns the arguments as a shell takes them.
func commandLine() string {
	var args []string
	for _, a := range os.Args[1:] {
		if strings.ContainsAny(a, " ,") {
			a = "'" + a + "'"
		}
		args = append(args, a)
	}
	return strings.Join(args, " ")
}
