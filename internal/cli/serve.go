package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvpebble"
	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/sink"
)

const (
	defaultDir = "levee-data"
	// stopTimeout is how long requests in flight may take after a signal.
	stopTimeout = 20 * time.Second
)

// serveCmd is the command levee serve.
type serveCmd struct {
	Addr           string        `default:"127.0.0.1:8000" help:"Address to listen on."`
	Data           string        `placeholder:"DIR" xor:"store" help:"Directory of the data, levee-data by default."`
	Memory         bool          `xor:"store" help:"Keep the data in memory; it is gone when the server stops."`
	Auth           string        `placeholder:"FILE" env:"LEVEE_AUTH" help:"Accept only the access keys of this file, and verify signatures."`
	TLS            tlsFlags      `embed:"" prefix:"tls-"`
	TableDelay     time.Duration `placeholder:"TIME" help:"How long tables take to be created, changed and deleted, such as 5s; no time by default."`
	QueueCooldowns bool          `help:"Forbid, as the service does, to create a queue within 60 seconds of deleting it, and to purge it again."`
	FIFOWindow     int           `name:"fifo-window" placeholder:"N" help:"Look only among the first N messages of a FIFO queue for message groups that are free, 120000 as the service; among all by default."`
	Capacity       string        `default:"off" enum:"off,enforce" help:"Whether tables are held to their capacity, and FIFO queues to their rates, as the services do: off or enforce."`
	TimeScale      float64       `default:"1" placeholder:"N" help:"Let time pass N times faster for capacity."`
	Buckets        string        `placeholder:"DIR" xor:"buckets" type:"existingdir" help:"Directory whose subdirectories are the buckets of exports and imports."`
	S3Endpoint     string        `name:"s3-endpoint" placeholder:"URL" xor:"buckets" help:"S3-compatible service whose buckets are those of exports and imports."`
	Functions      bool          `help:"Run the functions of the Lambda API as programs of this machine. Needs a loopback address, or --auth."`
	Kinesis        string        `name:"kinesis-endpoint" placeholder:"URL" help:"Where Kinesis is, to which the changes of tables with a Kinesis streaming destination go; {region} stands for the region."`
	Sinks          string        `placeholder:"FILE" type:"existingfile" help:"Declares the sinks that pipes may lead to: HTTP endpoints, OpenSearch, Kinesis, Kafka, files."`
	Console        consoleFlags  `embed:""`
	Observe        observeFlags  `embed:""`
	Limits         limitFlags    `embed:""`
}

// Help is what levee serve --help says beside the flags.
func (serveCmd) Help() string {
	return `All services are on one port. Data is in the directory levee-data, made where the server is started, unless
--data or --memory say otherwise. Every acknowledged change is on the disk, so the server can be stopped in any
way; SIGINT and SIGTERM let it answer the requests that it has.

By default any access key is accepted, and each access key and region sees tables and queues of its own. The file of
--auth is one of AWS credentials, with the account that each key belongs to:

    [shop]
    aws_access_key_id = SHOPKEY
    aws_secret_access_key = its secret
    aws_account_id = 111122223333
    levee_user = clerk
    levee_policy = clerk.json

The last two may be absent, and aws_session_token may be there for a key that is temporary. levee_user is the name
of the IAM user whose key it is, levee_policy a file with an IAM policy that says what the user may do. Policies of
tables, streams and queues then count, too. Instead, or as well, LEVEE_ACCESS_KEY_ID, LEVEE_SECRET_ACCESS_KEY,
LEVEE_SESSION_TOKEN and LEVEE_ACCOUNT_ID in the environment are a key.

With --functions, functions of the Lambda API run: zip packages with an executable bootstrap or with Node, commands
and HTTP endpoints. They are programs with the rights of the server, of whoever may call it, so the address must be
a loopback one unless --auth says who that is.

With --sinks, pipes of the EventBridge Pipes API may lead to what a file declares, by names that are the rest of the
ARN of a target, arn:aws:levee:::sink/NAME:

    search:
      opensearch: {url: "https://search:9200", index: orders, user: levee, password: $SEARCH_PASSWORD}
    hook:
      http: {url: "https://example.com/hook", signing_key: $HOOK_KEY}
    stream:
      kinesis: {stream: orders, aws: {region: eu-west-1}}
    topic:
      kafka: {brokers: ["kafka:9092"], topic: orders}
    archive:
      files: {dir: /var/archive, partition: hour}

With --kinesis-endpoint, what changes in tables with a Kinesis streaming destination goes to that data stream, with
the credentials that AWS tools would use. The service itself is at https://kinesis.{region}.amazonaws.com.

The console, at /_levee/, is there by itself where the address is a loopback one and any access key is accepted: it
may do everything, and asks nobody on this machine who they are. Elsewhere it is there with --console-password.

With --admin-addr, what operators need is on an address of its own, which should be one that only they reach:
/metrics for Prometheus, /healthz, /backup (see levee backup) and /debug/pprof/.

With --capacity enforce requests are throttled as the services throttle them, by a model of partitions, burst
capacity, on-demand scaling and quotas. The tag levee:capacity of a table, enforce or off, is for that table alone,
whatever the flag says. --time-scale 60 makes an hour of that model pass in a minute, and a second's capacity come
sixty times a second.

Tables are exported to, and imported from, the subdirectories of --buckets, or the buckets of --s3-endpoint, with
the region and the credentials that AWS tools would use.`
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, std streams) error {
	log := c.Observe.logger(std.err)
	keys, err := readKeys(c.Auth, os.Getenv)
	if err != nil {
		return err
	}
	cfg := server.Config{Dir: c.dir(), Keys: keys, TableDelay: c.TableDelay, QueueCooldowns: c.QueueCooldowns, Logger: log}
	cfg.FIFOWindow = c.FIFOWindow
	cfg.EnforceCapacity, cfg.TimeScale = c.Capacity == "enforce", c.TimeScale
	cfg.Buckets, cfg.Functions = c.Buckets, c.Functions
	if err := c.checkFunctions(keys); err != nil {
		return err
	}
	cfg.Limits = c.Limits.limits()
	if c.Limits.Cache < 1 || c.Limits.Cache > maxCache {
		return fmt.Errorf("--cache is from 1 to %d MiB", maxCache)
	}
	cfg.CacheBytes = c.Limits.Cache << 20
	cfg.Console = c.Console.config(c.Addr, keys)
	if cfg.TLS, err = c.TLS.config(); err != nil {
		return err
	}
	if c.S3Endpoint != "" {
		if cfg.S3, err = usualAWS(ctx, c.S3Endpoint); err != nil {
			return err
		}
	}
	if c.Kinesis != "" {
		cfg.Kinesis = &aws.Config{BaseEndpoint: &c.Kinesis, Credentials: usualKeys()}
	}
	if cfg.Sinks, err = c.readSinks(); err != nil {
		return err
	}
	seen := c.Observe.start(log)
	defer seen.close()
	cfg.Observe = seen.observer
	srv, err := server.Open(cfg)
	if err != nil {
		return explain(err, c.Addr)
	}
	addr, err := srv.Listen(c.Addr)
	if err != nil {
		return errors.Join(explain(err, c.Addr), srv.Close(ctx))
	}
	if err := srv.Run(); err != nil {
		return errors.Join(err, srv.Close(ctx))
	}
	if err := seen.serveAdmin(srv, std.err); err != nil {
		return errors.Join(explain(err, c.Observe.AdminAddr), srv.Close(ctx))
	}
	go collectAside(ctx, srv.Bulk)
	go giveBackProgram(ctx)
	c.greet(std.err, addr, keys, cfg.Console != nil)
	select {
	case <-ctx.Done():
		fmt.Fprintln(std.err, "levee: stopping")
	case err = <-srv.Failed():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return errors.Join(err, srv.Close(stop))
}

// readSinks reads the file of --sinks.
func (c *serveCmd) readSinks() (*sink.Set, error) {
	if c.Sinks == "" {
		return nil, nil
	}
	f, err := os.Open(c.Sinks)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return sink.Read(f, sink.Env{Getenv: os.Getenv, Keys: usualKeys})
}

// usualKeys returns the keys that AWS tools would use, which are looked for when they
// are needed.
func usualKeys() aws.CredentialsProvider {
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		return cfg.Credentials.Retrieve(ctx)
	}))
}

// checkFunctions refuses to run the programs of anybody who reaches the address.
func (c *serveCmd) checkFunctions(keys server.Keys) error {
	if !c.Functions || keys != nil {
		return nil
	}
	if isLoopback(c.Addr) {
		return nil
	}
	return fmt.Errorf("--functions would run the programs of anybody who reaches %s; listen on 127.0.0.1, or accept only known keys with --auth", c.Addr)
}

// isLoopback reports whether only this machine reaches an address.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// usualAWS returns the configuration that AWS tools would use here, with another
// endpoint.
func usualAWS(ctx context.Context, endpoint string) (*aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	cfg.BaseEndpoint = aws.String(endpoint)
	return &cfg, nil
}

// dir is the directory of the data, "" for memory.
func (c *serveCmd) dir() string {
	switch {
	case c.Memory:
		return ""
	case c.Data == "":
		return defaultDir
	}
	return c.Data
}

// explain adds what to do about the errors that a newcomer meets.
func explain(err error, addr string) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use, perhaps by another levee; choose another address with --addr", addr)
	case errors.Is(err, kv.ErrDamaged):
		return fmt.Errorf("%w\nRestore a backup, or save what can be read with levee check --salvage", err)
	case errors.Is(err, kvpebble.ErrLocked):
		return fmt.Errorf("%w\nStop that process, or choose another directory with --data", err)
	}
	return err
}

// greet says where the server is and how to reach it.
func (c *serveCmd) greet(w io.Writer, addr net.Addr, keys server.Keys, console bool) {
	where := "in memory"
	if dir := c.dir(); dir != "" {
		where = "in " + dir
	}
	url := "http://" + reachable(addr)
	if c.TLS.Cert != "" {
		url = "https://" + reachable(addr)
	}
	fmt.Fprintf(w, "levee %s serves DynamoDB, DynamoDB Streams, SQS and Lambda on %s, data %s\n\n", version(), url, where)
	fmt.Fprintf(w, "To point the AWS CLI or any AWS SDK at it:\n\n")
	fmt.Fprintf(w, "  export AWS_ENDPOINT_URL=%s AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\n", url)
	if keys == nil {
		fmt.Fprintf(w, "  export AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=any\n")
	} else {
		fmt.Fprintf(w, "  export AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=...   # one of the %d accepted\n", len(keys))
	}
	// Version 1 of the AWS CLI has an endpoint of its own for SQS, which only the
	// flag overrides.
	fmt.Fprintf(w, "  aws dynamodb list-tables\n  aws sqs list-queues --endpoint-url %s\n\n", url)
	if console {
		fmt.Fprintf(w, "The console is at %s/_levee/\n\n", url)
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && keys == nil && !tcp.IP.IsLoopback() {
		fmt.Fprintf(w, "Anybody who reaches this address can read and write everything: see --auth.\n\n")
	}
}

// reachable is the address as a client on this machine would write it.
func reachable(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return addr.String()
}
