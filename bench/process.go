package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var errNotInstalled = errors.New("not installed")

// process is a server under test, or somebody else's.
type process struct {
	spec  spec
	url   string
	admin string // URL of what operators need; "" if nobody asked for it
	cmd   *exec.Cmd
	dir   string
	ready time.Duration // from start to the first answer
}

// installed returns the command, or errNotInstalled if there is no such
// program.
func (c *config) installed(program string, args ...string) ([]string, error) {
	for _, p := range append([]string{program}, args...) {
		if p == program || program == "env" && !strings.Contains(p, "=") {
			if _, err := exec.LookPath(p); err != nil {
				return nil, errNotInstalled
			}
		}
	}
	return append([]string{program}, args...), nil
}

// start starts a server on the server's CPU and waits until it answers.
func start(c *config, s spec) (*process, error) {
	if s.store == "endpoint" {
		return &process{spec: s, url: strings.TrimSuffix(s.text, "/")}, nil
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(c.temp, "data-")
	if err != nil {
		return nil, err
	}
	data := ""
	if s.store == "disk" {
		data = dir
	}
	args, err := s.command(c, addr, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.text, err)
	}
	p := &process{spec: s, url: "http://" + addr, dir: dir}
	if s.name == "levee" {
		if args, p.admin, err = withProfiling(c, args); err != nil {
			return nil, err
		}
	}
	args = onServerCPU(args)
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = dir
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.await(began); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	return p, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// await waits until the server answers anything.
func (p *process) await(began time.Time) error {
	for time.Since(began) < time.Minute {
		resp, err := http.Get(p.url + "/healthz")
		if err == nil {
			p.ready = time.Since(began)
			_, err := io.Copy(io.Discard, resp.Body)
			return errors.Join(err, resp.Body.Close())
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("%s does not answer", p.spec.text)
}

// ours says whether the process can be looked at.
func (p *process) ours() bool { return p.cmd != nil && p.cmd.Process != nil }

// cpu returns the CPU time that the server has used, -1 if it cannot be told.
func (p *process) cpu() time.Duration {
	if !p.ours() {
		return -1
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
	if err != nil {
		return -1
	}
	// The fields after the name in parentheses; utime and stime are the 12th and
	// 13th of them, in ticks of 10 ms (proc_pid_stat(5)).
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 13 {
		return -1
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return -1
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// resident returns the server's resident memory in MiB, 0 if it cannot be
// told.
func (p *process) resident() float64 {
	if !p.ours() {
		return 0
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		return 0
	}
	return kib / 1024
}

// stop ends a server that start started and removes its files.
func (p *process) stop() error {
	if !p.ours() {
		return nil
	}
	return errors.Join(p.end(), os.RemoveAll(p.dir))
}

func (p *process) end() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	kill := time.AfterFunc(20*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer kill.Stop()
	// How others end on a signal says nothing of what was measured.
	if err := p.cmd.Wait(); err != nil && p.spec.name == "levee" {
		return err
	}
	return nil
}

// restart ends a server that start started and starts it again on what it has kept. It
// sets how long that took, from start to the first answer.
func (p *process) restart() error {
	args := p.cmd.Args
	if err := p.end(); err != nil {
		return err
	}
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Dir = p.dir
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return p.await(began)
}
