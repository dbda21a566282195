package levee

import (
	"context"

	"github.com/levee-io/levee/internal/lambda"
)

// Func is a function of the Lambda API that runs in this process: it gets an event
// and returns the result, both JSON. ctx ends when the function's time is over.
type Func func(ctx context.Context, event []byte) ([]byte, error)

// Function has a Go func run as the function of a name: clients of the Lambda API
// invoke it, and event source mappings hand it messages and records.
//
//	srv.Function("orders", func(ctx context.Context, event []byte) ([]byte, error) {
//		...
//	})
//
// There is no need to create the function. One that is created, with PackageType
// Image and the ImageUri go:NAME, has a timeout and a concurrency of its own.
// Function may be called before Start and after it, and again to replace the func.
func (s *Server) Function(name string, f Func) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.funcs == nil {
		s.funcs = map[string]Func{}
	}
	s.funcs[name] = f
	if s.srv != nil {
		s.srv.Functions().Handle(name, lambda.Handler(f))
	}
}

// handlers returns the funcs as the engine knows them. s.mu is held.
func (s *Server) handlers() map[string]lambda.Handler {
	m := make(map[string]lambda.Handler, len(s.funcs))
	for name, f := range s.funcs {
		m[name] = lambda.Handler(f)
	}
	return m
}
