package wire

import (
	"context"
	"net/http"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// REST JSON is what Lambda and Pipes speak: method and path name the operation, and
// members of a shape may stand in the path, the query string, the headers, or be the
// body. Each path of Lambda begins with the date of its version, as
// /2015-03-31/functions; those of Pipes with /v1/pipes or, for tags, /tags/.

// isRESTPath reports whether a path is one of REST JSON. The paths of the others
// are / and those of queues, which begin with an account.
func isRESTPath(path string) bool { return isLambdaPath(path) || isPipesPath(path) }

func isLambdaPath(path string) bool {
	return len(path) > 11 && path[0] == '/' && path[5] == '-' && path[8] == '-' && path[11] == '/'
}

func isPipesPath(path string) bool {
	rest, ok := strings.CutPrefix(path, "/v1/pipes")
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '?') || strings.HasPrefix(path, "/tags/")
}

// restService is the service of a path that isRESTPath.
func restService(path string) *service {
	if isPipesPath(path) {
		return pipes
	}
	return lambda
}

// restRoutes are the routes by method and number of segments, few to each.
type restRoutes map[restKey][]restRoute

type restKey struct {
	method   string
	segments int
}

type restRoute struct {
	*route
	segments []string // labels in braces
	status   int
}

func (r *restRoutes) add(to *route) {
	at := to.Route
	segments := strings.Split(at.Path, "/")
	key := restKey{at.Method, len(segments)}
	if *r == nil {
		*r = restRoutes{}
	}
	(*r)[key] = append((*r)[key], restRoute{to, segments, at.Status})
}

// find returns the route of a request and the labels of its path; nil if there is
// none. A slash at the end does not count.
func (r restRoutes) find(req *Request) (*route, map[string]string) {
	given := strings.Split(strings.TrimSuffix(req.Path, "/"), "/")
	for _, candidate := range r[restKey{req.Method, len(given)}] {
		if labels, ok := candidate.match(given); ok {
			return candidate.route, labels
		}
	}
	return nil, nil
}

func (r *restRoute) match(given []string) (map[string]string, bool) {
	labels := map[string]string{}
	for i, want := range r.segments {
		if name, isLabel := strings.CutPrefix(want, "{"); isLabel {
			labels[strings.TrimSuffix(name, "}")] = strings.Clone(unescape(given[i]))
		} else if given[i] != want {
			return nil, false
		}
	}
	return labels, true
}

// runREST takes a request of REST JSON through all its steps.
func (x *exchange) runREST(ctx context.Context) error {
	x.resp.ContentType = plainJSON
	if x.route == nil || x.route.Handle == nil {
		return errUnknownOperation()
	}
	if err := x.checkOrigin(); err != nil {
		return err
	}
	id, err := x.e.auth.authenticate(x.req, x.service)
	if err != nil {
		return err
	}
	in := x.route.New().(api.RESTInput)
	if err := x.readREST(in); err != nil {
		return err
	}
	out, err := x.handle(ctx, id, in)
	if err != nil {
		return err
	}
	x.answerREST(out)
	return nil
}

// checkOrigin refuses the requests of pages in a browser where any access key is
// accepted: a page of any site may send to a server on the same machine, and
// what these operations do is run programs. Browsers name the origin of a page
// in every request that could change something.
func (x *exchange) checkOrigin() error {
	if x.e.auth.keys == nil && x.req.Header.Get("Origin") != "" {
		return api.Errorf("AccessDeniedException", "Requests from a browser are refused unless access keys are configured")
	}
	return nil
}

// readREST fills and checks the request shape.
func (x *exchange) readREST(in api.RESTInput) error {
	r := api.NewRESTRequest(x.labels, x.req.Query, x.req.Header.Get, x.req.Body)
	in.ReadREST(r)
	if r.Err() != nil {
		return errMalformed()
	}
	if !r.Raw() && len(x.req.Body) > 0 {
		d := &x.decoder
		d.Reset(x.req.Body)
		in.ReadJSON(d)
		if err := d.End(); err != nil {
			return x.unlessMalformed(serializationError(x.req.Body, err, x.service))
		}
	}
	in.Validate(&x.violations)
	return x.violations.Err()
}

// answerREST writes what an operation returned.
func (x *exchange) answerREST(out api.Output) {
	r := api.RESTResponse{Status: x.route.Route.Status}
	if parts, ok := out.(api.RESTOutput); ok {
		parts.WriteREST(&r)
	}
	x.resp.Status, x.resp.Header = r.Status, r.Headers
	switch {
	case r.Status == http.StatusNoContent:
		x.resp.Body = x.resp.Body[:0]
	case r.Raw:
		x.resp.Body = append(x.resp.Body[:0], r.Body...)
	default:
		x.resp.Body = out.AppendJSON(x.resp.Body[:0])
	}
}

// writeRESTError makes resp the response of REST JSON that carries an error: its
// code is in a header, and the body says whose fault it is.
func writeRESTError(resp *Response, svc *service, err *api.Error) {
	rule := svc.errors[err.Code]
	name, kind, member := rule.name, "User", `,"message":`
	if name == "" {
		name = err.Code
	}
	if err.Fault == api.Server {
		kind = "Service"
	}
	if rule.capital {
		member = `,"Message":`
	}
	resp.Status = status(err, rule)
	resp.ContentType = plainJSON
	resp.Header = append(resp.Header[:0], api.Entry[string]{Key: "x-amzn-ErrorType", Value: name})
	b := append(resp.Body[:0], `{"Type":"`...)
	b = append(b, kind...)
	b = append(b, '"')
	if len(err.Throttling) > 0 {
		b = append(b, `,"Reason":`...)
		b = jsontok.AppendString(b, err.Throttling[0].Reason)
	}
	if err.Message != "" {
		b = append(b, member...)
		b = appendText(b, err.Message)
	}
	resp.Body = append(b, '}')
}
