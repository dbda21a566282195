package console

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"

	"github.com/levee-io/levee/internal/api"
)

// Path begins the paths of all pages.
const Path = "/_levee/"

// Options configure a Console.
type Options struct {
	// Operations is the operation table, without a guard: the console is for those
	// who may do everything.
	Operations []api.Operation
	// Password is what one logs in with. If empty, only clients on this machine are
	// answered, and need none.
	Password string
	// Meter has the figures of requests.
	Meter *Meter
	// Tables returns how much each table holds, Queues what is in each queue.
	Tables func() []Table
	Queues func() []Queue
	// Peek returns the messages of a queue after a place in the order of sending, limit
	// at most, in whatever state they are, and takes none. Groups returns the message
	// groups that have the most, and how many groups there are.
	Peek   func(ns api.Namespace, queue string, after uint64, limit int) ([]Message, error)
	Groups func(ns api.Namespace, queue string, limit int) ([]Group, int, error)
	// Capacity returns what tables that are held to their capacity may consume and
	// do, Heat how that of a table is spread over its partitions and keys: ok is false
	// for one that is not held to it.
	Capacity func() []Capacity
	Heat     func(ns api.Namespace, table string) (heat []Heat, ok bool)
	// Mappings returns how far event source mappings are, Logs the last invocations
	// of a function, the newest last.
	Mappings func() []Mapping
	Logs     func(ns api.Namespace, function string) []Log
	// Sinks returns the declared sinks, Counted how many of about how many items a
	// counter that is being built has counted; ok is false for one that is not.
	Sinks   func() []Sink
	Counted func(ns api.Namespace, counter string) (counted, of int64, ok bool)
	// Surge plays a surge against the server of this console, until it has ended or
	// ctx does; watch is told how far it is. nil: there is none.
	Surge func(ctx context.Context, s SurgeSettings, watch func(SurgeProgress)) (*SurgeReport, error)
	// Rehearse plays a scenario, in YAML, on the model of the services. Its error is
	// for who wrote that. nil: there is none.
	Rehearse func(ctx context.Context, scenario string) (*Rehearsal, error)
	// Logger hears of unexpected errors; nil means slog.Default.
	Logger *slog.Logger
}

// Table is how much a table holds.
type Table struct {
	api.Namespace
	Name         string
	Items, Bytes int64
}

// Queue is what is in a queue.
type Queue struct {
	api.Namespace
	Name string
	// Known says that the figures are known, as they are once the queue was used.
	Known                      bool
	Visible, InFlight, Delayed int
	Oldest                     int64 // age of the oldest message in seconds
	Groups                     int   // message groups that have messages
	Closed                     int   // of these in a FIFO queue, none of whose messages is handed out now
	Receivers                  int   // receives that wait for a message
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	opts       Options
	log        *slog.Logger
	operations map[string]*api.Operation // by target and name
	mux        http.ServeMux
	sessions   sessions
	logins     attempts
	surges     surges
	rehearsals rehearsals
}

// New returns a console.
func New(opts Options) *Console {
	c := &Console{opts: opts, log: opts.Logger, operations: make(map[string]*api.Operation, len(opts.Operations))}
	if c.log == nil {
		c.log = slog.Default()
	}
	for i := range opts.Operations {
		op := &opts.Operations[i]
		c.operations[op.Target+"."+op.Name] = op
	}
	_, _ = rand.Read(c.sessions.key[:]) // never fails
	c.surges.log = c.log
	c.routes()
	return c
}

// Close ends what runs beside requests, and waits for it.
func (c *Console) Close() { c.surges.close() }
