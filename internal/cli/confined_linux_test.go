package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// The variables of the environment in which the test program is levee instead.
const (
	confineTo = "LEVEE_TEST_CONFINE_TO" // a directory, outside of which nothing may be written
	beLevee   = "LEVEE_TEST_BE_LEVEE"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(confineTo) != "":
		fmt.Fprintln(os.Stderr, becomeConfined(os.Getenv(confineTo)))
		os.Exit(1)
	case os.Getenv(beLevee) != "":
		os.Exit(Run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// What Landlock calls its parts (landlock(7)).
const (
	landlockCreateRuleset = 444
	landlockAddRule       = 445
	landlockRestrictSelf  = 446
	ruleOfPath            = 1
	noNewPrivileges       = 38     // PR_SET_NO_NEW_PRIVS
	changesOfFiles        = 0x7ff2 // writing, removing, making of all kinds, linking elsewhere, truncating
)

// becomeConfined starts the program again in place of this one, without the right to
// change files that are not in dir. It returns only if that fails.
func becomeConfined(dir string) error {
	runtime.LockOSThread() // the rights are those of a thread, and of what it executes
	handled := struct{ fs uint64 }{changesOfFiles}
	rules, _, errno := syscall.Syscall(landlockCreateRuleset, uintptr(unsafe.Pointer(&handled)), unsafe.Sizeof(handled), 0)
	if errno != 0 {
		return fmt.Errorf("landlock_create_ruleset: %w", errno)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	beneath := struct {
		allowed uint64
		dir     int32
	}{changesOfFiles, int32(d.Fd())}
	if _, _, errno := syscall.Syscall6(landlockAddRule, rules, ruleOfPath, uintptr(unsafe.Pointer(&beneath)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("landlock_add_rule: %w", errno)
	}
	if _, _, errno := syscall.Syscall6(syscall.SYS_PRCTL, noNewPrivileges, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("prctl: %w", errno)
	}
	if _, _, errno := syscall.Syscall(landlockRestrictSelf, rules, 0, 0); errno != 0 {
		return fmt.Errorf("landlock_restrict_self: %w", errno)
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Unsetenv(confineTo); err != nil {
		return err
	}
	return syscall.Exec(program, os.Args, append(os.Environ(), beLevee+"=1"))
}

// confined is levee as a process that may change files in dir alone.
func confined(t *testing.T, dir string, args ...string) (*exec.Cmd, *output) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	said := new(output)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), confineTo+"="+dir)
	cmd.Dir, cmd.Stderr = t.TempDir(), said
	if canConfine() {
		return cmd, said
	}
	// Then what it would write to without being told is looked at afterwards.
	cmd.Env = append(os.Environ(), beLevee+"=1", "HOME="+cmd.Dir, "TMPDIR="+cmd.Dir)
	t.Cleanup(func() {
		if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
			t.Errorf("outside of its data there are %v, %v", left, err)
		}
	})
	return cmd, said
}

// canConfine reports whether the kernel can confine (since 5.13, unless it was told not
// to) and keep files from being truncated (since 6.2).
func canConfine() bool {
	version, _, errno := syscall.Syscall(landlockCreateRuleset, 0, 0, 1)
	return errno == 0 && version >= 3
}

var endpointInGreeting = regexp.MustCompile(`AWS_ENDPOINT_URL=(http\S+)`)

// A server needs no right to write outside its data directory: the files of deploy/
// take it away.
func TestServeWritesOnlyItsData(t *testing.T) {
	dir := t.TempDir()
	table := `{"TableName":"Kept","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}`
	for _, requests := range [][][2]string{{
		{"DynamoDB_20120810.CreateTable", table},
		{"DynamoDB_20120810.PutItem", `{"TableName":"Kept","Item":{"k":{"S":"a"},"v":{"S":"` + strings.Repeat("x", 100<<10) + `"}}}`},
		{"AmazonSQS.CreateQueue", `{"QueueName":"Q"}`},
	}, { // of the second process, in the directory of the first
		{"DynamoDB_20120810.GetItem", `{"TableName":"Kept","Key":{"k":{"S":"a"}}}`},
		{"DynamoDB_20120810.DeleteTable", `{"TableName":"Kept"}`},
		{"AmazonSQS.GetQueueUrl", `{"QueueName":"Q"}`},
	}} {
		cmd, said := confined(t, dir, "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for !endpointInGreeting.MatchString(said.String()) {
			select {
			case err := <-ended:
				t.Fatalf("%v\n%s", err, said)
			case <-time.After(5 * time.Millisecond):
			}
		}
		for _, r := range requests {
			wantOK(t, http.MethodPost, endpointInGreeting.FindStringSubmatch(said.String())[1], r[0], r[1])
		}
		wantOK(t, http.MethodGet, adminInGreeting.FindStringSubmatch(said.String())[1]+"/backup", "", "")
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%v\n%s", err, said)
		}
	}
	if !canConfine() {
		return
	}
	// What confines does confine.
	cmd, said := confined(t, dir, "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"))
	if err := cmd.Run(); err == nil || !strings.Contains(said.String(), "permission denied") {
		t.Errorf("elsewhere: %v\n%s", err, said)
	}
}

func wantOK(t *testing.T, method, url, target, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Date", time.Now().UTC().Format("20060102T150405Z"))
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=111122223333/20261127/eu-west-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %s %v\n%.300s", method, target, resp.Status, err, answer)
	}
}
