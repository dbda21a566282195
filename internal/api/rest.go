package api

import (
	"net/url"
	"strconv"
	"strings"
)

// Route is how an operation of a REST service is addressed.
type Route struct {
	Method string
	// Path is a template such as /2015-03-31/functions/{FunctionName}. A label
	// stands for one segment.
	Path string
	// Status is that of a success.
	Status int
}

// RESTInput is a request shape that has parts outside of the body: in the path,
// the query string and the headers. Its ReadJSON reads what is in the body.
type RESTInput interface {
	Input
	ReadREST(*RESTRequest)
}

// RESTOutput is a response shape that has parts outside of the JSON of the body.
type RESTOutput interface {
	Output
	WriteREST(*RESTResponse)
}

// RESTRequest is a request as a RESTInput reads it.
type RESTRequest struct {
	labels map[string]string
	query  url.Values
	header func(name string) string
	body   []byte
	raw    bool
	err    error
}

// NewRESTRequest returns the parts of a request: the labels of its path, decoded,
// the query string as sent, the headers by name and the body.
func NewRESTRequest(labels map[string]string, query string, header func(string) string, body []byte) *RESTRequest {
	r := &RESTRequest{labels: labels, header: header, body: body}
	r.query, r.err = url.ParseQuery(query)
	return r
}

// Label returns a label of the path.
func (r *RESTRequest) Label(name string) Opt[string] { return Some(r.labels[name]) }

// Query returns the first value of a parameter of the query string.
func (r *RESTRequest) Query(name string) Opt[string] {
	if !r.query.Has(name) {
		return Opt[string]{}
	}
	return Some(r.query.Get(name))
}

// QueryList returns all values of a parameter of the query string, nil if it is
// absent.
func (r *RESTRequest) QueryList(name string) []string { return r.query[name] }

// QueryInt returns a parameter of the query string that is an integer.
func (r *RESTRequest) QueryInt(name string) Opt[int64] {
	text := r.Query(name)
	if !text.OK || text.V == "" {
		return Opt[int64]{}
	}
	n, err := strconv.ParseInt(text.V, 10, 32)
	if err != nil && r.err == nil {
		r.err = err
	}
	return Some(n)
}

// Header returns a header. An empty one is absent.
func (r *RESTRequest) Header(name string) Opt[string] {
	v := r.header(name)
	return Opt[string]{V: strings.Clone(v), OK: v != ""}
}

// Payload returns the body, which then is not JSON of the shape. The bytes are
// the transport's.
func (r *RESTRequest) Payload() Opt[[]byte] {
	r.raw = true
	return Some(r.body)
}

// Raw reports whether the body is a member of the shape as it is.
func (r *RESTRequest) Raw() bool { return r.raw }

// Err says which part could not be read, if one could not.
func (r *RESTRequest) Err() error { return r.err }

// RESTResponse is a response as a RESTOutput writes it.
type RESTResponse struct {
	Status  int
	Headers []Entry[string]
	// Body is the payload if Raw is set; else the body is the shape's JSON.
	Body []byte
	Raw  bool
}

// SetStatus sets the status, if there is one.
func (r *RESTResponse) SetStatus(v Opt[int64]) {
	if v.OK {
		r.Status = int(v.V)
	}
}

// SetHeader adds a header, if there is one.
func (r *RESTResponse) SetHeader(name string, v Opt[string]) {
	if v.OK {
		r.Headers = append(r.Headers, Entry[string]{Key: name, Value: v.V})
	}
}

// SetPayload makes bytes the body.
func (r *RESTResponse) SetPayload(v Opt[[]byte]) { r.Body, r.Raw = v.V, true }
