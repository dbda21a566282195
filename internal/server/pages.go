package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/console"
	"github.com/levee-io/levee/internal/sqs"
	"github.com/levee-io/levee/internal/wire"
)

// ConsoleConfig says for whom there is a console, at /_levee/.
type ConsoleConfig struct {
	// Password is what one logs in with. If empty, the console answers only clients
	// on this machine, and asks them for nothing.
	Password string
	// Surge, unless nil, plays a surge against an endpoint, and Rehearse a scenario:
	// see console.Options. Surges need a server that accepts any key, without TLS.
	Surge    func(ctx context.Context, endpoint string, s console.SurgeSettings, watch func(console.SurgeProgress)) (*console.SurgeReport, error)
	Rehearse func(ctx context.Context, scenario string) (*console.Rehearsal, error)
}

// openConsole opens the console, if there is to be one, and returns the operation
// table with its requests measured.
func (s *Server) openConsole(cfg Config, table []api.Operation, guarded []api.Operation) ([]api.Operation, error) {
	if cfg.Console == nil {
		return guarded, nil
	}
	if cfg.Keys != nil && cfg.Console.Password == "" {
		return nil, errors.New("a console beside configured keys needs a password: it is not held to what the keys may do")
	}
	s.console = console.New(console.Options{
		Operations: s.meter.Wrap(table), Password: cfg.Console.Password, Meter: s.meter, Logger: cfg.Logger,
		Tables: s.consoleTables, Queues: s.consoleQueues, Peek: s.peek, Groups: s.peekGroups,
		Capacity: s.consoleCapacity, Heat: s.consoleHeat, Mappings: s.consoleMappings, Logs: s.consoleLogs,
		Sinks: s.consoleSinks, Counted: s.tables.CounterProgress,
		Surge: s.consoleSurge(cfg), Rehearse: cfg.Console.Rehearse,
	})
	return s.meter.Wrap(guarded), nil
}

// consoleSurge returns what plays a surge against this server, nil if it would not be
// let in.
func (s *Server) consoleSurge(cfg Config) func(context.Context, console.SurgeSettings, func(console.SurgeProgress)) (*console.SurgeReport, error) {
	if cfg.Console.Surge == nil || cfg.Keys != nil || cfg.TLS != nil {
		return nil
	}
	return func(ctx context.Context, settings console.SurgeSettings, watch func(console.SurgeProgress)) (*console.SurgeReport, error) {
		addr := s.address()
		if addr == "" {
			return nil, errors.New("the server does not listen")
		}
		return cfg.Console.Surge(ctx, "http://"+addr, settings, watch)
	}
}

func (s *Server) consoleTables() []console.Table {
	var list []console.Table
	for _, t := range s.tables.Sizes() {
		if t.Index == "" {
			list = append(list, console.Table{Namespace: t.Namespace, Name: t.Table, Items: t.Items, Bytes: t.Bytes})
		}
	}
	return list
}

func (s *Server) consoleQueues() []console.Queue {
	metrics := s.queues.Metrics()
	list := make([]console.Queue, len(metrics))
	for i, m := range metrics {
		list[i] = console.Queue{
			Namespace: m.Namespace, Name: m.Queue, Known: m.Loaded,
			Visible: m.ApproximateNumberOfMessagesVisible, InFlight: m.ApproximateNumberOfMessagesNotVisible,
			Delayed: m.ApproximateNumberOfMessagesDelayed, Oldest: m.ApproximateAgeOfOldestMessage,
			Groups: m.Groups, Closed: m.ApproximateNumberOfGroupsWithInflightMessages, Receivers: m.Receivers,
		}
	}
	return list
}

// states are what the console calls the whereabouts of messages.
var states = [...]string{
	sqs.Waiting: console.StateWaiting, sqs.Delayed: console.StateDelayed, sqs.InFlight: console.StateInFlight,
	sqs.Blocked: console.StateBlocked, sqs.Outside: console.StateOutside, sqs.Yielding: console.StateYielding,
}

func (s *Server) peek(ns api.Namespace, queue string, after uint64, limit int) ([]console.Message, error) {
	peeked, err := s.queues.Peek(ns, queue, after, limit)
	list := make([]console.Message, len(peeked))
	for i, p := range peeked {
		list[i] = console.Message{
			Seq: p.Seq, ID: p.ID, Body: p.Body, Group: p.Group, Dedup: p.Dedup, Source: p.Source, Attributes: p.Attributes,
			Sent: p.Sent, First: p.First, Receives: p.Receives, State: states[p.Whereabouts], Until: p.Until,
		}
	}
	return list, err
}

func (s *Server) peekGroups(ns api.Namespace, queue string, limit int) ([]console.Group, int, error) {
	peeked, groups, err := s.queues.PeekGroups(ns, queue, limit)
	list := make([]console.Group, len(peeked))
	for i, g := range peeked {
		list[i] = console.Group(g)
	}
	return list, groups, err
}

// pages returns a handler of net/http as what the wire calls, nil for none.
func pages(c *console.Console) func(context.Context, *wire.Request, *wire.Response) {
	if c == nil {
		return nil
	}
	return func(ctx context.Context, req *wire.Request, resp *wire.Response) {
		r, err := pageRequest(ctx, req)
		if err != nil {
			resp.Status = http.StatusBadRequest
			return
		}
		w := &pageWriter{resp: resp, header: http.Header{}}
		c.ServeHTTP(w, r)
		w.finish()
	}
}

// pageHeaders are the headers that pages look at.
var pageHeaders = []string{
	"Accept", "Accept-Language", "Content-Type", "Cookie", "Hx-Request", "If-None-Match", "Origin", "Referer", "Sec-Fetch-Site",
}

// pageRequest makes a request of net/http that shares no memory with the
// transport's.
func pageRequest(ctx context.Context, req *wire.Request) (*http.Request, error) {
	target := strings.Clone(req.Path)
	if req.Query != "" {
		target += "?" + req.Query
	}
	r, err := http.NewRequestWithContext(ctx, strings.Clone(req.Method), target, bytes.NewReader(req.Body))
	if err != nil {
		return nil, err
	}
	r.Host, r.RequestURI = strings.Clone(req.Host), target
	if req.Remote != nil {
		r.RemoteAddr = req.Remote.String()
	}
	if req.TLS {
		r.TLS = new(tls.ConnectionState)
	}
	for _, name := range pageHeaders {
		if value := req.Header.Get(name); value != "" {
			r.Header.Set(name, strings.Clone(value))
		}
	}
	return r, nil
}

// pageWriter writes a page into a response of the wire.
type pageWriter struct {
	resp   *wire.Response
	header http.Header
	wrote  bool
}

// Header implements http.ResponseWriter.
func (w *pageWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *pageWriter) WriteHeader(status int) {
	if !w.wrote {
		w.wrote, w.resp.Status = true, status
	}
}

// Write implements http.ResponseWriter.
func (w *pageWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.resp.Body = append(w.resp.Body, p...)
	return len(p), nil
}

// finish puts the headers into the response.
func (w *pageWriter) finish() {
	w.WriteHeader(http.StatusOK)
	w.resp.ContentType = w.header.Get("Content-Type")
	w.header.Del("Content-Type")
	w.header.Del("Content-Length")
	for _, name := range slices.Sorted(maps.Keys(w.header)) {
		w.resp.Header = append(w.resp.Header, api.Entry[string]{Key: name, Value: w.header.Get(name)})
	}
}
