package wire

import (
	"net"
	"testing"
	"time"
)

// noted is a connection that notes its deadlines.
type noted struct {
	net.Conn
	read, write []time.Time
}

func (c *noted) Read(p []byte) (int, error)         { return 0, nil }
func (c *noted) Write(p []byte) (int, error)        { return len(p), nil }
func (c *noted) SetReadDeadline(t time.Time) error  { c.read = append(c.read, t); return nil }
func (c *noted) SetWriteDeadline(t time.Time) error { c.write = append(c.write, t); return nil }
func (c *noted) SetDeadline(t time.Time) error {
	c.read, c.write = append(c.read, t), append(c.write, t)
	return nil
}

// A deadline is set when it is needed, unless the one that is set comes but a little
// earlier.
func TestDeadlines(t *testing.T) {
	below := new(noted)
	c := &watchedConn{Conn: below, listener: watched(nil, time.Second)}
	start := time.Now()
	read := func(after time.Duration) { _ = c.SetReadDeadline(start.Add(after)); _, _ = c.Read(nil) }
	write := func(after time.Duration) { _ = c.SetWriteDeadline(start.Add(after)); _, _ = c.Write(nil) }
	want := func(what string, got []time.Time, want ...time.Duration) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d deadlines were set, want %v", what, len(got), want)
		}
		for i, d := range want {
			if got[i] != start.Add(d) {
				t.Fatalf("%s: deadline %d is %v after the start, want %v", what, i, got[i].Sub(start), d)
			}
		}
	}

	const idle, request = 5 * time.Minute, time.Minute
	read(idle)
	want("the first", below.read, idle)
	_ = c.SetReadDeadline(start.Add(request)) // and nothing is read, as what was read before has it all
	read(idle + time.Second - 1)
	want("of the next request, a moment later", below.read, idle)
	read(idle + time.Second)
	want("a second later", below.read, idle, idle+time.Second)
	read(request)
	want("an earlier one", below.read, idle, idle+time.Second, request)
	read(request - 1)
	want("one a little earlier", below.read, idle, idle+time.Second, request, request-1)

	write(request)
	write(request + time.Millisecond)
	want("of writing", below.write, request)
	_ = c.SetWriteDeadline(time.Time{})
	_, _ = c.Write(nil)
	if n := len(below.write); n != 2 || !below.write[1].IsZero() {
		t.Fatalf("the deadline was not taken away: %v", below.write)
	}
	write(request)
	want("after none", below.write[2:], request)
	_ = c.SetDeadline(start)
	if last := below.read[len(below.read)-1]; last != start {
		t.Fatalf("a deadline for both was not set at once, but %v", last)
	}
}
