package sandbox

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"io"
	"os"
	"sync"
)

// output is a pipe that a process prints into.
type output struct {
	write *os.File // the process's end; ours is for marks
	read  *os.File
	mark  []byte        // what a process does not print
	seen  chan struct{} // gets a value for each mark
	done  chan struct{} // closed when nothing is read any more
	once  sync.Once
}

// newOutput returns a pipe whose contents go to a log.
func newOutput(log io.Writer) (*output, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	o := &output{
		write: write, read: read, mark: hex.AppendEncode([]byte{0}, id[:]),
		seen: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go o.copy(log)
	return o, nil
}

// copy reads until the pipe is closed, takes the marks out and hands on the rest.
func (o *output) copy(log io.Writer) {
	defer close(o.done)
	buf := make([]byte, 0, 32<<10)
	for {
		n, err := o.read.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		for {
			before, after, found := bytes.Cut(buf, o.mark)
			if !found {
				break
			}
			_, _ = log.Write(before) // a log does not fail
			o.notify()
			buf = append(buf[:0], after...)
		}
		if err != nil {
			_, _ = log.Write(buf)
			return
		}
		keep := markBegun(buf, o.mark)
		_, _ = log.Write(buf[:len(buf)-keep])
		buf = append(buf[:0], buf[len(buf)-keep:]...)
	}
}

// markBegun returns how many bytes at the end of b begin the mark.
func markBegun(b, mark []byte) int {
	for n := min(len(b), len(mark)-1); n > 0; n-- {
		if bytes.HasSuffix(b, mark[:n]) {
			return n
		}
	}
	return 0
}

func (o *output) notify() {
	select {
	case o.seen <- struct{}{}:
	default:
	}
}

// settle returns when what was printed until now was handed on.
func (o *output) settle() {
	select {
	case <-o.seen: // of an earlier wait that was given up
	default:
	}
	if _, err := o.write.Write(o.mark); err != nil {
		return
	}
	select {
	case <-o.seen:
	case <-o.done:
	}
}

// close ends the pipe. What was printed before is handed on.
func (o *output) close() {
	o.once.Do(func() {
		o.settle()
		o.write.Close()
		// A process that left our group may hold the other end for ever.
		o.read.Close()
		<-o.done
	})
}
