package wire

import "strings"

const (
	// ordinaryLine is how every ordinary request begins.
	ordinaryLine = "POST / HTTP/1.1\r\n"
	// maxOrdinaryHeaders is how many headers an ordinary request may have; SDKs send ten to fifteen.
	maxOrdinaryHeaders = 32
)

// ordinaryHead is the head of an ordinary request, which is what SDKs send: a POST of HTTP/1.1 to
// /, with one host and one length of a small body, and without a transfer coding, an
// expectation, or anything that could be read in two ways. All else that HTTP allows, or
// forbids, is left to fasthttp.
//
// Its strings alias the bytes that were parsed.
type ordinaryHead struct {
	host        string
	contentType string
	length      int // of the body
	known       [knownHeaders]string
	headers     [maxOrdinaryHeaders]ordinaryHeader
	n           int // of headers
}

type ordinaryHeader struct{ name, value string }

// parse reads a head, to the end of its empty line, and reports whether it is an ordinary one.
func (h *ordinaryHead) parse(head []byte) bool {
	h.reset()
	rest, ok := strings.CutPrefix(alias(head), ordinaryLine)
	for ok && rest != "\r\n" {
		var name, value string
		name, value, rest, ok = cutHeader(rest)
		ok = ok && h.note(name, value)
	}
	return ok && h.host != "" && h.length >= 0
}

// reset forgets a request; without a length, there is none.
func (h *ordinaryHead) reset() {
	clear(h.headers[:h.n])
	h.host, h.contentType, h.length, h.known, h.n = "", "", -1, [knownHeaders]string{}, 0
}

// note takes a header in, unless it makes the request one that is not ordinary.
func (h *ordinaryHead) note(name, value string) bool {
	if h.n == maxOrdinaryHeaders || !h.sort(name, value) {
		return false
	}
	h.headers[h.n] = ordinaryHeader{name, value}
	h.n++
	return true
}

// sort keeps the headers that are asked for most, and finds those that an ordinary request has
// not: by their lengths first, as most are neither.
func (h *ordinaryHead) sort(name, value string) bool {
	switch len(name) {
	case len("Host"):
		return !foldsTo(name, "host") || isOrdinaryHost(value) && once(&h.host, value)
	case len("Content-Type"):
		if foldsTo(name, "content-type") {
			return once(&h.contentType, value)
		}
		h.keep(name, "x-amz-target", headerTarget, value)
	case len("Content-Length"):
		return !foldsTo(name, "content-length") || h.setLength(value)
	case len("Authorization"):
		h.keep(name, "authorization", headerAuthorization, value)
	case len("X-Amz-Security-Token"):
		h.keep(name, "x-amz-security-token", headerToken, value)
	case len("Traceparent"):
		h.keep(name, "traceparent", headerTraceparent, value)
	case len("X-Amz-Date"):
		if foldsTo(name, "connection") {
			return foldsTo(value, "keep-alive")
		}
		h.keep(name, "x-amz-date", headerDate, value)
	case len("Transfer-Encoding"):
		return !foldsTo(name, "transfer-encoding")
	case len("Upgrade"):
		return !foldsTo(name, "upgrade") && !foldsTo(name, "trailer")
	case len("Expect"):
		return !foldsTo(name, "expect")
	}
	return true
}

// keep keeps the first value of a header if that is its name.
func (h *ordinaryHead) keep(name, lower string, i int, value string) {
	if h.known[i] == "" && foldsTo(name, lower) {
		h.known[i] = value
	}
}

// isOrdinaryHost reports whether s is a name or an IPv4 address with, or without, a port.
func isOrdinaryHost(s string) bool {
	host, port, found := strings.Cut(s, ":")
	return isHost(host) && !strings.ContainsAny(host, "[]") && (!found || port != "" && strings.Trim(port, "0123456789") == "")
}

// once sets what may be stated once, and not be empty.
func once(to *string, value string) bool {
	if *to != "" || value == "" {
		return false
	}
	*to = value
	return true
}

// setLength takes the length of a small body, in digits.
func (h *ordinaryHead) setLength(digits string) bool {
	if h.length >= 0 || len(digits) == 0 || len(digits) > 5 {
		return false
	}
	n := 0
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return false
		}
		n = 10*n + int(d)
	}
	h.length = n
	return n <= smallBody
}

// Get implements Header.
func (h *ordinaryHead) Get(name string) string {
	if name == "Content-Type" {
		return h.contentType
	}
	if i := known(name); i < knownHeaders {
		return h.known[i]
	}
	for i := range h.n {
		if strings.EqualFold(h.headers[i].name, name) {
			return h.headers[i].value
		}
	}
	return ""
}

// Joined implements Header.
func (h *ordinaryHead) Joined(name string) string {
	var values []string
	for i := range h.n {
		if strings.EqualFold(h.headers[i].name, name) {
			values = append(values, h.headers[i].value)
		}
	}
	return strings.Join(values, ",")
}

// cutHeader cuts the first line off the rest of a head: a name, a colon, a value between
// blanks. A name is a token (RFC 9110, section 5.6.2), a value is printable ASCII with
// blanks within; what has others is not ok.
func cutHeader(s string) (name, value, rest string, ok bool) {
	i := 0
	for i < len(s) && headerBytes[s[i]] == inName {
		i++
	}
	if i == 0 || i == len(s) || s[i] != ':' {
		return "", "", "", false
	}
	name = s[:i]
	for i++; i < len(s) && isBlank(s[i]); i++ {
	}
	from := i
	for i < len(s) && headerBytes[s[i]] != 0 {
		i++
	}
	if len(s)-i < 2 || s[i] != '\r' || s[i+1] != '\n' {
		return "", "", "", false
	}
	end := i
	for end > from && isBlank(s[end-1]) {
		end--
	}
	return name, s[from:end], s[i+2:], true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// headerBytes has what is a byte of a name, and of a value, and, with zero, of neither.
var headerBytes = func() (kinds [256]uint8) {
	for c := ' '; c <= '~'; c++ {
		kinds[c] = inValue
	}
	kinds['\t'] = inValue
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		kinds[c] = inName
	}
	return kinds
}()

const (
	inValue = 1 + iota
	inName  // and in a value, too
)

// foldsTo reports whether s is lower, which is of lower-case letters, or that with capitals.
func foldsTo(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
