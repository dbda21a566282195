// Package server puts the parts together: a store, the engines on it, the wire
// in front of them, and a listener. It is the only package that knows them all.
//
//	srv, err := server.Open(server.Config{Dir: "data"})
//	addr, err := srv.Listen("127.0.0.1:8000")
//	err = srv.Run()
//	...
//	err = srv.Close(ctx)
//
// Close takes the parts apart in the order in which they depend on each other:
// it ends what the console and functions run, stops accepting connections, ends long polls, waits
// for the requests in flight, and closes the engines and then the store. What was acknowledged is
// durable without it.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/authz"
	"github.com/levee-io/levee/internal/autoscaling"
	"github.com/levee-io/levee/internal/cloudwatch"
	"github.com/levee-io/levee/internal/cloudwatchlogs"
	"github.com/levee-io/levee/internal/console"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/fair"
	"github.com/levee-io/levee/internal/fault"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/metrics"
	"github.com/levee-io/levee/internal/pace"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
	"github.com/levee-io/levee/internal/sqs"
	"github.com/levee-io/levee/internal/transact"
	"github.com/levee-io/levee/internal/wire"
)

// Config says what to open. Its zero value is an engine in memory that accepts
// any access key.
type Config struct {
	// Dir is the directory of the data, made if it does not exist. Empty means
	// memory.
	Dir string
	// Keys are the accepted access keys; nil accepts any, and then nothing is
	// refused for want of permission.
	Keys Keys
	// TableDelay is how long tables take to be created, changed and deleted.
	TableDelay time.Duration
	// QueueCooldowns forbids, as the service does, to create a queue within 60
	// seconds of deleting one of its name, and to purge a queue again.
	QueueCooldowns bool
	// CacheBytes is the memory for blocks of the files of a store on disk; 0 means 128 MiB.
	CacheBytes int64
	// FIFOWindow is among how many messages of a FIFO queue, from the first, a
	// receive looks for message groups that are open: 120,000 in the service. 0 is
	// all of them.
	FIFOWindow int
	// EnforceCapacity holds tables to their capacity, and FIFO queues to their rates,
	// as the services do, and lets functions and the pollers of their queues grow no
	// faster. The tag levee:capacity of a table comes first.
	EnforceCapacity bool
	// TimeScale is how many times faster time passes for capacity; 0 means once.
	TimeScale float64
	// Buckets is a directory whose subdirectories are the buckets that tables are
	// exported to and imported from. Empty means none.
	Buckets string
	// S3 is an S3-compatible service with such buckets: its BaseEndpoint, Region and
	// Credentials. nil means none.
	S3 *aws.Config
	// Kinesis is where the Kinesis streaming destinations of tables are: a BaseEndpoint,
	// in which {region} stands for the region, and Credentials. Without BaseEndpoint it
	// is the public service. nil means nowhere.
	Kinesis *aws.Config
	// TLS, unless nil, is what listeners serve with: certificates, and what is asked
	// of those of clients.
	TLS *tls.Config
	// Functions has functions run that are programs, as processes of this machine,
	// and behind HTTP endpoints. Whoever may call the API can then have any program
	// run. Without it only Go funcs are.
	Functions bool
	// Sinks are where pipes lead outside of the server, which closes them. nil means
	// nowhere.
	Sinks *sink.Set
	// Handlers are Go funcs that run as functions, by name.
	Handlers map[string]lambda.Handler
	// Console, unless nil, has a console served at /_levee/.
	Console *ConsoleConfig
	// Logger gets what an operator should know; nil means slog.Default.
	Logger *slog.Logger
	// Faults, unless nil, are what requests meet on purpose.
	Faults *fault.Injector
	// Limits bound what clients can make the server hold.
	Limits wire.Limits
	// Observe, unless nil, is told of each finished request.
	Observe func(wire.Observation)
}

// Server is a running engine.
type Server struct {
	endpoint *wire.Endpoint
	tables   *dynamodb.Engine
	queues   *sqs.Engine
	scaling  *autoscaling.Engine
	metrics  *metrics.Recorder
	funcs    *lambda.Engine
	spanning *transact.Engine
	pipes    *pipeline.Engine
	sinks    *sink.Set        // nil if there are none
	console  *console.Console // nil if there is none, like its meter
	meter    *console.Meter
	gate     *fair.Gate // nil in memory
	store    kv.Store
	buckets  buckets           // nil if there are none
	changes  *sink.DataStreams // of tables; nil if they go nowhere
	tls      *tls.Config
	keyed    bool   // there are Config.Keys
	dir      string // of the data, "" for memory
	limits   wire.Limits

	// first is the first address that was listened on. It is not behind mu, since
	// Close has that while it waits for functions that may still ask for it.
	first atomic.Pointer[net.Addr]

	background struct { // what runs beside requests
		sync.WaitGroup
		stop context.CancelFunc // nil until it runs
	}
	failed chan error // see Failed

	mu        sync.Mutex
	listening []*listening // guarded by mu
	admin     *http.Server // guarded by mu; nil unless ListenAdmin was called
	closed    bool         // guarded by mu
}

type listening struct {
	http *wire.Server
	addr net.Addr
	done chan error
}

// Open opens the store and the engines. The error wraps kvpebble.ErrLocked if
// another process has the directory open, and kv.ErrFormat if it holds something
// that this program does not know.
func Open(cfg Config) (*Server, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	s := &Server{failed: make(chan error, 1), tls: cfg.TLS, keyed: cfg.Keys != nil, sinks: cfg.Sinks, dir: cfg.Dir, limits: cfg.Limits}
	if err := s.open(cfg); err != nil {
		return nil, errors.Join(err, s.closeParts())
	}
	operations, err := s.operations(cfg)
	if err != nil {
		return nil, errors.Join(err, s.closeParts())
	}
	s.endpoint = wire.New(wire.Options{
		Operations: operations,
		Keys:       cfg.Keys.wire(),
		Logger:     cfg.Logger,
		Observe:    cfg.Observe,
		Pages:      pages(s.console),
	})
	return s, nil
}

func (s *Server) open(cfg Config) (err error) {
	clock, err := pace.NewClock(cfg.TimeScale)
	if err != nil {
		return err
	}
	if s.store, err = openStore(cfg); err != nil {
		return err
	}
	s.scaling = autoscaling.Open(s.store, autoscaling.Options{Resources: s.hasTable, Logger: cfg.Logger})
	if s.buckets, err = openBuckets(cfg); err != nil {
		return fmt.Errorf("open buckets: %w", err)
	}
	opts := dynamodb.Options{Logger: cfg.Logger, TableDelay: cfg.TableDelay, Scaling: s.scaling, EnforceCapacity: cfg.EnforceCapacity, ModelTime: clock.Now}
	if s.buckets != nil {
		opts.Buckets = s.buckets
	}
	if cfg.Kinesis != nil {
		if s.changes, err = sink.OpenDataStreams(aws.ToString(cfg.Kinesis.BaseEndpoint), cfg.Kinesis.Credentials); err != nil {
			return fmt.Errorf("open Kinesis: %w", err)
		}
		opts.DataStreams = s.changes
	}
	if s.tables, err = dynamodb.Open(s.store, opts); err != nil {
		return fmt.Errorf("open tables: %w", err)
	}
	if s.queues, err = sqs.Open(s.store, sqs.Options{
		EnforceCooldowns: cfg.QueueCooldowns, FIFOWindow: cfg.FIFOWindow, EnforceRates: cfg.EnforceCapacity, ModelTime: clock.Now,
	}); err != nil {
		return fmt.Errorf("open queues: %w", err)
	}
	s.spanning = transact.Open(s.store, s.tables, s.queues, cfg.Logger)
	ctx, stop := context.WithCancel(context.Background())
	s.background.stop = stop
	s.background.Go(func() { s.scaling.Act(ctx, clock, s.tables) })
	s.metrics = metrics.NewRecorder(clock, s.tableFigures, s.queueFigures)
	s.background.Go(func() { s.metrics.Run(ctx) })
	if cfg.Console != nil {
		s.meter = console.NewMeter()
		s.background.Go(func() { s.meter.Run(ctx, s.consoleQueues, s.consoleCapacity) })
	}
	return s.openFunctions(cfg, clock)
}

// operations returns the operation table that is served: with one busy table or queue
// kept from holding up the others, guarded if there are keys, measured if there is a
// console.
func (s *Server) operations(cfg Config) ([]api.Operation, error) {
	table := slices.Concat(s.tables.Operations(), s.queues.Operations(), s.scaling.Operations(), cloudwatch.New(s.metrics).Operations(),
		s.funcs.Operations(), cloudwatchlogs.New(s.functionLogs()).Operations(), s.pipes.Operations(), s.spanning.Operations())
	if disk, ok := s.store.(*kvpebble.Store); ok {
		s.gate = fair.New(disk)
		table = s.gate.Wrap(table)
	}
	whole := table // for the console, which has a door of its own
	if cfg.Keys != nil {
		identities, err := cfg.Keys.identities()
		if err != nil {
			return nil, err
		}
		guard := authz.New(authz.Options{
			Identities: identities, ResourcePolicy: s.resourcePolicy, PartitionKey: s.tables.PartitionKey, Tags: s.tagsOf,
			ReplicaRegions: s.tables.ReplicaRegions,
		})
		table = guard.Wrap(table)
	}
	if cfg.Faults != nil {
		table = cfg.Faults.Wrap(table)
	}
	return s.openConsole(cfg, whole, table)
}

// resourcePolicy returns the policy document of a resource, "" if it has none.
func (s *Server) resourcePolicy(arn string) string {
	if strings.HasPrefix(arn, "arn:aws:sqs:") {
		return s.queues.Policy(arn)
	}
	return s.tables.Policy(arn)
}

// tagsOf returns the tags of a table or queue, for conditions of policies.
func (s *Server) tagsOf(arn string) map[string]string {
	if strings.HasPrefix(arn, "arn:aws:sqs:") {
		return s.queues.Tags(arn)
	}
	return s.tables.Tags(arn)
}

// hasTable tells the scaling engine which tables and indexes there are.
func (s *Server) hasTable(ns api.Namespace, table, index string) (hasTable, hasIndex bool) {
	return s.tables.Has(ns, table, index)
}

func openStore(cfg Config) (kv.Store, error) {
	if cfg.Dir == "" {
		return kvmem.New(), nil
	}
	store, err := kvpebble.Open(cfg.Dir, kvpebble.Options{CacheBytes: cfg.CacheBytes, Logger: cfg.Logger})
	if err != nil {
		return nil, err // not a nil *kvpebble.Store in a kv.Store
	}
	for _, left := range [...]string{backupDir, functionsDir} { // by a crash
		if err := os.RemoveAll(filepath.Join(cfg.Dir, left)); err != nil {
			return nil, errors.Join(err, store.Close())
		}
	}
	return store, nil
}

// Endpoint returns what serves requests, to be used with other listeners or
// with none.
func (s *Server) Endpoint() *wire.Endpoint { return s.endpoint }

// Listen serves on an address until Close, and returns the address with the port
// that was chosen if it had 0.
func (s *Server) Listen(addr string) (net.Addr, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		ln.Close()
		return nil, net.ErrClosed
	}
	l := &listening{http: wire.NewServer(s.endpoint, ln, s.tls, s.limits), addr: ln.Addr(), done: make(chan error, 1)}
	s.listening = append(s.listening, l)
	s.first.CompareAndSwap(nil, &l.addr)
	go s.serve(l)
	return ln.Addr(), nil
}

func (s *Server) serve(l *listening) {
	err := l.http.Serve()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	l.done <- err
	if err != nil {
		select {
		case s.failed <- err:
		default: // one failure says enough
		}
	}
}

// Bulk returns how many bytes of the heap are the cache and the memtables of the store.
func (s *Server) Bulk() int64 {
	if store, ok := s.store.(*kvpebble.Store); ok {
		return store.Bulk()
	}
	return 0
}

// Failed returns a channel that gets an error when a listener ends by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Close stops the server as the package comment says; again, it does nothing. If
// ctx ends before the requests in flight do, Close returns its error and leaves
// the engines and the store open for them: nothing is lost, but the process
// should end.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.console != nil {
		s.console.Close()
	}
	if err := s.stopFunctions(); err != nil {
		return err
	}
	stopped := make(chan error, len(s.listening))
	for _, l := range s.listening {
		go func() { stopped <- l.shutdown(ctx) }()
	}
	err := s.endpoint.Close(ctx)
	if s.admin != nil {
		err = errors.Join(err, s.admin.Close()) // what it serves can be asked again
	}
	for range s.listening {
		err = errors.Join(err, <-stopped)
	}
	if err != nil {
		return fmt.Errorf("requests are still running: %w", err)
	}
	return s.closeParts()
}

// shutdown stops the listener and waits for its connections.
func (l *listening) shutdown(ctx context.Context) error {
	if err := l.http.Shutdown(ctx); err != nil {
		return err
	}
	return <-l.done
}

// closeParts closes what was opened, the store last.
func (s *Server) closeParts() error {
	if s.background.stop != nil {
		s.background.stop()
		s.background.Wait()
	}
	errs := []error{s.stopFunctions()}
	if s.sinks != nil {
		errs = append(errs, s.sinks.Close())
	}
	if s.spanning != nil {
		errs = append(errs, s.spanning.Close())
	}
	if s.queues != nil {
		errs = append(errs, s.queues.Close())
	}
	if s.tables != nil {
		errs = append(errs, s.tables.Close())
	}
	if s.changes != nil {
		errs = append(errs, s.changes.Close())
	}
	if s.buckets != nil {
		errs = append(errs, s.buckets.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
