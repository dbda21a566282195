package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// maxKeptBuffer is the largest request buffer, in bytes, that is kept for the
// next request.
const maxKeptBuffer = 256 << 10

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxKeptBuffer {
		b.Reset()
		buffers.Put(b)
	}
}

var responses = sync.Pool{New: func() any { return new(Response) }}

// httpHeader is a net/http request as a Header.
type httpHeader http.Request

// Get implements Header.
func (h *httpHeader) Get(name string) string {
	if values := h.Header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Joined implements Header. net/http keeps the length apart from the headers.
func (h *httpHeader) Joined(name string) string {
	if values := h.Header[name]; len(values) > 0 {
		return strings.Join(values, ",")
	}
	if name == "Content-Length" && h.ContentLength >= 0 {
		return strconv.FormatInt(h.ContentLength, 10)
	}
	return ""
}

// remote is the address of a client as net/http gives it.
type remote string

// String returns the address and port.
func (r remote) String() string { return string(r) }

func requestOf(r *http.Request, body []byte) Request {
	return Request{
		Method: r.Method,
		Path:   r.URL.EscapedPath(),
		Query:  r.URL.RawQuery,
		Host:   r.Host,
		TLS:    r.TLS != nil,
		Header: (*httpHeader)(r),
		Body:   body,
	}
}

// ServeHTTP implements http.Handler. How long a client may take to send a
// request, and how large its headers may be, is for the http.Server to say.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit := bodyLimit(r.Header.Get("X-Amz-Target"), r.URL.Path)
	if r.ContentLength > int64(limit) {
		tooLarge(w)
		return
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer putBuffer(buf)
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, int64(limit)))
	if err != nil {
		var over *http.MaxBytesError
		if errors.As(err, &over) {
			tooLarge(w)
			return
		}
		w.WriteHeader(http.StatusBadRequest) // broken off, or too slow
		return
	}
	resp := responses.Get().(*Response)
	defer responses.Put(resp)
	resp.Reset()
	req := requestOf(r, buf.Bytes())
	req.Remote = remote(r.RemoteAddr)
	e.serveCall(&call{transport: r.Context(), closing: e.closing}, &req, resp)
	setHeader(w.Header(), resp)
	w.WriteHeader(resp.Status)
	_, _ = w.Write(resp.Body) // the client went away
}

// tooLarge refuses a body as the services do: with a status and no words. The
// rest of the body is not read, so the connection ends here.
func tooLarge(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

// serveCall is Serve within the life of a call.
func (e *Endpoint) serveCall(c *call, req *Request, resp *Response) {
	defer c.finish()
	e.Serve(c, req, resp)
}

func setHeader(h http.Header, resp *Response) {
	if resp.RequestID != "" {
		h["X-Amzn-Requestid"] = []string{resp.RequestID}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(resp.Body))}
	if resp.ContentType != "" {
		h["Content-Type"] = []string{resp.ContentType}
	} else {
		h["Content-Type"] = nil // or net/http would guess
	}
	if resp.HasCRC32 {
		h["X-Amz-Crc32"] = []string{strconv.FormatUint(uint64(resp.CRC32), 10)}
	}
	if resp.QueryError != "" {
		h["X-Amzn-Query-Error"] = []string{resp.QueryError}
	}
	for _, e := range resp.Header {
		h.Set(e.Key, e.Value)
	}
}

// Client sends requests to an Endpoint in the same process, without a socket. It
// has the method that an AWS SDK wants of its HTTP client. Requests run on the
// goroutine that sends them.
type Client struct{ Endpoint *Endpoint }

// Do answers a request. Like an http.Client, it closes the body of the request
// and returns the error of its context once that has ended.
func (c Client) Do(r *http.Request) (*http.Response, error) {
	body, err := readAll(r)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	resp := new(Response) // with memory of its own, as the caller keeps it
	req := requestOf(r, body)
	req.TLS = r.URL.Scheme == "https"
	if req.Host == "" {
		req.Host = r.URL.Host
	}
	if req.Path == "" {
		req.Path = "/"
	}
	c.Endpoint.serveCall(&call{transport: ctx, closing: c.Endpoint.closing}, &req, resp)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return responseOf(r, resp), nil
}

func readAll(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close()
	limit := bodyLimit(r.Header.Get("X-Amz-Target"), r.URL.Path)
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err == nil && len(body) > limit {
		err = errors.New("wire: the request is larger than the service takes")
	}
	return body, err
}

func responseOf(r *http.Request, resp *Response) *http.Response {
	header := make(http.Header, 8)
	setHeader(header, resp)
	if resp.ContentType == "" {
		delete(header, "Content-Type")
	}
	return &http.Response{
		Status:        strconv.Itoa(resp.Status) + " " + http.StatusText(resp.Status),
		StatusCode:    resp.Status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(bytes.NewReader(resp.Body)),
		ContentLength: int64(len(resp.Body)),
		Request:       r,
	}
}
