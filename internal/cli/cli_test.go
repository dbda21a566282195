package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/server"
)

// output is what a command has written so far.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func TestUsage(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
		out    string // in the standard output
		err    string // in the standard error
	}{
		"nothing":      {nil, 0, "Commands:", ""},
		"help":         {[]string{"--help"}, 0, "serve", ""},
		"serve help":   {[]string{"serve", "--help"}, 0, "aws_access_key_id", ""},
		"version":      {[]string{"version"}, 0, "levee ", ""},
		"unknown flag": {[]string{"serve", "--nope"}, 2, "", "unknown flag --nope"},
		"unknown":      {[]string{"nope"}, 2, "", "Try levee --help."},
		"two stores":   {[]string{"serve", "--memory", "--data", "x"}, 2, "", "--data and --memory can't be used together"},
		"log level":    {[]string{"serve", "--log-level", "loud"}, 2, "", "--log-level"},
		"no key file":  {[]string{"serve", "--memory", "--auth", "/nonexistent"}, 1, "", "/nonexistent"},
		"bad address":  {[]string{"serve", "--memory", "--addr", "nowhere"}, 1, "", "missing port"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err output
			status := run(t.Context(), tt.args, streams{&out, &err})
			if status != tt.status || !strings.Contains(out.String(), tt.out) || !strings.Contains(err.String(), tt.err) {
				t.Errorf("status %d\nout: %s\nerr: %s", status, out.String(), err.String())
			}
		})
	}
}

// serving is a levee serve that runs.
type serving struct {
	url    string
	err    *output
	stop   context.CancelFunc
	status chan int
}

var urlInGreeting = regexp.MustCompile(`https?://[^\s,]+`)

func startServe(t *testing.T, args ...string) *serving {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s := &serving{err: new(output), stop: stop, status: make(chan int, 1)}
	args = append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)
	go func() { s.status <- run(ctx, args, streams{io.Discard, s.err}) }()
	for s.url == "" {
		select {
		case status := <-s.status:
			t.Fatalf("serve ended with status %d:\n%s", status, s.err)
		case <-time.After(5 * time.Millisecond):
			s.url = urlInGreeting.FindString(s.err.String())
		}
	}
	return s
}

func (s *serving) end(t *testing.T) {
	t.Helper()
	s.stop()
	if status := <-s.status; status != 0 {
		t.Errorf("status %d:\n%s", status, s.err)
	}
}

func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := startServe(t, "--data", dir, "--log-level", "debug")
	resp, err := http.Get(s.url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	for _, want := range []string{"data in " + dir, "export AWS_ENDPOINT_URL=" + s.url, "AWS_ACCESS_KEY_ID=000000000000"} {
		if !strings.Contains(s.err.String(), want) {
			t.Errorf("the greeting lacks %q:\n%s", want, s.err)
		}
	}
	var second output
	if status := run(t.Context(), []string{"serve", "--data", dir, "--addr", "127.0.0.1:0"}, streams{io.Discard, &second}); status != 1 ||
		!strings.Contains(second.String(), dir) || !strings.Contains(second.String(), "--data") {
		t.Errorf("a second server on the directory: %d %s", status, second.String())
	}
	s.end(t)
	if !strings.Contains(s.err.String(), "level=DEBUG msg=request") {
		t.Errorf("the request is not logged:\n%s", s.err)
	}
	startServe(t, "--data", dir).end(t)
}

func TestServeAddressInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var out output
	status := run(t.Context(), []string{"serve", "--memory", "--addr", ln.Addr().String()}, streams{io.Discard, &out})
	want := fmt.Sprintf("levee: %s is in use, perhaps by another levee; choose another address with --addr\n", ln.Addr())
	if status != 1 || out.String() != want {
		t.Errorf("status %d: %s", status, out.String())
	}
}

func TestServeAuth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(file, []byte("[a]\naws_access_key_id=A\naws_secret_access_key=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServe(t, "--memory", "--auth", file)
	defer s.end(t)
	if !strings.Contains(s.err.String(), "one of the 1 accepted") {
		t.Errorf("the greeting does not say that keys are needed:\n%s", s.err)
	}
}

func TestParseKeys(t *testing.T) {
	keys, err := parseKeys("# comment\n[default]\naws_access_key_id = A\naws_secret_access_key=s=1\nregion = x\n" +
		"\n[shop]\nAWS_ACCESS_KEY_ID=B\naws_secret_access_key=t\naws_account_id=111122223333\n")
	want := server.Keys{"A": {Secret: "s=1"}, "B": {Secret: "t", Account: "111122223333"}}
	if err != nil || fmt.Sprint(keys) != fmt.Sprint(want) {
		t.Errorf("%v, %v", keys, err)
	}
	for text, want := range map[string]string{
		"":                           "no keys",
		"aws_access_key_id=a":        "line 1",
		"[a]\nnonsense":              "line 2",
		"[a]\naws_access_key_id=a\n": "[a]: both aws_access_key_id and aws_secret_access_key are needed",
		"[a]\naws_access_key_id=a\naws_secret_access_key=b\n[b]\naws_access_key_id=a\naws_secret_access_key=c": "[b]: aws_access_key_id a stands twice",
		"[a]\naws_access_key_id=a\naws_secret_access_key=b\naws_account_id=12":                                 "12 digits",
	} {
		if _, err := parseKeys(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPoliciesOfKeys(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("clerk.json", "{}")
	none := func(string) string { return "" }
	section := "[a]\naws_access_key_id=A\naws_secret_access_key=s\nlevee_user=clerk\nlevee_policy="
	keys, err := readKeys(write("keys", section+"clerk.json"), none)
	if err != nil || keys["A"].User != "clerk" || keys["A"].Policy != "{}" {
		t.Errorf("%+v, %v", keys, err)
	}
	if _, err := readKeys(write("keys", section+"absent.json"), none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the policy's file: %v", err)
	}
}

func TestKeysOfEnvironment(t *testing.T) {
	env := map[string]string{"LEVEE_ACCESS_KEY_ID": "A", "LEVEE_SECRET_ACCESS_KEY": "s"}
	getenv := func(name string) string { return env[name] }
	keys, err := readKeys("", getenv)
	if err != nil || keys["A"].Secret != "s" {
		t.Errorf("%v, %v", keys, err)
	}
	delete(env, "LEVEE_SECRET_ACCESS_KEY")
	if _, err := readKeys("", getenv); err == nil {
		t.Error("a key without a secret is accepted")
	}
	if keys, err := readKeys("", func(string) string { return "" }); keys != nil || err != nil {
		t.Errorf("without keys: %v, %v", keys, err)
	}
	if _, err := readKeys("/nonexistent", getenv); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
}
