package console

import (
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
	Groups                     int   // message groups of a FIFO queue that are closed
}

// Console serves the pages. It is safe for concurrent use.
type Console struct {
	opts       Options
	log        *slog.Logger
	operations map[string]*api.Operation // by target and name
	mux        http.ServeMux
	sessions   sessions
	logins     attempts
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
	c.routes()
	return c
}
