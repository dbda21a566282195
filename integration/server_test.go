package integration

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a process of the binary. Its address stays the same when it is
// started again, so queue URLs stay valid.
type server struct {
	addr string
	args []string   // after `levee serve --addr ...`
	cmd  *exec.Cmd  // nil while it does not run
	gone chan error // has what cmd ended with
	log  tail
}

func (s *server) url() string { return "http://" + s.addr }

// tail keeps the end of what a process writes.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const kept = 32 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - kept; over > 0 {
		t.buf = slices.Clone(t.buf[over:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}

// newServer returns a server that is not started.
func newServer(args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return &server{addr: l.Addr().String(), args: args}, nil
}

// start runs the process and waits until it answers.
func (s *server) start() error {
	s.cmd = exec.Command(levee, append([]string{"serve", "--addr", s.addr}, s.args...)...)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.gone = make(chan error, 1)
	go func(cmd *exec.Cmd, gone chan<- error) { gone <- cmd.Wait() }(s.cmd, s.gone)
	for range 1000 {
		select {
		case err := <-s.gone:
			s.cmd = nil
			return fmt.Errorf("levee serve ended: %v\n%s", err, s.log.String())
		default:
		}
		if s.healthy() {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.signal(syscall.SIGKILL)
	return fmt.Errorf("levee serve does not answer\n%s", s.log.String())
}

func (s *server) healthy() bool {
	resp, err := http.Get(s.url() + "/healthz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

// signal sends a signal and returns what the process ended with.
func (s *server) signal(sig os.Signal) error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Signal(sig)
	s.cmd = nil
	if err != nil {
		return err
	}
	return <-s.gone
}

// startServer starts a server for one test, which ends with it.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	s, err := newServer(args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.signal(syscall.SIGKILL)
		if t.Failed() {
			t.Logf("log of levee serve:\n%s", s.log.String())
		}
	})
	return s
}

// restart ends the server with the signal and starts it again.
func (s *server) restart(t testing.TB, sig os.Signal) {
	t.Helper()
	err := s.signal(sig)
	if sig == syscall.SIGTERM && err != nil {
		t.Fatalf("after SIGTERM the server ended with %v; want exit status 0", err)
	}
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

// The servers that tests share, by store.
var (
	sharedDir string
	sharedMu  sync.Mutex
	shared    = map[string]*server{}
)

var stores = []string{"memory", "disk"}

func sharedServer(t testing.TB, store string) *server {
	t.Helper()
	sharedMu.Lock()
	defer sharedMu.Unlock()
	if s := shared[store]; s != nil {
		return s
	}
	args := []string{"--memory"}
	if store == "disk" {
		args = []string{"--data", filepath.Join(sharedDir, "data")}
	}
	s, err := newServer(args...)
	if err == nil {
		err = s.start()
	}
	if err != nil {
		t.Fatal(err)
	}
	shared[store] = s
	return s
}

func stopShared(failed bool) {
	sharedMu.Lock()
	defer sharedMu.Unlock()
	for store, s := range shared {
		s.signal(syscall.SIGTERM)
		if log := s.log.String(); failed && log != "" {
			fmt.Printf("log of levee serve, %s:\n%s\n", store, log)
		}
	}
}

// onStores runs a test with an account of its own on the shared server of each
// store.
func onStores(t *testing.T, test func(t *testing.T, c *client)) {
	t.Helper()
	t.Parallel()
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			test(t, newClient(sharedServer(t, store), newAccount(), "us-east-1"))
		})
	}
}
