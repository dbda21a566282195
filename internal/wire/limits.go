package wire

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
)

// Limits bound what clients can make a Server hold. A zero field is its default.
type Limits struct {
	// Connections is how many are served at once; further ones get status 503. The
	// default is 65,536.
	Connections int
	// RequestTime is how long a client may take to send a whole request, and to read
	// a response. The default is a minute.
	RequestTime time.Duration
	// BodyBytes is how many bytes of large bodies, which have more than 64 KiB, are
	// held at once. Further ones get status 503, small ones never do. The default is
	// 256 MiB.
	BodyBytes int64
}

func (l Limits) withDefaults() Limits {
	return Limits{
		Connections: cmp.Or(l.Connections, 64<<10),
		RequestTime: cmp.Or(l.RequestTime, time.Minute),
		BodyBytes:   cmp.Or(l.BodyBytes, 256<<20),
	}
}

// smallBody is how long a body may be that is not counted.
const smallBody = 64 << 10

// bodies counts the bytes of large bodies that a server holds. fasthttp makes room
// for all of a body when it has read the head of its request, so a client that
// only announces one costs as much as one that sends it.
type bodies struct {
	limits Limits

	mu   sync.Mutex
	held map[*fasthttp.RequestHeader]heldBody // of requests that are being read or handled
	sum  int64
}

type heldBody struct {
	bytes   int64
	since   time.Time
	refused bool
}

// admit is told of a request when its head was read, and says how long its body
// may be.
func (b *bodies) admit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	n := h.ContentLength()
	if n >= 0 && n <= smallBody {
		return fasthttp.RequestConfig{MaxRequestBodySize: smallBody}
	}
	limit := bodyLimit(alias(h.Peek("X-Amz-Target")), alias(h.RequestURI()))
	if n > limit || n == noBody {
		return fasthttp.RequestConfig{MaxRequestBodySize: limit}
	}
	if n < 0 {
		n = limit // a chunked body does not say
	}
	if !b.take(h, int64(n)) {
		return fasthttp.RequestConfig{MaxRequestBodySize: 1}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit}
}

// noBody is the content length of a request that has no body.
const noBody = -2

// take reports whether there is room for a body.
func (b *bodies) take(h *fasthttp.RequestHeader, n int64) bool {
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.drop(h)
	if b.sum+n > b.limits.BodyBytes {
		b.forget(now)
	}
	body := heldBody{bytes: n, since: now, refused: b.sum+n > b.limits.BodyBytes}
	if body.refused {
		body.bytes = 0
	}
	b.held[h] = body
	b.sum += body.bytes
	return !body.refused
}

// drop forgets a body. The lock must be held.
func (b *bodies) drop(h *fasthttp.RequestHeader) (refused bool) {
	body := b.held[h]
	delete(b.held, h)
	b.sum -= body.bytes
	return body.refused
}

// forget drops bodies whose clients cannot be sending any more: of a connection
// that breaks in a rare moment fasthttp tells nobody.
func (b *bodies) forget(now time.Time) {
	for h, body := range b.held {
		if now.Sub(body.since) > 2*b.limits.RequestTime {
			b.drop(h)
		}
	}
}

// release is told that a request is over, and reports whether its body was
// refused.
func (b *bodies) release(h *fasthttp.RequestHeader) (refused bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.drop(h)
}

// counted reports whether a request that is handled has a large body.
func counted(h *fasthttp.RequestHeader) bool {
	n := h.ContentLength()
	return n > smallBody || n == -1
}

// overloaded answers a request for whose body there was no room.
func overloaded(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(http.StatusServiceUnavailable) }
