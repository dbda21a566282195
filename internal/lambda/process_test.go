package lambda_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/lambda/sandbox"
)

// bootstrap is a function of this test binary: what it does is in the event.
func bootstrap() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	if os.Getenv("FAIL_INIT") != "" {
		http.Post(base+"init/error", "application/json", strings.NewReader(`{"errorType":"Init","errorMessage":"cannot begin"}`))
		os.Exit(1)
	}
	for n := 1; ; n++ {
		resp, err := http.Get(base + "invocation/next")
		if err != nil {
			os.Exit(1)
		}
		event, _ := io.ReadAll(resp.Body)
		id := resp.Header.Get("Lambda-Runtime-Aws-Request-Id")
		at, answer := "response", perform(strings.Trim(string(event), `"`), n)
		if strings.HasPrefix(answer, `{"errorType"`) {
			at = "error"
		}
		http.Post(base+"invocation/"+id+"/"+at, "application/json", strings.NewReader(answer))
	}
}

var leak [][]byte

func perform(what string, n int) string {
	switch what {
	case "hang":
		select {}
	case "exit":
		os.Exit(3)
	case "exit quietly":
		os.Exit(0)
	case "print":
		line := strings.Repeat("x", 1<<20-1) + "\n"
		for range 100 {
			os.Stdout.WriteString(line)
		}
		fmt.Println("printed")
	case "leak":
		for {
			b := make([]byte, 8<<20)
			for i := range b {
				b[i] = 1
			}
			leak = append(leak, b)
			if len(leak) == 100 { // enough; not to hurt the machine if it is not ended
				select {}
			}
		}
	case "large":
		return strings.Repeat(" ", lambda.MaxResult) + "1"
	case "error":
		return `{"errorType":"Mine","errorMessage":"as asked"}`
	case "fork":
		cmd := exec.Command("sleep", "1000")
		cmd.Start()
		return strconv.Itoa(cmd.Process.Pid)
	case "environ":
		return strconv.Quote(strings.Join(os.Environ(), "\n"))
	}
	return strconv.Itoa(n)
}

// runsSelf creates a function that is this binary.
func runsSelf(t *testing.T, e *lambda.Engine, name string, change func(*model.CreateFunctionRequest)) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in := image(name, "runtime:"+self)
	if change != nil {
		change(in)
	}
	create(t, e, in)
}

// An environment is kept; after an error too, but not after a crash.
func TestProcess(t *testing.T) {
	e := running(t)
	for name, timeout := range map[string]int64{"self": 60, "short": 1} {
		runsSelf(t, e, name, func(in *model.CreateFunctionRequest) { in.Timeout = api.Some(timeout) })
	}
	for _, step := range []struct{ event, payload, kind, text string }{
		{event: "", payload: "1"},
		{event: "", payload: "2"},
		{event: "error", kind: "Mine", text: "as asked"},
		{event: "", payload: "4"},
		{event: "large", kind: "Function.ResponseSizeTooLarge"},
		{event: "exit", kind: "Runtime.ExitError", text: "RequestId: " + caller.RequestID + " Error: Runtime exited with error: exit status 3"},
		{event: "", payload: "1"},
		{event: "exit quietly", kind: "Runtime.ExitError", text: "Runtime exited without providing a reason"},
		{event: "", payload: "1"},
		{event: "hang", kind: "Sandbox.Timedout", text: "Task timed out after 1.00 seconds"},
	} {
		name := "self"
		if step.event == "hang" {
			name = "short"
		}
		out := invoke(t, e, name, `"`+step.event+`"`)
		if step.kind != "" {
			wantFailure(t, out, step.kind, step.text)
		} else if string(out.Payload.V) != step.payload {
			t.Errorf("%q: got %s, want %s", step.event, out.Payload.V, step.payload)
		}
	}
}

// A function that takes more memory than it has is ended.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is watched on Linux")
	}
	e := running(t)
	runsSelf(t, e, "self", func(in *model.CreateFunctionRequest) { in.Timeout = api.Some(int64(60)) })
	wantFailure(t, invoke(t, e, "self", `"leak"`), "Runtime.ExitError", "signal: killed")
}

// What a function prints does not stop it, is bounded, and what it printed last is
// in the tail.
func TestPrints(t *testing.T) {
	e := running(t)
	runsSelf(t, e, "self", func(in *model.CreateFunctionRequest) { in.Timeout = api.Some(int64(60)) })
	out := invoke(t, e, "self", `"print"`)
	tail, err := base64.StdEncoding.DecodeString(out.LogResult.V)
	if err != nil || len(tail) > 4096 || !bytes.Contains(tail, []byte("x\nprinted\nEND RequestId: "+caller.RequestID+"\nREPORT ")) {
		t.Errorf("%d bytes, %v: %.300s", len(tail), err, tail)
	}
	logs := e.Logs(lambda.Name{Namespace: caller.Namespace, Function: "self"})
	if len(logs) != 1 || len(logs[0].Text) > 70<<10 {
		t.Errorf("%d logs, the first of %d bytes", len(logs), len(logs[0].Text))
	}
}

// What a function started ends with its environment.
func TestProcessGroup(t *testing.T) {
	e := running(t)
	runsSelf(t, e, "self", nil)
	pid := string(invoke(t, e, "self", `"fork"`).Payload.V)
	if _, err := os.Stat("/proc/" + pid); err != nil {
		t.Skip("no /proc")
	}
	invoke(t, e, "self", `"exit"`)
	for { // a signal is not instant; the test's own timeout is the limit
		state, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		runtime.Gosched()
	}
}

// A function sees what the service sets, what it has itself and nothing of the
// server.
func TestEnviron(t *testing.T) {
	t.Setenv("SECRET_OF_THE_SERVER", "x")
	e := running(t)
	runsSelf(t, e, "self", func(in *model.CreateFunctionRequest) {
		in.Environment = &model.Environment{Variables: api.Map[string]{{Key: "MINE", Value: "y"}}}
	})
	env := string(invoke(t, e, "self", `"environ"`).Payload.V)
	for _, want := range []string{"MINE=y", "AWS_REGION=us-east-1", "AWS_LAMBDA_FUNCTION_NAME=self", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128"} {
		if !strings.Contains(env, want) {
			t.Errorf("no %s in %s", want, env)
		}
	}
	if strings.Contains(env, "SECRET") {
		t.Errorf("the server's environment: %s", env)
	}
}

func TestInitError(t *testing.T) {
	e := running(t)
	runsSelf(t, e, "self", func(in *model.CreateFunctionRequest) {
		in.Environment = &model.Environment{Variables: api.Map[string]{{Key: "FAIL_INIT", Value: "1"}}}
	})
	wantFailure(t, invoke(t, e, "self", `1`), "Init", "cannot begin")
	create(t, e, image("absent", "runtime:/no/such/file"))
	wantFailure(t, invoke(t, e, "absent", `1`), "Runtime.InvalidEntrypoint", "no such file")
}

// Concurrent invocations have environments of their own, no more than are allowed;
// idle ones make room for those of another function.
func TestProcesses(t *testing.T) {
	e := running(t)
	runsSelf(t, e, "self", nil)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for range 5 {
				if _, err := e.Run(t.Context(), lambda.Name{Namespace: caller.Namespace, Function: "self"}, []byte("1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
}

func TestZip(t *testing.T) {
	t.Chdir(t.TempDir()) // a directory of data may be named relative to where the server is started
	e := open(t, newStore(t), lambda.Options{Runner: sandbox.New(sandbox.Options{}), Scratch: "scratch"})
	in := &model.CreateFunctionRequest{
		FunctionName: api.Some("zip"), Runtime: api.Some("provided.al2023"), Handler: api.Some("any"),
		Code: &model.FunctionCode{ZipFile: api.Some(pack(t, map[string]string{"bootstrap*": "#!/bin/sh\ncat data/greeting\nexec \"$SELF\"\n", "data/greeting": "hello\n"}))},
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in.Environment = &model.Environment{Variables: api.Map[string]{{Key: "SELF", Value: self}}}
	create(t, e, in)
	out := invoke(t, e, "zip", "1")
	log, _ := base64.StdEncoding.DecodeString(out.LogResult.V)
	if string(out.Payload.V) != "1" || !strings.Contains(string(log), "\nhello\n") {
		t.Errorf("got %s, log %s", out.Payload.V, log)
	}
	// New code is what runs next.
	_, err = e.UpdateFunctionCode(t.Context(), caller, &model.UpdateFunctionCodeRequest{
		FunctionName: api.Some("zip"), ZipFile: api.Some(pack(t, map[string]string{"bootstrap*": "#!/bin/sh\nexit 7\n"})),
	})
	if err != nil {
		t.Fatal(err)
	}
	wantFailure(t, invoke(t, e, "zip", "1"), "Runtime.ExitError", "exit status 7")
	wantUnpacked(t, 1)
	if _, err := e.DeleteFunction(t.Context(), caller, &model.DeleteFunctionRequest{FunctionName: api.Some("zip")}); err != nil {
		t.Fatal(err)
	}
	wantUnpacked(t, 0)
	for name, files := range map[string]map[string]string{
		"up": {"../x": ""}, "absolute": {"/x": ""}, "down and up": {"a/../../x": ""},
	} {
		in.FunctionName, in.Code.ZipFile = api.Some("bad"), api.Some(pack(t, files))
		_, err := e.CreateFunction(t.Context(), caller, in)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// wantUnpacked waits until so many packages are left below scratch: environments end in
// the background.
func wantUnpacked(t *testing.T, want int) {
	t.Helper()
	var got []string
	for range 200 {
		got, _ = filepath.Glob("scratch/*/*") // the pattern is a good one
		if len(got) == want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d packages are unpacked, want %d: %v", len(got), want, got)
}

func TestNode(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node")
	}
	e := running(t)
	for name, c := range map[string]struct {
		files         map[string]string
		want, failure string
	}{
		"commonjs": {files: map[string]string{"index.js": `exports.handler = async (event, context) => ({ twice: event.n * 2, name: context.functionName })`}, want: `{"twice":42,"name":"commonjs"}`},
		"module":   {files: map[string]string{"index.mjs": `export const handler = async event => event.n + 1`}, want: `22`},
		"callback": {files: map[string]string{"index.js": `exports.handler = (event, context, callback) => callback(null, event.n)`}, want: `21`},
		"throws":   {files: map[string]string{"index.js": `exports.handler = async () => { throw new TypeError('no') }`}, failure: "TypeError"},
		"syntax":   {files: map[string]string{"index.js": `exports.handler = (`}, failure: "SyntaxError"},
		"missing":  {files: map[string]string{"other.js": ``}, failure: "Runtime.ImportModuleError"},
		"unnamed":  {files: map[string]string{"index.js": `exports.other = 1`}, failure: "Runtime.HandlerNotFound"},
		"rejects":  {files: map[string]string{"index.js": `exports.handler = async () => { Promise.reject(new Error('late')); await new Promise(() => {}) }`}, failure: "Error"},
	} {
		t.Run(name, func(t *testing.T) {
			create(t, e, &model.CreateFunctionRequest{
				FunctionName: api.Some(name), Runtime: api.Some("nodejs22.x"), Handler: api.Some("index.handler"),
				Code: &model.FunctionCode{ZipFile: api.Some(pack(t, c.files))},
			})
			out := invoke(t, e, name, `{"n":21}`)
			if c.failure != "" {
				wantFailure(t, out, c.failure, "")
			} else if string(out.Payload.V) != c.want {
				t.Errorf("got %s, want %s", out.Payload.V, c.want)
			}
		})
	}
}

func TestExec(t *testing.T) {
	e := running(t)
	shell := func(name, script string) {
		in := image(name, "exec:/bin/sh")
		in.ImageConfig = &model.ImageConfig{Command: []string{"-c", script}}
		in.Timeout = api.Some(int64(1))
		create(t, e, in)
	}
	shell("cat", `cat; echo noise >&2`)
	shell("fails", `exit 4`)
	shell("hangs", `sleep 1000`)
	shell("floods", `yes`)
	if out := invoke(t, e, "cat", `{"a":[1]}`); string(out.Payload.V) != `{"a":[1]}` {
		t.Errorf("got %s", out.Payload.V)
	}
	wantFailure(t, invoke(t, e, "fails", "1"), "Runtime.ExitError", "exit status 4")
	wantFailure(t, invoke(t, e, "hangs", "1"), "Sandbox.Timedout", "1.00 seconds")
	wantFailure(t, invoke(t, e, "floods", "1"), "Sandbox.Timedout", "")
}

func TestEndpoint(t *testing.T) {
	e := running(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/echo":
			io.Copy(w, r.Body)
		case "/slow":
			io.Copy(io.Discard, r.Body) // only then is a client missed that goes away
			<-r.Context().Done()
		case "/large":
			w.Write(make([]byte, lambda.MaxResult+1))
		default:
			http.Error(w, "no", http.StatusBadGateway)
		}
	}))
	defer srv.Close()
	for _, path := range []string{"echo", "slow", "large", "wrong"} {
		in := image(path, srv.URL+"/"+path)
		in.Timeout = api.Some(int64(1))
		create(t, e, in)
	}
	create(t, e, image("gone", "http://127.0.0.1:1/"))
	if out := invoke(t, e, "echo", `[1]`); string(out.Payload.V) != `[1]` {
		t.Errorf("got %s", out.Payload.V)
	}
	wantFailure(t, invoke(t, e, "slow", "1"), "Sandbox.Timedout", "")
	wantFailure(t, invoke(t, e, "large", "1"), "Function.ResponseSizeTooLarge", "")
	wantFailure(t, invoke(t, e, "wrong", "1"), "Endpoint.Status", "502")
	wantFailure(t, invoke(t, e, "gone", "1"), "Endpoint.Unreachable", "")
}
