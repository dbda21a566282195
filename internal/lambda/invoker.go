package lambda

import (
	"context"
	"errors"
	"io"
	"time"
)

// Runner starts environments of functions that are not Go funcs.
type Runner interface {
	// Start returns an environment that is ready for invocations, or why there is
	// none: a *Failure if it is the function's fault. ctx ends when the environment
	// may not take longer to start.
	Start(ctx context.Context, s *Spec) (Environment, error)
}

// Environment is one running copy of a function. It has one invocation at a time.
type Environment interface {
	// Invoke returns the result of one event. If ctx ends it returns the error of
	// ctx at once. After any error the environment is not used any more. It
	// returns ErrGone if the environment had ended before it got the event, and a
	// *Failure for what the function did wrong.
	Invoke(ctx context.Context, in *Invocation) ([]byte, error)
	// Settle returns when everything that was printed until now has reached
	// Spec.Log.
	Settle()
	// Close ends the environment and all that it started.
	Close()
}

// ErrGone says that an environment ended without having seen an event.
var ErrGone = errors.New("lambda: the environment is gone")

// Kind says how the code of a function is run.
type Kind string

// The kinds: see the package comment.
const (
	KindGo      Kind = "go"
	KindHTTP    Kind = "http"
	KindExec    Kind = "exec"
	KindRuntime Kind = "runtime"
)

// Spec is what an environment is started with.
type Spec struct {
	Name    Name
	Kind    Kind
	Runtime string   // of the package, "" for an image
	Handler string   // of the package
	Target  string   // URL of KindHTTP
	Command []string // of KindExec and KindRuntime, unless the code is in Dir
	Dir     string   // of the unpacked code; else the working directory, which may be ""
	Env     map[string]string
	Memory  int64 // MB
	Timeout time.Duration
	// Log gets what the environment prints. It must not block.
	Log io.Writer
	// LogStream is the name that it goes by in the logs.
	LogStream string
}

// Invocation is one event for a function.
type Invocation struct {
	RequestID     string
	ARN           string // of the function, as it was named
	Payload       []byte // JSON
	ClientContext string
	Deadline      time.Time
}

// Failure is what a function, or its runtime, did wrong. Its payload is what the
// invoker gets.
type Failure struct {
	Payload []byte
	// Broken says that the environment cannot be used any more.
	Broken bool
}

func (f *Failure) Error() string { return "lambda: the function failed: " + string(f.Payload) }

// MaxResult is the largest result of a function in bytes: 6 MB and what the
// service allows beyond.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const MaxResult = 6<<20 + 100
