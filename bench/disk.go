package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// slowSync is how long a sync takes at least that counts as a pause of the disk.
const slowSync = 10 * time.Millisecond

// diskMain is the command bench disk: what syncs of the disk take in a program that does
// nothing else. Run alone, and beside bench sustained, it says what of a slow write is the
// engine's.
func diskMain(args []string) error {
	var dir string
	var rate float64
	var size int
	var length, every time.Duration
	flags := flag.NewFlagSet("bench disk", flag.ExitOnError)
	flags.StringVar(&dir, "dir", os.TempDir(), "a directory on the disk")
	flags.Float64Var(&rate, "rate", 100, "syncs a second")
	flags.IntVar(&size, "size", 4<<10, "bytes written before each, at most 64 MiB")
	flags.DurationVar(&length, "for", 10*time.Minute, "how long")
	flags.DurationVar(&every, "every", time.Minute, "length of each line of the table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if size < 1 || size > probeFile {
		return fmt.Errorf("-size is from 1 to %d", probeFile)
	}
	probe, err := openProbe(dir, size)
	if err != nil {
		return err
	}
	return firstError(probe.watch(rate, length, every, os.Stdout), probe.close())
}

// probeFile is the size of the file that a probe writes over and over, as a log that is
// used again: nothing but its content changes.
const probeFile = 64 << 20

type probe struct {
	file *os.File // each write to it is synced
	part []byte
	at   int64
}

// openProbe writes the file once, so that the file system has nothing to look for later.
func openProbe(dir string, size int) (*probe, error) {
	name := filepath.Join(dir, fmt.Sprintf("levee-bench-disk-%d", os.Getpid()))
	if err := os.WriteFile(name, make([]byte, probeFile), 0o600); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|syscall.O_DSYNC, 0)
	if err != nil {
		return nil, firstError(err, os.Remove(name))
	}
	p := &probe{file: file, part: make([]byte, size)}
	for range 8 { // with the first of them the file itself comes to the disk
		if err := p.sync(); err != nil {
			return nil, firstError(err, p.close())
		}
	}
	return p, nil
}

func (p *probe) close() error { return firstError(p.file.Close(), os.Remove(p.file.Name())) }

// sync writes one part and waits until it is on the disk.
func (p *probe) sync() error {
	if p.at+int64(len(p.part)) > probeFile {
		p.at = 0
	}
	if _, err := p.file.WriteAt(p.part, p.at); err != nil {
		return err
	}
	p.at += int64(len(p.part))
	return nil
}

// watch prints a line of figures for each stretch of time.
func (p *probe) watch(rate float64, length, every time.Duration, w io.Writer) error {
	fmt.Fprintf(w, "%.0f syncs a second, each of %d bytes:\n\n", rate, len(p.part))
	fmt.Fprintln(w, "| after | p50 ms | p99 ms | max ms | 10 ms or longer | of them in all ms |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: |")
	for began := time.Now(); time.Since(began) < length; {
		var took histogram
		var slow int
		var lost time.Duration
		next := schedule(rate, every)
		for due, more := next(); more; due, more = next() {
			time.Sleep(time.Until(due))
			start := time.Now()
			if err := p.sync(); err != nil {
				return err
			}
			d := time.Since(start)
			took.add(d)
			if d >= slowSync {
				slow++
				lost += d
			}
		}
		fmt.Fprintf(w, "| %.0f s | %.2f | %.2f | %.0f | %d | %d |\n", time.Since(began).Seconds(),
			took.quantile(0.50), took.quantile(0.99), took.max, slow, lost.Milliseconds())
	}
	return nil
}
