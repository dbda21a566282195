package server

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// Admin returns what operators and their tools ask of a server. It asks nobody who
// they are, so it belongs on an address that only they reach.
//
//	GET /metrics       for Prometheus: what is in registry, of this server and whatever else is there
//	GET /healthz       200 while the server can write, 503 when its store has failed
//	GET /backup        all data as it is now, a tar archive for Restore
//	GET /debug/pprof/  profiles, as net/http/pprof has them
func (s *Server) Admin(registry *prometheus.Registry, log *slog.Logger) http.Handler {
	s.register(registry)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4}))
	mux.HandleFunc("GET /healthz", s.serveHealth)
	mux.Handle("GET /backup", s.backupHandler(log))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return mux
}

func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if disk, ok := s.store.(*kvpebble.Store); ok {
		if _, err := disk.Stats(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":"the store has failed"}` + "\n"))
			return
		}
	}
	_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
}

func (s *Server) backupHandler(log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if s.dir == "" {
			http.Error(w, "data in memory cannot be backed up", http.StatusNotImplemented)
			return
		}
		w.Header().Set("Content-Type", "application/x-tar")
		if err := s.Backup(w); err != nil {
			log.Error("backup failed", "err", err)
			panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
		}
	})
}

// ListenAdmin serves h on an address until Close, and returns the address.
func (s *Server) ListenAdmin(addr string, h http.Handler) (net.Addr, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.admin != nil {
		return nil, errors.Join(errors.New("the server is closed, or has such a listener already"), ln.Close())
	}
	s.admin = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() {
		if err := s.admin.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			select {
			case s.failed <- err:
			default: // one failure says enough
			}
		}
	}()
	return ln.Addr(), nil
}
