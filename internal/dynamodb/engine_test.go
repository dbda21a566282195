package dynamodb

import (
	"errors"
	"fmt"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// harness is an engine in memory whose operations are called by name with their
// JSON, as a client would. Its methods may be called concurrently.
type harness struct {
	t testing.TB
	*Engine
	opts   Options
	caller api.Caller
	ops    map[string]api.Operation
	// twin, unless nil, is asked the same and has to give the same answers.
	twin *harness
	// crashing, unless nil, makes of a restart a crash.
	crashing *crashing
}

// testNamespace is that of a harness's caller.
var testNamespace = api.Namespace{Account: "000000000000", Region: "us-east-1"}

// newEngine returns a harness whose engine is closed when the test ends.
func newEngine(t testing.TB) *harness { return newEngineWith(t, Options{}) }

func newEngineWith(t testing.TB, opts Options) *harness {
	if onCrashingDisk() {
		return newCrashing(t, opts)
	}
	store := kvmem.New()
	h := openEngineWith(t, store, opts)
	t.Cleanup(func() {
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

// openEngine returns a harness on a store; closing is the caller's.
func openEngine(t testing.TB, store kv.Store) *harness {
	t.Helper()
	return openEngineWith(t, store, Options{})
}

func openEngineWith(t testing.TB, store kv.Store, opts Options) *harness {
	t.Helper()
	e, err := Open(store, opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	h := &harness{t: t, Engine: e, opts: opts, caller: api.Caller{Namespace: testNamespace}, ops: map[string]api.Operation{}}
	for _, op := range e.Operations() {
		h.ops[op.Name] = op
	}
	return h
}

// restart closes the engine and opens it again on the same store.
func (h *harness) restart() {
	h.t.Helper()
	if h.crashing != nil {
		h.crashing.crash(h)
		return
	}
	if err := h.Close(); err != nil {
		h.t.Fatalf("close: %v", err)
	}
	h.reopen(h.store)
}

// reopen opens the engine on a store.
func (h *harness) reopen(store kv.Store) {
	h.t.Helper()
	fresh := openEngineWith(h.t, store, h.opts)
	h.Engine, h.ops = fresh.Engine, fresh.ops
}

// do runs an operation: reads its JSON, checks the constraints of the model,
// handles it and returns the answer's JSON.
func (h *harness) do(name, in string) (string, error) {
	op, ok := h.ops[name]
	if !ok || op.Handle == nil {
		return "", fmt.Errorf("no operation %s", name)
	}
	var d jsontok.Decoder
	d.Reset([]byte(in))
	request := op.New()
	request.ReadJSON(&d)
	if err := d.End(); err != nil {
		return "", fmt.Errorf("%s: %w in %s", name, err, in)
	}
	var v api.Violations
	if request.Validate(&v); v.Err() != nil {
		return "", v.Err()
	}
	if err := d.Noted(); err != nil {
		return "", op.Values.Refusal(err)
	}
	out, err := op.Handle(h.t.Context(), &h.caller, request)
	answer := ""
	if err == nil {
		answer = string(out.AppendJSON(nil))
	}
	if h.twin != nil {
		return answer, errors.Join(err, h.twin.differs(name, in, answer, err))
	}
	return answer, err
}

// differs has a twin do what was answered, and returns an error if it answers
// something else.
func (h *harness) differs(name, in, answer string, err error) error {
	own, ownErr := h.do(name, in)
	if own == answer && fmt.Sprint(ownErr) == fmt.Sprint(err) {
		return nil
	}
	return fmt.Errorf("%s %s\n is answered with %s %v\n and by its twin with %s %v", name, in, answer, err, own, ownErr)
}

// mustDo runs an operation that must succeed.
func (h *harness) mustDo(name, in string) string {
	h.t.Helper()
	out, err := h.do(name, in)
	if err != nil {
		h.t.Fatalf("%s %s: %v", name, in, err)
	}
	return out
}

// expect runs an operation that must answer exactly want.
func (h *harness) expect(name, in, want string) {
	h.t.Helper()
	if got := h.mustDo(name, in); got != want {
		h.t.Errorf("%s %s\n got %s\nwant %s", name, in, got, want)
	}
}

// fails runs an operation that must be refused with "Code: message".
func (h *harness) fails(name, in, want string) {
	h.t.Helper()
	out, err := h.do(name, in)
	var e *api.Error
	if !errors.As(err, &e) {
		h.t.Errorf("%s %s\n got %s %v\nwant %s", name, in, out, err, want)
	} else if e.Error() != want {
		h.t.Errorf("%s %s\n got %s\nwant %s", name, in, e, want)
	}
}

// refused is fails for a ValidationException.
func (h *harness) refused(name, in, message string) {
	h.t.Helper()
	h.fails(name, in, "ValidationException: "+message)
}
