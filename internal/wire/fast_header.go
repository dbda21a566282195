package wire

import (
	"bytes"

	"github.com/valyala/fasthttp"
)

// fastHeader is the head of a fasthttp request as a Header. The headers that most
// requests are asked for are found in one pass over all of them.
type fastHeader struct {
	of    *fasthttp.RequestHeader
	known [knownHeaders]string
	read  bool // known is filled
}

// Indexes of fastHeader.known.
const (
	headerTarget = iota
	headerAuthorization
	headerDate
	headerToken
	headerTraceparent
	knownHeaders
)

// known returns the index of a header, or knownHeaders. The name is in canonical form.
func known[S string | []byte](name S) int {
	switch string(name) {
	case "X-Amz-Target":
		return headerTarget
	case "Authorization":
		return headerAuthorization
	case "X-Amz-Date":
		return headerDate
	case "X-Amz-Security-Token":
		return headerToken
	case "Traceparent":
		return headerTraceparent
	}
	return knownHeaders
}

// Get implements Header.
func (h *fastHeader) Get(name string) string {
	if name == "Content-Type" {
		return alias(h.of.ContentType())
	}
	i := known(name)
	if i == knownHeaders {
		return alias(h.of.Peek(name))
	}
	if !h.read {
		h.find()
	}
	return h.known[i]
}

// find fills known with the first value of each.
func (h *fastHeader) find() {
	h.read = true
	var found [knownHeaders]bool
	for name, value := range h.of.All() {
		if i := known(name); i < knownHeaders && !found[i] {
			found[i] = true
			h.known[i] = alias(value)
		}
	}
}

// Joined implements Header.
func (h *fastHeader) Joined(name string) string {
	return string(bytes.Join(h.of.PeekAll(name), []byte(",")))
}
