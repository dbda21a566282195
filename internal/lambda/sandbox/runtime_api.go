package sandbox

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"

	"github.com/levee-io/levee/internal/lambda"
)

// runtimeAPI is the server of one process.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type runtimeAPI struct {
	http      http.Server
	calls     chan *call    // events on their way to the process
	asked     chan struct{} // closed when it first asks for one
	initError chan *lambda.Failure
	closing   chan struct{}
	once      sync.Once
	closeOnce sync.Once

	mu      sync.Mutex
	current *call // what the process has; guarded by mu
}

// call is an event and where its result goes.
type call struct {
	*lambda.Invocation
	answer chan answer // of capacity 1
}

type answer struct {
	payload []byte
	err     error
}

func serveRuntime(ln net.Listener) *runtimeAPI {
	r := &runtimeAPI{
		calls: make(chan *call), asked: make(chan struct{}), initError: make(chan *lambda.Failure, 1), closing: make(chan struct{}),
	}
	const base = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"invocation/next", r.next)
	mux.HandleFunc("POST "+base+"invocation/{id}/response", r.response)
	mux.HandleFunc("POST "+base+"invocation/{id}/error", r.invocationError)
	mux.HandleFunc("POST "+base+"init/error", r.initFailed)
	r.http.Handler = mux
	go func() { _ = r.http.Serve(ln) }() // until close
	return r
}

func (r *runtimeAPI) close() {
	r.closeOnce.Do(func() {
		close(r.closing)
		_ = r.http.Close() // of a listener that nobody uses any more
	})
}

// next waits for an event and hands it out.
func (r *runtimeAPI) next(w http.ResponseWriter, req *http.Request) {
	r.once.Do(func() { close(r.asked) })
	var c *call
	select {
	case c = <-r.calls:
	case <-req.Context().Done():
		return
	case <-r.closing:
		return
	}
	r.mu.Lock()
	r.current = c
	r.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Lambda-Runtime-Aws-Request-Id", c.RequestID)
	h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(c.Deadline.UnixMilli(), 10))
	h.Set("Lambda-Runtime-Invoked-Function-Arn", c.ARN)
	if c.ClientContext != "" {
		h.Set("Lambda-Runtime-Client-Context", c.ClientContext)
	}
	_, _ = w.Write(c.Payload) // if the process is gone, its end tells
}

// take returns the call of an id, which then has no other answer; nil if the
// process does not have it.
func (r *runtimeAPI) take(id string) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.current
	if c == nil || c.RequestID != id {
		return nil
	}
	r.current = nil
	return c
}

func (r *runtimeAPI) response(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, lambda.MaxResult))
	var over *http.MaxBytesError
	tooLarge := errors.As(err, &over)
	c := r.take(req.PathValue("id"))
	switch {
	case c == nil:
		reply(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
	case tooLarge:
		c.answer <- answer{err: lambda.TooLarge()}
		reply(w, http.StatusRequestEntityTooLarge, string(lambda.TooLarge().Payload))
	case err != nil:
		c.answer <- answer{err: lambda.Break("Runtime.TruncatedResponse", "%v", err)}
	default:
		c.answer <- answer{payload: body}
		reply(w, http.StatusAccepted, `{"status":"OK"}`)
	}
}

func (r *runtimeAPI) invocationError(w http.ResponseWriter, req *http.Request) {
	failure := readFailure(w, req)
	c := r.take(req.PathValue("id"))
	if c == nil {
		reply(w, http.StatusBadRequest, `{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}`)
		return
	}
	c.answer <- answer{err: failure}
	reply(w, http.StatusAccepted, `{"status":"OK"}`)
}

func (r *runtimeAPI) initFailed(w http.ResponseWriter, req *http.Request) {
	failure := readFailure(w, req)
	failure.Broken = true
	select {
	case r.initError <- failure:
	default: // one is enough
	}
	reply(w, http.StatusAccepted, `{"status":"OK"}`)
}

// readFailure returns what a process says of its error. What is not JSON becomes
// the message.
func readFailure(w http.ResponseWriter, req *http.Request) *lambda.Failure {
	kind := req.Header.Get("Lambda-Runtime-Function-Error-Type")
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, lambda.MaxResult))
	switch {
	case err != nil:
		return lambda.TooLarge()
	case len(body) == 0:
		return lambda.Fail(kind, "")
	case !json.Valid(body):
		return lambda.Fail(kind, "%s", body)
	}
	return &lambda.Failure{Payload: body}
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the process may be gone
}
