package wire

import (
	"fmt"
	"net/http"

	"github.com/levee-io/levee/internal/api"
)

// Request is an HTTP request without the transport that carried it. Its strings
// and its body may alias the transport's buffers: they are valid until Serve
// returns, and Serve keeps nothing of them.
type Request struct {
	Method string
	Path   string // percent-encoded, as sent
	Query  string // as sent, without the question mark
	Host   string
	TLS    bool
	Header Header
	Body   []byte
	// Remote is the address and port of the client, nil for one in this process.
	Remote fmt.Stringer
}

// Header looks up the headers of a request. Names are in canonical form, such
// as X-Amz-Target.
type Header interface {
	// Get returns the first value of a header, "" if there is none.
	Get(name string) string
	// Joined returns all values of a header with commas between them.
	Joined(name string) string
}

// Response is what Serve answers. Its zero value is ready; Reset makes a used
// one ready again and keeps the memory of its body.
type Response struct {
	Status      int
	ContentType string
	RequestID   string // "" for a page
	// QueryError is the value of x-amzn-query-error: the code that an error had
	// in the query protocol, and whose fault it is. SQS only.
	QueryError string
	// CRC32 is the IEEE checksum of Body, sent as x-amz-crc32 if HasCRC32 is
	// set. DynamoDB only.
	CRC32    uint32
	HasCRC32 bool
	// Header has what an operation of REST JSON, or a page, answers in headers. Each
	// name stands once.
	Header []api.Entry[string]
	Body   []byte
}

// Reset empties r.
func (r *Response) Reset() {
	body := r.Body[:0]
	if cap(body) > maxKeptBody {
		largeBodies.put(body)
		body = nil
	}
	*r = Response{Body: body}
}

// plain makes r a response that is not one of a service's operations.
func (r *Response) plain(status int, contentType, body string) {
	r.Status = status
	r.ContentType = contentType
	r.Body = append(r.Body[:0], body...)
}

// unknown is the answer to what cannot be an operation: the status and the body
// that DynamoDB gives to other methods and other content types.
func (r *Response) unknown() {
	r.plain(http.StatusNotFound, "", "<UnknownOperationException/>\n")
}
