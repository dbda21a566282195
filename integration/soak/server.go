package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is a process of levee serve. Its address stays the same.
type server struct {
	binary, dir, addr string

	cmd  *exec.Cmd // nil while it does not run
	said strings.Builder
}

func build(path string) error {
	cmd := exec.Command("go", "build", "-o", path, "github.com/levee-io/levee/cmd/levee")
	cmd.Dir, cmd.Stderr = root(), os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	return cmd.Run()
}

// root is the directory of the main module: the nearest one above that has the
// command.
func root() string {
	for dir := ".."; len(dir) < 100; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "levee")); err == nil {
			return dir
		}
	}
	return ".."
}

func newServer(binary, dir string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &server{binary: binary, dir: dir, addr: l.Addr().String()}, l.Close()
}

// start runs the process and waits until it answers.
func (s *server) start() error {
	s.said.Reset()
	s.cmd = exec.Command(s.binary, "serve", "--addr", s.addr, "--data", s.dir)
	s.cmd.Stderr = &s.said
	if err := s.cmd.Start(); err != nil {
		return err
	}
	for range 3000 {
		resp, err := http.Get("http://" + s.addr + "/healthz")
		if err == nil {
			return resp.Body.Close()
		}
		if !s.alive() {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	s.end(syscall.SIGKILL)
	return fmt.Errorf("levee serve does not answer: %s", s.said.String())
}

func (s *server) alive() bool { return s.figure("status", "State:") != "Z (zombie)" }

// end ends the process with a signal, if it runs.
func (s *server) end(signal syscall.Signal) {
	if s.cmd == nil {
		return
	}
	// What it ends with says nothing: a killed process fails.
	_ = s.cmd.Process.Signal(signal)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// check runs levee check on the directory.
func (s *server) check() (said string, err error) {
	out, err := exec.Command(s.binary, "check", "--data", s.dir).CombinedOutput()
	return string(out), err
}

// figure returns what stands after a word in a file of the process in /proc, ""
// where there is none.
func (s *server) figure(file, word string) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.cmd.Process.Pid, file))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), word)
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// memory returns the resident memory in MiB, files the number of open files.
func (s *server) memory() (int, error) {
	kib, err := strconv.Atoi(strings.TrimSuffix(s.figure("status", "VmRSS:"), " kB"))
	return kib >> 10, err
}

func (s *server) files() (int, error) {
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err == nil && len(list) == 0 {
		err = errors.New("no files")
	}
	return len(list), err
}
