package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/lambda/sandbox"
)

var caller = &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}, RequestID: "7f8a2b34-0000-4000-8000-000000000001"}

const role = "arn:aws:iam::111122223333:role/any"

// open opens an engine that ends with the test.
func open(t *testing.T, store kv.Store, opts lambda.Options) *lambda.Engine {
	t.Helper()
	e, err := lambda.Open(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Resume(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func newStore(t *testing.T) kv.Store {
	store := kvmem.New()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func running(t *testing.T) *lambda.Engine {
	return open(t, newStore(t), lambda.Options{Runner: sandbox.New(sandbox.Options{})})
}

// create creates a function of an image, and says so if that fails.
func create(t *testing.T, e *lambda.Engine, in *model.CreateFunctionRequest) *model.FunctionConfiguration {
	t.Helper()
	in.Role = api.Some(role)
	out, err := e.CreateFunction(t.Context(), caller, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func image(name, uri string) *model.CreateFunctionRequest {
	return &model.CreateFunctionRequest{
		FunctionName: api.Some(name), PackageType: api.Some("Image"), Code: &model.FunctionCode{ImageUri: api.Some(uri)},
	}
}

// invoke invokes a function and returns its answer.
func invoke(t *testing.T, e *lambda.Engine, name, payload string) *model.InvocationResponse {
	t.Helper()
	out, err := e.Invoke(t.Context(), caller, &model.InvocationRequest{
		FunctionName: api.Some(name), Payload: api.Some([]byte(payload)), LogType: api.Some("Tail"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantFailure checks that a function failed with a type of error, and a text
// within its message.
func wantFailure(t *testing.T, out *model.InvocationResponse, kind, text string) {
	t.Helper()
	if out.FunctionError.V != "Unhandled" || !strings.Contains(string(out.Payload.V), `"errorType":"`+kind+`"`) || !strings.Contains(string(out.Payload.V), text) {
		t.Errorf("got %s %s, want %s with %q", out.FunctionError.V, out.Payload.V, kind, text)
	}
}

func wantError(t *testing.T, err error, code, text string) {
	t.Helper()
	var typed *api.Error
	if !errors.As(err, &typed) || typed.Code != code || typed.Message != text {
		t.Errorf("got %v, want %s: %s", err, code, text)
	}
}

// pack makes a zip of files; a name that ends in * is executable.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range files {
		h := &zip.FileHeader{Name: strings.TrimSuffix(name, "*"), Method: zip.Deflate}
		h.SetMode(0o644)
		if strings.HasSuffix(name, "*") {
			h.SetMode(0o755)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGoFunc(t *testing.T) {
	e := open(t, newStore(t), lambda.Options{})
	e.Handle("echo", func(_ context.Context, event []byte) ([]byte, error) { return event, nil })
	e.Handle("fails", func(context.Context, []byte) ([]byte, error) { return nil, errors.New("no luck") })
	e.Handle("panics", func(context.Context, []byte) ([]byte, error) { panic("oh") })
	e.Handle("talks", func(context.Context, []byte) ([]byte, error) { return make([]byte, lambda.MaxResult+1), nil })
	if out := invoke(t, e, "echo", `{"a":1}`); string(out.Payload.V) != `{"a":1}` || out.FunctionError.OK || out.ExecutedVersion.V != "$LATEST" {
		t.Errorf("got %+v", out)
	}
	if out := invoke(t, e, "arn:aws:lambda:us-east-1:111122223333:function:echo:$LATEST", ""); string(out.Payload.V) != `{}` {
		t.Errorf("got %s", out.Payload.V)
	}
	wantFailure(t, invoke(t, e, "fails", "{}"), "*errors.errorString", "no luck")
	wantFailure(t, invoke(t, e, "panics", "{}"), "Runtime.Panic", "oh")
	wantFailure(t, invoke(t, e, "talks", "{}"), "Function.ResponseSizeTooLarge", "6291556")
	logs := e.Logs(lambda.Name{Namespace: caller.Namespace, Function: "panics"})
	if len(logs) != 1 || !logs[0].Failed || !strings.Contains(string(logs[0].Text), "panic: oh") {
		t.Errorf("logs: %+v", logs)
	}
}

func TestRefusals(t *testing.T) {
	e := open(t, newStore(t), lambda.Options{})
	e.Handle("echo", func(_ context.Context, event []byte) ([]byte, error) { return event, nil })
	_, err := e.Invoke(t.Context(), caller, &model.InvocationRequest{FunctionName: api.Some("none")})
	wantError(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:none:$LATEST")
	_, err = e.GetFunction(t.Context(), caller, &model.GetFunctionRequest{FunctionName: api.Some("echo"), Qualifier: api.Some("5")})
	wantError(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:echo:5")
	_, err = e.Invoke(t.Context(), caller, &model.InvocationRequest{FunctionName: api.Some("echo"), Payload: api.Some(make([]byte, 6<<20+1))})
	wantError(t, err, "RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes for the InvokeFunction operation")
	_, err = e.CreateFunction(t.Context(), caller, image("x", "exec:/bin/true"))
	wantError(t, err, "AccessDeniedException", "This server does not run functions, except for Go funcs, unless its operator allows it: levee serve --functions")
	n := api.Some(int64(901))
	_, err = e.PutFunctionConcurrency(t.Context(), caller, &model.PutFunctionConcurrencyRequest{FunctionName: api.Some("echo"), ReservedConcurrentExecutions: n})
	wantError(t, err, "InvalidParameterValueException", "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].")
	for text, in := range map[string]*model.CreateFunctionRequest{
		"Runtime and Handler are mandatory parameters for functions created with deployment packages.": {Code: &model.FunctionCode{}},
		"Please provide a source for function code.":                                                   {Runtime: api.Some("provided.al2023"), Handler: api.Some("x"), Code: &model.FunctionCode{}},
		"Could not unzip uploaded file. Please check your file, then try to upload again.":             {Runtime: api.Some("provided.al2023"), Handler: api.Some("x"), Code: &model.FunctionCode{ZipFile: api.Some([]byte("x"))}},
	} {
		in.FunctionName = api.Some("y")
		_, err := e.CreateFunction(t.Context(), caller, in)
		wantError(t, err, "InvalidParameterValueException", text)
	}
}

// A function that is hung is given up at its timeout; what comes next is served.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := open(t, newStore(t), lambda.Options{})
		e.Handle("hangs", func(ctx context.Context, event []byte) ([]byte, error) {
			if string(event) == `"hang"` {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return event, nil
		})
		start := time.Now()
		out := invoke(t, e, "hangs", `"hang"`)
		wantFailure(t, out, "Sandbox.Timedout", "RequestId: "+caller.RequestID+" Error: Task timed out after 3.00 seconds")
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
		if out := invoke(t, e, "hangs", `1`); string(out.Payload.V) != "1" {
			t.Errorf("got %s", out.Payload.V)
		}
	})
}

func TestReservedConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := open(t, newStore(t), lambda.Options{})
		release := make(chan struct{})
		e.Handle("waits", func(context.Context, []byte) ([]byte, error) { <-release; return nil, nil })
		if _, err := e.PutFunctionConcurrency(t.Context(), caller, &model.PutFunctionConcurrencyRequest{
			FunctionName: api.Some("waits"), ReservedConcurrentExecutions: api.Some(int64(2)),
		}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			go e.Invoke(t.Context(), caller, &model.InvocationRequest{FunctionName: api.Some("waits")})
		}
		synctest.Wait()
		_, err := e.Invoke(t.Context(), caller, &model.InvocationRequest{FunctionName: api.Some("waits")})
		wantError(t, err, "TooManyRequestsException", "Rate Exceeded.")
		var typed *api.Error
		if errors.As(err, &typed) && typed.Throttling[0].Reason != "ReservedFunctionConcurrentInvocationLimitExceeded" {
			t.Errorf("reason: %+v", typed.Throttling)
		}
		close(release)
	})
}

// With Growth the concurrency of a function grows by 1,000 every ten seconds.
func TestConcurrencyGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := open(t, newStore(t), lambda.Options{Concurrency: 5000, Growth: true})
		release := make(chan struct{})
		e.Handle("waits", func(context.Context, []byte) ([]byte, error) { <-release; return nil, nil })
		at := lambda.Name{Namespace: caller.Namespace, Function: "waits"}
		if _, err := e.UpdateFunctionConfiguration(t.Context(), caller, &model.UpdateFunctionConfigurationRequest{FunctionName: api.Some("waits"), Timeout: api.Some(int64(60))}); err != nil {
			t.Fatal(err)
		}
		var refused atomic.Int64
		for _, c := range []struct {
			sleep time.Duration
			want  int64
		}{{0, 200}, {10 * time.Second, 200}, {5 * time.Second, 700}} {
			time.Sleep(c.sleep)
			refused.Store(0)
			for range 1200 {
				go func() {
					_, err := e.Run(t.Context(), at, nil)
					var typed *api.Error
					if errors.As(err, &typed) && len(typed.Throttling) > 0 && typed.Throttling[0].Reason == "FunctionInvocationRateLimitExceeded" {
						refused.Add(1)
					}
				}()
			}
			synctest.Wait()
			if got := refused.Load(); got != c.want {
				t.Errorf("of 1,200 more %d are refused, want %d", got, c.want)
			}
		}
		close(release)
	})
}

// An asynchronous invocation is tried three times, and outlives a restart.
func TestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newStore(t)
		var times []time.Time
		handlers := map[string]lambda.Handler{"fails": func(context.Context, []byte) ([]byte, error) {
			times = append(times, time.Now())
			return nil, errors.New("no luck")
		}}
		e, err := lambda.Open(store, lambda.Options{Handlers: handlers})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		out, err := e.Invoke(t.Context(), caller, &model.InvocationRequest{FunctionName: api.Some("fails"), InvocationType: api.Some("Event")})
		if err != nil || out.StatusCode.V != 202 {
			t.Fatalf("%+v, %v", out, err)
		}
		time.Sleep(90 * time.Second)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		open(t, store, lambda.Options{Handlers: handlers})
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(times) != 3 || times[1].Sub(start) != time.Minute || times[2].Sub(start) != 3*time.Minute {
			t.Errorf("attempts after %v: %v", start, times)
		}
		it := store.Scan(kv.PrefixRange([]byte{0x40, 'e'}))
		defer it.Close()
		if it.Next() {
			t.Errorf("left: %q", it.Key())
		}
	})
}

func TestLifecycle(t *testing.T) {
	store := newStore(t)
	opts := lambda.Options{Runner: sandbox.New(sandbox.Options{})}
	e, err := lambda.Open(store, opts)
	if err != nil {
		t.Fatal(err)
	}
	in := image("f", "go:any")
	in.Environment = &model.Environment{Variables: api.Map[string]{{Key: "A", Value: "b"}}}
	in.Tags = api.Map[string]{{Key: "team", Value: "x"}}
	if out := create(t, e, in); out.State.V != "Pending" || out.Timeout.V != 3 || out.FunctionArn.V != "arn:aws:lambda:us-east-1:111122223333:function:f" {
		t.Errorf("created: %+v", out)
	}
	_, err = e.CreateFunction(t.Context(), caller, in)
	wantError(t, err, "ResourceConflictException", "Function already exist: f")
	up, err := e.UpdateFunctionConfiguration(t.Context(), caller, &model.UpdateFunctionConfigurationRequest{FunctionName: api.Some("f"), Timeout: api.Some(int64(7))})
	if err != nil || up.Timeout.V != 7 || up.LastUpdateStatus.V != "InProgress" {
		t.Errorf("%+v, %v", up, err)
	}
	_, err = e.UpdateFunctionConfiguration(t.Context(), caller, &model.UpdateFunctionConfigurationRequest{FunctionName: api.Some("f"), RevisionId: api.Some("old")})
	wantError(t, err, "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, store, opts)
	got, err := e.GetFunction(t.Context(), caller, &model.GetFunctionRequest{FunctionName: api.Some("f")})
	if err != nil || got.Configuration.Timeout.V != 7 || got.Tags[0].Value != "x" || got.Configuration.State.V != "Active" || got.Configuration.Environment.Variables[0].Value != "b" {
		t.Errorf("%+v, %v", got, err)
	}
	if list, err := e.ListFunctions(t.Context(), caller, &model.ListFunctionsRequest{}); err != nil || len(list.Functions) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := e.DeleteFunction(t.Context(), caller, &model.DeleteFunctionRequest{FunctionName: api.Some("f")}); err != nil {
		t.Fatal(err)
	}
	_, err = e.GetFunctionConfiguration(t.Context(), caller, &model.GetFunctionConfigurationRequest{FunctionName: api.Some("f")})
	wantError(t, err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:f")
}

func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		bootstrap()
		return
	}
	os.Exit(m.Run())
}
