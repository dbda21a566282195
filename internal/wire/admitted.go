package wire

import (
	"net/http"
	"time"
)

// admitted is an Endpoint for HTTP/2, where one connection can have a great many requests
// under way: the memory of all their bodies counts towards Limits.BodyBytes.
type admitted struct {
	endpoint *Endpoint
	bodies   *bodies
}

// ServeHTTP implements http.Handler.
func (a admitted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit := int64(bodyLimit(r.Header.Get("X-Amz-Target"), r.URL.Path))
	n := r.ContentLength
	if n < 0 {
		n = limit // it may be as long as that
	}
	if n <= limit { // the endpoint refuses what is longer, unread
		if !a.bodies.reserve(n) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer a.bodies.giveBack(n)
	}
	a.endpoint.ServeHTTP(w, r)
}

// reserve takes room for n bytes of a body, and reports whether there is that much.
func (b *bodies) reserve(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sum+n > b.limits.BodyBytes {
		b.forget(time.Now())
	}
	if b.sum+n > b.limits.BodyBytes {
		return n == 0
	}
	b.sum += n
	return true
}

func (b *bodies) giveBack(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sum -= n
}
