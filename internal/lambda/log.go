package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
)

const (
	// maxLog is how much of what one invocation prints is kept: the end of it.
	maxLog = 64 << 10
	// maxLogs is how many invocations of a function are remembered, and maxLogBytes how
	// much they may have printed together.
	maxLogs     = 1000
	maxLogBytes = 2 << 20
	// logTail is how much of the log an invoker may get.
	logTail = 4 << 10
)

// Log is what one invocation printed.
type Log struct {
	RequestID string
	Stream    string    // the log stream of the environment
	Time      time.Time // of the start
	Duration  time.Duration
	Cold      bool   // the environment was started for it
	Failed    bool   // the function returned an error, or could not
	Text      []byte // with the lines of the platform; only the end if it was long
}

// logs are the last of a function; Engine.mu guards them.
type logs struct {
	list []Log
	size int // bytes of text
}

func (r *logs) add(l Log) {
	r.list = append(r.list, l)
	r.size += len(l.Text)
	n := 0
	for ; len(r.list)-n > maxLogs || r.size > maxLogBytes; n++ {
		r.size -= len(r.list[n].Text)
		r.list[n] = Log{}
	}
	r.list = r.list[n:]
}

// Logs returns the last invocations of a function, the newest last.
func (e *Engine) Logs(n Name) []Log {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := e.functions[n]
	if at == nil {
		return nil
	}
	return slices.Clone(at.logs.list)
}

// Logged returns the names of the functions of a namespace that have logs.
func (e *Engine) Logged(ns api.Namespace) (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for n, at := range e.functions {
		if n.Namespace == ns && len(at.logs.list) > 0 {
			names = append(names, n.Function)
		}
	}
	return names
}

// newStream names the log stream of an environment, as the service does.
func newStream(now time.Time) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return now.UTC().Format("2006/01/02/") + "[" + latest + "]" + hex.EncodeToString(id[:])
}

// capture keeps the end of what an environment prints. It is its Spec.Log.
type capture struct {
	mu  sync.Mutex
	buf []byte // guarded by mu; at most twice maxLog
}

// Write implements io.Writer.
func (c *capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	if len(p) > maxLog {
		p = p[len(p)-maxLog:]
	}
	if len(c.buf)+len(p) > 2*maxLog {
		c.buf = append(c.buf[:0], c.buf[len(c.buf)-maxLog:]...)
	}
	c.buf = append(c.buf, p...)
	return n, nil
}

// take returns what is kept, and forgets it.
func (c *capture) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.buf
	c.buf = nil
	if over := len(b) - maxLog; over > 0 {
		b = append([]byte("...\n"), b[over:]...)
	}
	return b
}

// platform appends the lines that the service writes after an invocation to what
// the function printed, and puts those before it in front.
func platform(printed []byte, f *function, in *Invocation, took, init time.Duration) []byte {
	id := in.RequestID
	b := fmt.Appendf(nil, "START RequestId: %s Version: %s\n", id, latest)
	b = append(b, printed...)
	if len(printed) > 0 && printed[len(printed)-1] != '\n' {
		b = append(b, '\n')
	}
	b = fmt.Appendf(b, "END RequestId: %s\n", id)
	ms := float64(took.Microseconds()) / 1000
	b = fmt.Appendf(b, "REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t",
		id, ms, (took + init + time.Millisecond - 1).Milliseconds(), f.Memory, f.Memory)
	if init > 0 {
		b = fmt.Appendf(b, "Init Duration: %.2f ms\t", float64(init.Microseconds())/1000)
	}
	return append(b, '\n')
}
