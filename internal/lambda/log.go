package lambda

import (
	"fmt"
	"sync"
	"time"
)

const (
	// maxLog is how much of what one invocation prints is kept: the end of it.
	maxLog = 64 << 10
	// maxLogs is how many invocations of a function are remembered.
	maxLogs = 32
	// logTail is how much of the log an invoker may get.
	logTail = 4 << 10
)

// Log is what one invocation printed.
type Log struct {
	RequestID string
	Time      time.Time // of the start
	Duration  time.Duration
	Cold      bool   // the environment was started for it
	Failed    bool   // the function returned an error, or could not
	Text      []byte // with the lines of the platform; only the end if it was long
}

// logRing holds the last logs of a function; Engine.mu guards it.
type logRing struct {
	list []Log
	next int // once list is full
}

func (r *logRing) add(l Log) {
	if len(r.list) < maxLogs {
		r.list = append(r.list, l)
		return
	}
	r.list[r.next] = l
	r.next = (r.next + 1) % maxLogs
}

// Logs returns the last invocations of a function, the newest last.
func (e *Engine) Logs(n Name) []Log {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := e.functions[n]
	if at == nil {
		return nil
	}
	r := &at.logs
	return append(append([]Log(nil), r.list[r.next:]...), r.list[:r.next]...)
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
