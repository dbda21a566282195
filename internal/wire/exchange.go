package wire

import (
	"context"
	"errors"
	"hash/crc32"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// The content types of AWS JSON.
const (
	json10    = "application/x-amz-json-1.0"
	json11    = "application/x-amz-json-1.1"
	plainJSON = "application/json"
)

// protocol is how a request says what it asks for.
type protocol uint8

const (
	awsJSON  protocol = iota // by a header
	awsQuery                 // by a parameter: query.go
	restJSON                 // by method and path: rest.go
	rpcCBOR                  // by path: cbor.go
)

// exchange is one request on its way to a response. It is pooled.
type exchange struct {
	e    *Endpoint
	req  *Request
	resp *Response

	route    *route // nil if the target is unknown
	service  *service
	code     string // of the error that was answered
	protocol protocol
	body     []byte // of AWS JSON, as it came or made of CBOR
	// form is the parameters of the query protocol, unless formErr says why they
	// cannot be read.
	form    api.Form
	formErr error
	labels  map[string]string // of the path, in REST JSON

	decoder    jsontok.Decoder
	violations api.Violations
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(e *Endpoint, req *Request, resp *Response) *exchange {
	x := exchanges.Get().(*exchange)
	x.e, x.req, x.resp = e, req, resp
	x.code = ""
	switch x.protocol = protocolOf(req); x.protocol {
	case awsQuery:
		x.parseQuery()
	case restJSON:
		x.route, x.labels = e.rest.find(req)
		x.service = restService(req.Path)
	case rpcCBOR:
		x.route, x.service = e.findRPC(req.Path)
	default:
		x.route, x.service = e.find(req)
	}
	x.body = req.Body
	resp.Status = http.StatusOK
	resp.RequestID = x.service.newID()
	return x
}

// protocolOf tells which protocol a request is of. That of most is AWS JSON, at /.
func protocolOf(req *Request) protocol {
	switch {
	case req.Header.Get("X-Amz-Target") != "":
		return awsJSON
	case isRESTPath(req.Path):
		return restJSON
	case strings.HasPrefix(req.Path, rpcPath):
		return rpcCBOR
	case isQuery(req):
		return awsQuery
	}
	return awsJSON
}

func (x *exchange) release() {
	x.decoder.Reset(nil)
	x.violations = api.Violations{}
	x.form, x.formErr, x.labels = api.Form{}, nil, nil
	x.e, x.req, x.resp, x.body = nil, nil, nil, nil
	exchanges.Put(x)
}

// target returns the target of the request if there is such an operation.
func (x *exchange) target() string {
	if x.route == nil {
		return ""
	}
	return x.route.target
}

func (x *exchange) serve(ctx context.Context) {
	defer x.checksum()
	defer x.inCBOR() // after recover, whose error is made CBOR, too
	defer x.recover()
	switch {
	case x.e.closed:
		x.fail(errUnavailable())
	case x.protocol == awsQuery:
		if err := x.runQuery(ctx); err != nil {
			x.fail(err)
		}
	case x.protocol == restJSON:
		if err := x.runREST(ctx); err != nil {
			x.fail(err)
		}
	case x.protocol == rpcCBOR:
		x.runRPC(ctx)
	case x.req.Method != http.MethodPost:
		servePlain(x.req, x.resp)
	case !x.acceptContentType():
		x.resp.unknown()
	default:
		if err := x.run(ctx); err != nil {
			x.fail(err)
		}
	}
}

// acceptContentType reports whether the body is of a type that the services
// take, and chooses the type of the response: the same.
func (x *exchange) acceptContentType() bool {
	given, _, _ := strings.Cut(x.req.Header.Get("Content-Type"), ";")
	switch strings.TrimSpace(given) {
	case json10:
		x.resp.ContentType = json10
	case json11:
		x.resp.ContentType = json11
	case plainJSON:
		x.resp.ContentType = plainJSON
	default:
		x.resp.ContentType = plainJSON
		return len(x.req.Body) == 0
	}
	return true
}

// run takes the request through all its steps. On success the response is
// complete.
func (x *exchange) run(ctx context.Context) error {
	if x.route == nil || x.route.Handle == nil {
		return x.unlessMalformed(errUnknownOperation())
	}
	id, err := x.e.auth.authenticate(x.req, x.service)
	if err != nil {
		return x.unlessMalformed(err)
	}
	in := x.route.New()
	if err := x.read(in); err != nil {
		return err
	}
	out, err := x.handle(ctx, id, in)
	if err != nil {
		return err
	}
	x.resp.Body = out.AppendJSON(largeBodies.room(x.resp.Body, out))
	return nil
}

// handle runs the operation.
func (x *exchange) handle(ctx context.Context, id *identity, in api.Input) (api.Output, error) {
	caller := &api.Caller{
		Namespace: id.namespace,
		AccessKey: id.accessKey,
		BaseURL:   x.e.baseURL(x.req),
		RequestID: x.resp.RequestID,
		Remote:    x.req.Remote,
	}
	return x.route.Handle(ctx, caller, in)
}

// read fills and checks the request shape.
func (x *exchange) read(in api.Input) error {
	if check := x.route.Body; check != nil {
		if err := check(x.body); err != nil {
			return err
		}
	}
	d := &x.decoder
	d.Reset(x.body)
	in.ReadJSON(d)
	if err := d.End(); err != nil {
		return x.unlessMalformed(serializationError(x.body, err, x.service))
	}
	v := &x.violations
	in.Validate(v)
	if !x.service.generated {
		return missingParameter(v.Missing())
	}
	if err := v.Err(); err != nil {
		return err
	}
	if err := d.Noted(); err != nil {
		return x.route.Values.Refusal(err)
	}
	return nil
}

// unlessMalformed returns err, or the error of a body that is not JSON, which
// comes before all others.
func (x *exchange) unlessMalformed(err error) error {
	if len(x.body) == 0 {
		return err
	}
	x.decoder.Reset(x.body)
	x.decoder.Skip()
	if x.decoder.End() != nil {
		return errMalformed()
	}
	return err
}

// fail answers with an error.
func (x *exchange) fail(err error) {
	var typed *api.Error
	switch {
	case errors.As(err, &typed):
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, errClosed):
		typed = errUnavailable() // the client is gone, or will try again elsewhere
	default:
		x.e.log.Error("request failed unexpectedly", "target", x.target(), "requestId", x.resp.RequestID, "err", err)
		typed = errInternal()
	}
	x.refuse(typed)
}

// refuse answers with an error in the protocol of the request.
func (x *exchange) refuse(err *api.Error) {
	x.code = err.Code
	switch x.protocol {
	case awsQuery:
		writeQueryError(x.resp, x.service, err)
	case restJSON:
		writeRESTError(x.resp, x.service, err)
	default:
		writeError(x.resp, x.service, err)
	}
}

// recover answers a panic as an unexpected error.
func (x *exchange) recover() {
	if cause := recover(); cause != nil {
		x.e.log.Error("request panicked", "target", x.target(), "requestId", x.resp.RequestID,
			"panic", cause, "stack", string(debug.Stack()))
		x.refuse(errInternal())
	}
}

func (x *exchange) checksum() {
	if x.service.crc32 {
		x.resp.CRC32 = crc32.ChecksumIEEE(x.resp.Body)
		x.resp.HasCRC32 = true
	}
}
