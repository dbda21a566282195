package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// markdown returns the report.
func markdown(c *config, pairs []pair) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark report\n\n")
	fmt.Fprintf(&b, "Made by `go run . %s` in bench/ on %s: %s, %d CPUs, %s/%s, %s.\n",
		commandLine(), time.Now().UTC().Format("2006-01-02"), cpuModel(), numCPU, runtime.GOOS, runtime.GOARCH, runtime.Version())
	if c.note != "" {
		fmt.Fprintf(&b, "%s\n", c.note)
	}
	fmt.Fprintf(&b, "\n%d connections, %v a measurement, items and messages of about 256 bytes; servers on the first CPU, the client on the others%s. "+
		"Each workload ran on A, B, B and A in turn%s; figures are means of the runs, and the ratios %s. "+
		"CPU is the server's time a request, for queues a message (through a whole cycle where it says so). "+
		"Latencies beside the floor are those at a fixed rate of %.0f %% of what the slower of both did in a closed loop, counted from the time at which a request was due; beside other engines those of the closed loop. "+
		"What the engines and workloads are: README.md.\n", c.conns, c.duration, map[bool]string{false: " (not here: no taskset)"}[pinned()],
		map[bool]string{true: fmt.Sprintf(", %d times", c.rounds)}[c.rounds > 1],
		map[bool]string{false: "are of the first and of the second pair", true: "of all runs, with the least and the greatest of a pair"}[c.rounds > 1], c.share*100)
	for _, p := range pairs {
		p.write(&b)
	}
	return b.String()
}

func (p pair) write(b *strings.Builder) {
	if p.Missing != "" {
		fmt.Fprintf(b, "\n## %s: not installed\n", p.Missing)
		return
	}
	if p.B == "" {
		p.writeAlone(b)
		return
	}
	fmt.Fprintf(b, "\n## A: %s, B: %s\n\n", p.A, p.B)
	fmt.Fprintf(b, "From start to the first answer: A %.0f ms, B %.0f ms.\n\n", p.Ready[0], p.Ready[1])
	b.WriteString("| workload | CPU A us | CPU B us | CPU A/B | A /s | B /s | rate A/B | p50 A ms | p99 A ms | p50 B ms | p99 B ms | A MiB | B MiB |\n" +
		"| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, m := range p.Results {
		if failure := m.failure(); failure != "" {
			fmt.Fprintf(b, "| %s | %s |\n", m.Operation, failure)
			continue
		}
		fa, fb := m.latencies()
		fmt.Fprintf(b, "| %s | %.1f | %.1f | %s | %.0f | %.0f | %s | %.2f | %.2f | %.2f | %.2f | %.0f | %.0f |\n", m.Operation,
			mean(m.A, cpuOf), mean(m.B, cpuOf), m.ratioText(cpuOf), mean(m.A, rateOf), mean(m.B, rateOf), m.ratioText(rateOf),
			fa.P50, fa.P99, fb.P50, fb.P99, m.A[len(m.A)-1].Resident, m.B[len(m.B)-1].Resident)
	}
}

func (p pair) writeAlone(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n", p.A)
	fmt.Fprintf(b, "From start to the first answer: %.0f ms.\n\n", p.Ready[0])
	b.WriteString("| workload | CPU us | per second | p50 ms | p99 ms | MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for _, m := range p.Results {
		if failure := m.failure(); failure != "" {
			fmt.Fprintf(b, "| %s | %s |\n", m.Operation, failure)
			continue
		}
		fa, _ := m.latencies()
		fmt.Fprintf(b, "| %s | %.1f | %.0f | %.2f | %.2f | %.0f |\n", m.Operation, mean(m.A, cpuOf), mean(m.A, rateOf), fa.P50, fa.P99, m.A[len(m.A)-1].Resident)
	}
}

func cpuOf(r result) float64  { return r.ServerCPU }
func rateOf(r result) float64 { return r.PerSecond }

// failure says which side cannot do the workload, and what it answered.
func (m comparison) failure() string {
	for _, rs := range [][]result{m.A, m.B} {
		for _, r := range rs {
			if r.Failure != "" {
				return fmt.Sprintf("%s: %.120s", r.Engine, strings.NewReplacer("|", " ", "\n", " ").Replace(r.Failure))
			}
		}
	}
	return ""
}

// latencies returns the runs at the fixed rate, or, where there are none, the
// last ones.
func (m comparison) latencies() (a, b result) {
	a = m.A[len(m.A)-1]
	if len(m.B) > 0 {
		b = m.B[len(m.B)-1]
	}
	if m.FixedA != nil {
		a = *m.FixedA
	}
	if m.FixedB != nil {
		b = *m.FixedB
	}
	return a, b
}

func mean(rs []result, f func(result) float64) float64 {
	sum := 0.0
	for _, r := range rs {
		sum += f(r)
	}
	return sum / float64(max(1, len(rs)))
}

// ratioText returns the ratios of two pairs, or, of more, the ratio of their means
// with the least and the greatest.
func (m comparison) ratioText(f func(result) float64) string {
	rs := m.ratios(f)
	if len(rs) > 2 {
		return fmt.Sprintf("%.2f (%.2f–%.2f)", mean(m.A, f)/mean(m.B, f), slices.Min(rs), slices.Max(rs))
	}
	var texts []string
	for _, r := range rs {
		texts = append(texts, fmt.Sprintf("%.2f", r))
	}
	return strings.Join(texts, " ")
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
		if strings.ContainsAny(a, " ,*") {
			a = "'" + a + "'"
		}
		args = append(args, a)
	}
	return strings.Join(args, " ")
}
