package main

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// problems are what was found wrong. The first few are kept.
type problems struct {
	mu    sync.Mutex
	count int
	first []string
}

func (p *problems) add(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count++; len(p.first) < 200 {
		p.first = append(p.first, fmt.Sprintf(format, args...))
	}
}

// report is what came of a run.
type report struct {
	seed         uint64
	began, ended time.Time
	kills, terms int // terms of the kills were SIGTERM
	checks       int // runs of levee check
	loads        []load
	wrong        problems

	memory, files []int // one sample a life, late in it
}

// sample looks at the process shortly before the end of a life.
func (r *report) sample(s *server, life time.Duration) {
	time.Sleep(life * 9 / 10)
	if mib, err := s.memory(); err == nil {
		r.memory = append(r.memory, mib)
	}
	if n, err := s.files(); err == nil {
		r.files = append(r.files, n)
	}
}

func (r *report) count(loads []load) (n int) {
	for _, l := range loads {
		n += l.done()
	}
	return n
}

func (r *report) write(w io.Writer) {
	fmt.Fprintf(w, "seed %d, %v, %d kills of which %d were SIGTERM, %d runs of levee check\n",
		r.seed, r.ended.Sub(r.began).Round(time.Second), r.kills, r.terms, r.checks)
	for _, l := range r.loads {
		fmt.Fprintf(w, "%-10s %10d acknowledged\n", l.name(), l.done())
	}
	for _, one := range []struct {
		name    string
		samples []int
	}{{"memory, MiB", r.memory}, {"open files", r.files}} {
		if n := len(one.samples); n >= 4 {
			fmt.Fprintf(w, "%-12s first quarter of the run: %s; last quarter: %s\n", one.name, span(one.samples[:n/4]), span(one.samples[n-n/4:]))
		}
	}
	fmt.Fprintf(w, "wrong: %d\n", r.wrong.count)
	for _, text := range r.wrong.first[:min(20, len(r.wrong.first))] {
		fmt.Fprintln(w, " ", text)
	}
}

// span says where samples lie.
func span(samples []int) string {
	sorted := slices.Sorted(slices.Values(samples))
	return fmt.Sprintf("%d to %d, median %d", sorted[0], sorted[len(sorted)-1], sorted[len(sorted)/2])
}
