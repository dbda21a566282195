package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/telemetry"
)

// observeFlags say what levee serve tells of itself, and where.
type observeFlags struct {
	AdminAddr    string        `placeholder:"ADDR" help:"Address for /metrics, /healthz, /backup and /debug/pprof/; none by default."`
	OTLPEndpoint string        `name:"otlp-endpoint" placeholder:"URL" env:"OTEL_EXPORTER_OTLP_ENDPOINT" help:"Send a trace of each request to this OpenTelemetry collector (OTLP over HTTP)."`
	SlowRequests time.Duration `placeholder:"TIME" help:"Warn of requests that take as long, such as 100ms; of none by default."`
	LogLevel     string        `default:"info" enum:"debug,info,warn,error" help:"What to log: debug (each request), info, warn or error."`
	LogFormat    string        `default:"text" enum:"text,json" help:"How to log: text or json."`
}

func (f *observeFlags) logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: f.level()}
	if f.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func (f *observeFlags) level() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		panic(err) // the parser lets only the names of levels pass
	}
	return level
}

// observing is what runs to tell of requests.
type observing struct {
	flags    *observeFlags
	log      *slog.Logger
	observer telemetry.Observer   // nil if nobody wants to know
	registry *prometheus.Registry // nil without an address to read it from
	traces   *telemetry.Traces    // nil without a collector
}

func (f *observeFlags) start(log *slog.Logger) *observing {
	o := &observing{flags: f, log: log}
	var list []telemetry.Observer
	if f.level() <= slog.LevelDebug {
		list = append(list, telemetry.Log(log))
	}
	if f.SlowRequests > 0 {
		list = append(list, telemetry.Slow(log, f.SlowRequests))
	}
	if f.AdminAddr != "" {
		o.registry = prometheus.NewRegistry()
		list = append(list, telemetry.NewRequests(o.registry).Observe)
	}
	if f.OTLPEndpoint != "" {
		o.traces = telemetry.NewTraces(telemetry.TracesConfig{
			Endpoint: f.OTLPEndpoint, Headers: pairs(os.Getenv("OTEL_EXPORTER_OTLP_HEADERS")),
			Service: os.Getenv("OTEL_SERVICE_NAME"), Logger: log,
		})
		list = append(list, o.traces.Observe)
	}
	o.observer = telemetry.All(list...)
	return o
}

// serveAdmin opens the address of operators, if one is wanted.
func (o *observing) serveAdmin(srv *server.Server, w io.Writer) error {
	if o.registry == nil {
		return nil
	}
	addr, err := srv.ListenAdmin(o.flags.AdminAddr, srv.Admin(o.registry, o.log))
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "levee: metrics, health, backup and profiles on http://%s\n", reachable(addr))
	return nil
}

func (o *observing) close() {
	if o.traces != nil {
		_ = o.traces.Close()
	}
}

// pairs reads "a=b,c=d", as the variables of OpenTelemetry have it.
func pairs(s string) map[string]string {
	list := map[string]string{}
	for pair := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			list[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return list
}
