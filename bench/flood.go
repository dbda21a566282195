package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// flood is a load in a process of its own, so that it does not stand in the way of the
// load that is measured, except in the server.
type flood struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// startFlood prepares the flood of one of isolations. It shares the client's CPU, so it
// gives way to the load that is measured, whose latencies are to be the server's.
func startFlood(p *process, number, width int) (*flood, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := lowly([]string{program, "flood", p.url, strconv.Itoa(number), strconv.Itoa(width)})
	f := &flood{cmd: exec.Command(args[0], args[1:]...)}
	f.cmd.Stderr = os.Stderr
	if f.in, err = f.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	f.out = bufio.NewScanner(out)
	if err := f.cmd.Start(); err != nil {
		return nil, err
	}
	_, err = f.pause() // it says that it is ready
	return f, err
}

// begin lets the flood loose; what is wrong with it, pause says.
func (f *flood) begin() { _, _ = io.WriteString(f.in, "begin\n") }

// pause stops the flood and returns how many steps a second it made.
func (f *flood) pause() (rate float64, err error) {
	_, _ = io.WriteString(f.in, "pause\n")
	if !f.out.Scan() {
		return 0, fmt.Errorf("the flood has ended: %w", firstError(f.out.Err(), io.ErrUnexpectedEOF))
	}
	return strconv.ParseFloat(f.out.Text(), 64)
}

func (f *flood) end() error { return firstError(f.in.Close(), f.cmd.Wait()) }

// floodMain is the process of a flood. It does what lines on its standard input say.
func floodMain(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("flood is what isolation starts")
	}
	number, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	width, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	if err := pinClient(); err != nil {
		return err
	}
	s, err := parseSpec(args[0])
	if err != nil {
		return err
	}
	load := isolations()[number].flood
	cl := newClient(&process{spec: s, url: args[0]})
	if err := load.setup(cl); err != nil {
		return err
	}
	stop := func() float64 { return 0 }
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if strings.TrimSpace(lines.Text()) == "begin" {
			stop = pour(cl, load, width)
			continue
		}
		fmt.Println(stop())
	}
	return nil
}

// pour starts as many connections as fast as answers come; the function returned ends
// it, and returns how many steps a second it made.
func pour(cl *client, load workload, width int) (stop func() float64) {
	var done atomic.Bool
	var steps atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for i := range width {
		all.Go(func() {
			k := newWorker(cl, 1000+i)
			defer k.release()
			for !done.Load() {
				if _, err := load.step(k); err != nil {
					fmt.Fprintln(os.Stderr, "bench: flood:", err)
					return
				}
				k.n++
				steps.Add(1)
			}
		})
	}
	return func() float64 {
		done.Store(true)
		all.Wait()
		return float64(steps.Load()) / time.Since(began).Seconds()
	}
}
