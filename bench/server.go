package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the process under test, or somebody else's.
type server struct {
	url  string
	cmd  *exec.Cmd
	temp string
}

// startServer builds and starts a server, on a CPU of its own where the system
// can do that: the client has the others.
func startServer(c *config, store string) (*server, error) {
	if c.endpoint != "" {
		return &server{url: strings.TrimSuffix(c.endpoint, "/")}, nil
	}
	temp, err := os.MkdirTemp("", "levee-bench-")
	if err != nil {
		return nil, err
	}
	s := &server{temp: temp}
	binary := c.binary
	if binary == "" {
		binary = filepath.Join(temp, "levee")
		build := exec.Command("go", "build", "-o", binary, "./cmd/levee")
		build.Dir, build.Stderr = "..", os.Stderr
		if err := build.Run(); err != nil {
			return nil, errors.Join(fmt.Errorf("build the server: %w", err), s.stop())
		}
	}
	addr, err := freeAddress()
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	args := []string{binary, "serve", "--addr", addr, "--memory"}
	if store == "disk" {
		args = []string{binary, "serve", "--addr", addr, "--data", filepath.Join(temp, "data")}
	}
	if _, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		args = append([]string{"taskset", "-c", "0"}, args...)
	}
	s.cmd = exec.Command(args[0], args[1:]...)
	if err := s.cmd.Start(); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	s.url = "http://" + addr
	return s, s.ready()
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ready waits until the server answers.
func (s *server) ready() error {
	for range 200 {
		resp, err := http.Get(s.url + "/healthz")
		if err == nil {
			_, err := io.Copy(io.Discard, resp.Body)
			return errors.Join(err, resp.Body.Close())
		}
		time.Sleep(25 * time.Millisecond)
	}
	return errors.Join(errors.New("the server does not answer"), s.stop())
}

// cpu returns the CPU time that the server has used, -1 if it cannot be told.
func (s *server) cpu() time.Duration {
	if s.cmd == nil || s.cmd.Process == nil {
		return -1
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/stat")
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

// stop ends a server that startServer started and removes its files.
func (s *server) stop() error {
	if s.temp == "" {
		return nil
	}
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		err = errors.Join(s.cmd.Process.Signal(syscall.SIGTERM), s.cmd.Wait())
	}
	return errors.Join(err, os.RemoveAll(s.temp))
}
