package server

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/cloudwatchlogs"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/lambda/sandbox"
	"github.com/levee-io/levee/internal/pace"
	"github.com/levee-io/levee/internal/pipeline"
)

// functionsDir is where, in the directory of the data, the code of functions is
// unpacked: a server writes nowhere else.
const functionsDir = "functions.tmp"

// openFunctions opens the engines of functions and of event source mappings.
func (s *Server) openFunctions(cfg Config, clock pace.Clock) (err error) {
	opts := lambda.Options{Logger: cfg.Logger, Handlers: cfg.Handlers, Growth: cfg.EnforceCapacity, Clock: clock}
	if cfg.Dir != "" {
		opts.Scratch = filepath.Join(cfg.Dir, functionsDir)
	}
	if cfg.Functions {
		opts.Runner = sandbox.New(sandbox.Options{Environ: s.environ})
	}
	if s.funcs, err = lambda.Open(s.store, opts); err != nil {
		return fmt.Errorf("open functions: %w", err)
	}
	var sinks pipeline.Sinks
	if s.sinks != nil {
		sinks = s.sinks
	}
	s.pipes, err = pipeline.Open(s.store, pipeline.Options{
		Queues: s.queues, Streams: s.tables, Tables: s.tables, Functions: s.funcs, Transactions: s.spanning, Sinks: sinks,
		Logger: cfg.Logger, Growth: cfg.EnforceCapacity, Clock: clock,
	})
	if err != nil {
		return fmt.Errorf("open event source mappings: %w", err)
	}
	return nil
}

// Run starts what works without requests. A listener comes before it, if there is
// one: functions are told its address.
func (s *Server) Run() error {
	if err := s.funcs.Resume(); err != nil {
		return err
	}
	s.pipes.Start()
	return nil
}

// stopFunctions ends what mappings and functions run; again, it does nothing. The
// functions end first, as mappings wait for what they have invoked.
func (s *Server) stopFunctions() error {
	var errs []error
	if s.funcs != nil {
		errs = append(errs, s.funcs.Close())
	}
	if s.pipes != nil {
		errs = append(errs, s.pipes.Close())
	}
	return errors.Join(errs...)
}

// Functions returns the engine of functions, for Go funcs and logs.
func (s *Server) Functions() *lambda.Engine { return s.funcs }

// environ are the variables with which the SDKs in a function reach this server,
// in the function's own account. Where keys are configured, the function has to
// bring one.
func (s *Server) environ(name lambda.Name) []string {
	var env []string
	if addr := s.address(); addr != "" {
		scheme := "http://"
		if s.tls != nil {
			scheme = "https://"
		}
		env = append(env, "AWS_ENDPOINT_URL="+scheme+addr)
	}
	if !s.keyed {
		env = append(env, "AWS_ACCESS_KEY_ID="+name.Account, "AWS_SECRET_ACCESS_KEY=levee")
	}
	return env
}

// address is where a process on this machine reaches the server, "" if it does not
// listen.
func (s *Server) address() string {
	first := s.first.Load()
	if first == nil {
		return ""
	}
	addr, ok := (*first).(*net.TCPAddr)
	if !ok {
		return (*first).String()
	}
	if addr.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", addr.Port)
	}
	return addr.String()
}

// functionLogs has what functions print read as log events.
func (s *Server) functionLogs() cloudwatchlogs.Source {
	return cloudwatchlogs.Source{
		Functions: s.funcs.Logged,
		Logs: func(ns api.Namespace, function string) []cloudwatchlogs.Log {
			logs := s.funcs.Logs(lambda.Name{Namespace: ns, Function: function})
			list := make([]cloudwatchlogs.Log, len(logs))
			for i, l := range logs {
				list[i] = cloudwatchlogs.Log{RequestID: l.RequestID, Stream: l.Stream, Begin: l.Time, End: l.Time.Add(l.Duration), Text: l.Text}
			}
			return list
		},
	}
}
