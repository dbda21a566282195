package levee

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/levee-io/levee/internal/fault"
	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/wire"
)

const (
	// DefaultRegion is the region of AWSConfig.
	DefaultRegion = "us-east-1"
	// DefaultAccount is the account of AWSConfig where no keys are configured.
	DefaultAccount = "000000000000"
	// closeTimeout is how long Close waits for the requests in flight.
	closeTimeout = 10 * time.Second
)

// ErrNotStarted is what comes of using a Server before Start or after Close.
var ErrNotStarted = errors.New("levee: the server is not running")

// Server is an engine: tables, streams and queues over one store. Its exported
// fields are its configuration; set them before Start. The zero Server keeps its
// data in memory, opens no socket and accepts any access key.
type Server struct {
	// Dir is the directory of the data, made if it does not exist. One process at
	// a time can use it. Empty means memory: the data is gone after Close.
	Dir string
	// Listen is the TCP address to serve on, such as "127.0.0.1:8000"; port 0
	// chooses one. Empty opens no socket: AWSConfig and Handler work without.
	Listen string
	// Keys are the access keys whose requests are accepted, by key id. Requests
	// must then be signed with their secrets. nil accepts any key: each key id and
	// region is a namespace of its own.
	Keys map[string]Key
	// CacheBytes is the memory for blocks of the files in Dir that were read last; at most
	// 256 MiB more are for what waits to be written to files. 0 means 128 MiB.
	CacheBytes int64
	// TableDelay is how long tables take to be created, changed and deleted, as
	// they do in the service: CREATING, UPDATING and DELETING last that long, and
	// until then what the service refuses is refused. 0 means no time.
	TableDelay time.Duration
	// EnforceCapacity holds every table to its capacity and every FIFO queue to its
	// rates, as the services do: what exceeds provisioned throughput, the reach of a
	// partition, what an on-demand table has scaled to, a configured maximum or a quota
	// is throttled, with the errors of the service. A table's tag levee:capacity, which
	// is "enforce" or "off", decides for that table alone.
	EnforceCapacity bool
	// TimeScale is how many times faster time passes for capacity: with 60 an hour of
	// scaling passes in a minute, and a second's capacity comes sixty times a second. 0
	// means once.
	TimeScale float64
	// Buckets is a directory whose subdirectories are the buckets that tables are
	// exported to and imported from. Empty means none.
	Buckets string
	// S3 is, instead, an S3-compatible service with such buckets: its BaseEndpoint,
	// Region and Credentials. nil means none.
	S3 *aws.Config
	// RunFunctions has functions of the Lambda API run that are programs: as processes
	// of this machine, with the rights of this one, and behind HTTP endpoints.
	// Whoever may call the API can then have any program run. Without it only the
	// funcs of Function are run.
	RunFunctions bool
	// Sinks are where pipes of the EventBridge Pipes API may lead outside of the
	// server, by the names that end the ARNs of their targets, such as
	// arn:aws:levee:::sink/search.
	Sinks map[string]Sink
	// Kinesis is where the Kinesis streaming destinations of tables are: its
	// BaseEndpoint, in which {region} stands for the region of a table, and its
	// Credentials. Without a BaseEndpoint it is the service itself. nil means nowhere:
	// destinations are then kept and described, and nothing is delivered.
	Kinesis *aws.Config
	// Logger gets what an operator should know. nil means slog.Default.
	Logger *slog.Logger

	faults fault.Injector

	mu    sync.Mutex
	srv   *server.Server  // nil unless running; guarded by mu
	addr  string          // guarded by mu
	funcs map[string]Func // guarded by mu
}

// Key is the secret and the account of an access key.
type Key struct {
	Secret string
	// Account is the account whose tables and queues the key sees, 12 digits. If
	// empty, it follows from the key id.
	Account string
	// User is the name of the IAM user whose key it is, as it stands in the
	// principals of resource policies. If empty, the key is the account's own.
	User string
	// Policy is what the user may do, a JSON policy document of IAM. If empty,
	// everything that the account may do.
	Policy string
	// Token is the session token that requests with the key must carry, if it is a
	// temporary one.
	Token string
}

// Open starts a server with its data in a directory, or in memory if dir is
// empty, and everything else at its default.
func Open(dir string) (*Server, error) {
	s := &Server{Dir: dir}
	if err := s.Start(); err != nil {
		return nil, err
	}
	return s, nil
}

// Start opens the data and, if Listen is set, the socket.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.srv != nil {
		return errors.New("levee: the server is running already")
	}
	sinks, err := s.openSinks()
	if err != nil {
		return fmt.Errorf("levee: %w", err)
	}
	srv, err := server.Open(server.Config{
		Dir: s.Dir, CacheBytes: s.CacheBytes, Keys: s.serverKeys(), TableDelay: s.TableDelay, EnforceCapacity: s.EnforceCapacity, TimeScale: s.TimeScale,
		Buckets: s.Buckets, S3: s.S3, Kinesis: s.Kinesis, Logger: s.Logger, Faults: &s.faults,
		Functions: s.RunFunctions, Handlers: s.handlers(), Sinks: sinks,
	})
	if err != nil {
		return err
	}
	if s.Listen != "" {
		addr, err := srv.Listen(s.Listen)
		if err != nil {
			return errors.Join(err, srv.Close(context.Background()))
		}
		s.addr = addr.String()
	}
	if err := srv.Run(); err != nil {
		s.addr = ""
		return errors.Join(err, srv.Close(context.Background()))
	}
	s.srv = srv
	return nil
}

func (s *Server) serverKeys() server.Keys {
	if s.Keys == nil {
		return nil
	}
	keys := make(server.Keys, len(s.Keys))
	for id, k := range s.Keys {
		keys[id] = server.Key(k)
	}
	return keys
}

// running returns the endpoint, nil if the server is not running.
func (s *Server) running() *wire.Endpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.srv == nil {
		return nil
	}
	return s.srv.Endpoint()
}

// Addr returns the host and port that the server listens on, "" if it does not.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Handler returns the server as a handler for any net/http server, such as one
// with TLS, or httptest.NewServer. It answers with status 503 while the server is
// not running.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e := s.running()
		if e == nil {
			http.Error(w, ErrNotStarted.Error(), http.StatusServiceUnavailable)
			return
		}
		e.ServeHTTP(w, r)
	})
}

// AWSConfig returns a configuration for clients of the AWS SDK in this process:
// they reach the server without a socket, on the goroutine that makes the call.
// With Keys, it signs with the first of them by name. Change the region or the
// credentials for another namespace.
func (s *Server) AWSConfig() aws.Config {
	id := DefaultAccount
	if len(s.Keys) > 0 {
		id = slices.Min(slices.Collect(maps.Keys(s.Keys)))
	}
	secret, token := cmp.Or(s.Keys[id].Secret, "levee"), s.Keys[id].Token
	endpoint := "http://" + cmp.Or(s.Addr(), "localhost")
	return aws.Config{
		Region:       DefaultRegion,
		BaseEndpoint: &endpoint,
		HTTPClient:   client{s},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token, Source: "levee"}, nil
		}),
	}
}

// client is an HTTP client whose every request goes to the server.
type client struct{ server *Server }

// Do implements aws.HTTPClient.
func (c client) Do(r *http.Request) (*http.Response, error) {
	e := c.server.running()
	if e == nil {
		return nil, ErrNotStarted
	}
	return wire.Client{Endpoint: e}.Do(r)
}

// Backup writes a copy of all data, as it is at one moment, to w: a tar archive, of
// which levee restore makes a directory again. Requests go on meanwhile. A server
// whose data is in memory has none.
func (s *Server) Backup(w io.Writer) error {
	s.mu.Lock()
	srv := s.srv
	s.mu.Unlock()
	if srv == nil {
		return ErrNotStarted
	}
	return srv.Backup(w)
}

// Close stops accepting requests, ends those that wait for messages, waits up to
// ten seconds for the others, and closes the data. A server that is not running
// is closed already. It can be started again.
func (s *Server) Close() error {
	s.mu.Lock()
	srv := s.srv
	s.srv, s.addr = nil, ""
	s.mu.Unlock()
	if srv == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return srv.Close(ctx)
}
