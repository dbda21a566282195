package sandbox

import (
	"context"
	"fmt"

	"github.com/levee-io/levee/internal/lambda"
)

// Options configures a Sandbox.
type Options struct {
	// Environ returns variables for functions in an account and region beyond those
	// that the service sets, such as where the API is and with which credentials.
	// nil means none.
	Environ func(lambda.Name) []string
}

// Sandbox starts environments. It is safe for concurrent use.
type Sandbox struct{ opts Options }

// New returns a Sandbox.
func New(opts Options) *Sandbox { return &Sandbox{opts} }

// Start implements lambda.Runner.
func (s *Sandbox) Start(ctx context.Context, spec *lambda.Spec) (lambda.Environment, error) {
	switch spec.Kind {
	case lambda.KindHTTP:
		return newEndpoint(spec), nil
	case lambda.KindExec:
		return &command{sandbox: s, spec: spec}, nil
	case lambda.KindRuntime:
		return s.startProcess(ctx, spec)
	}
	return nil, fmt.Errorf("sandbox: no such kind: %q", spec.Kind)
}

var _ lambda.Runner = (*Sandbox)(nil)
