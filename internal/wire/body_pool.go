package wire

import (
	"bytes"
	"sync"

	"github.com/levee-io/levee/internal/api"
)

const (
	// maxKeptBody is the largest response body, in bytes, whose memory is kept with the
	// response for the next one.
	maxKeptBody = 256 << 10
	// maxPooledBody is the largest whose memory is kept at all, for whichever response is
	// that large. A page of 1 MB of items takes one or two of JSON.
	maxPooledBody = 4 << 20
)

// bodyPool keeps the memory of large bodies. Pages of items made anew each time are most
// of the garbage that a server makes, and collecting it holds up all other requests.
type bodyPool struct{ free sync.Pool }

// largeBodies is that of all responses.
var largeBodies bodyPool

// put takes the memory of a body that is not needed any more.
func (p *bodyPool) put(body []byte) {
	if cap(body) <= maxPooledBody {
		body = body[:0]
		p.free.Put(&body)
	}
}

// room returns memory for what out says: that of body if it is enough.
func (p *bodyPool) room(body []byte, out api.Output) []byte {
	sized, ok := out.(api.Sized)
	if !ok {
		return body[:0]
	}
	size := sized.JSONSize()
	if size <= max(cap(body), maxKeptBody) {
		return body[:0]
	}
	if kept, ok := p.free.Get().(*[]byte); ok && cap(*kept) >= size {
		return *kept
	}
	return make([]byte, 0, size)
}

// sent returns a reader of a large body whose memory goes back when it is closed.
func (p *bodyPool) sent(body []byte) *sentBody {
	return &sentBody{Reader: bytes.NewReader(body), pool: p, body: body}
}

type sentBody struct {
	*bytes.Reader
	pool *bodyPool
	body []byte // nil once closed
}

// Close implements io.Closer.
func (b *sentBody) Close() error {
	if b.body != nil {
		b.Reader.Reset(nil)
		b.pool.put(b.body)
		b.body = nil
	}
	return nil
}
