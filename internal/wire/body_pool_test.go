package wire

import (
	"bytes"
	"io"
	"testing"
)

// sized is an output that says how large it is.
type sizedOutput struct{ size int }

func (o sizedOutput) JSONSize() int                { return o.size }
func (o sizedOutput) AppendJSON(dst []byte) []byte { return append(dst, make([]byte, o.size)...) }

type plainOutput struct{}

func (plainOutput) AppendJSON(dst []byte) []byte { return dst }

// A large body has room at once, and its memory is not that of the response.
func TestRoomForLargeBodies(t *testing.T) {
	var p bodyPool
	small := make([]byte, 10, 100)
	if got := p.room(small, plainOutput{}); cap(got) != 100 || len(got) != 0 {
		t.Errorf("of an output that does not tell: %d of %d bytes", len(got), cap(got))
	}
	if got := p.room(small, sizedOutput{maxKeptBody}); cap(got) != 100 {
		t.Errorf("of an output that can have what grows: %d bytes", cap(got))
	}
	large := p.room(small, sizedOutput{maxKeptBody + 1})
	if len(large) != 0 || cap(large) < maxKeptBody+1 {
		t.Errorf("of a large output: %d of %d bytes", len(large), cap(large))
	}
	if got := p.room(large, sizedOutput{maxKeptBody + 1}); &got[:1][0] != &large[:1][0] {
		t.Error("memory that is enough was not used")
	}
}

// What is sent can be read until it is closed, once, and its memory serves again.
func TestSentBody(t *testing.T) {
	var p bodyPool
	want := bytes.Repeat([]byte("0123456789abcdef"), maxKeptBody/8)
	body := p.sent(bytes.Clone(want))
	var got bytes.Buffer
	if _, err := body.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("read %d bytes of %d: %v", got.Len(), len(want), err)
	}
	for range 2 {
		if err := body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Fatalf("read %d bytes after it was closed: %v", n, err)
	}
	first := p.free.Get()
	if again := p.free.Get(); first != nil && again != nil {
		t.Fatal("the memory was given back twice")
	}
	p.put(make([]byte, 0, maxPooledBody+1))
	if p.free.Get() != nil {
		t.Fatal("memory beyond what is kept was kept")
	}
}
