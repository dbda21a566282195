package wire

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/cloudwatchapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// The query protocol is what SQS spoke before it spoke JSON, and speaks still:
// parameters in the query string, in a form, or in both; the answer is XML. Of
// the services here SQS has it, and CloudWatch, which the scope of the signature tells
// apart.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
const (
	formType  = "application/x-www-form-urlencoded"
	xmlType   = "text/xml"
	xmlPrefix = `<?xml version="1.0"?>`
)

// isQuery reports whether a request that names no operation in a header is one of
// the query protocol.
func isQuery(req *Request) bool {
	switch req.Method {
	case http.MethodPost:
		return isForm(req) || len(req.Body) == 0 && hasAction(req.Query)
	case http.MethodGet:
		return hasAction(req.Query)
	}
	return false
}

func isForm(req *Request) bool {
	given, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(given), formType)
}

// hasAction reports whether a query string names an operation, or the version of
// the protocol without one.
func hasAction(query string) bool {
	for param := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(param, "="); name == "Action" || name == "Version" {
			return true
		}
	}
	return false
}

// parseQuery reads the parameters, and finds the operation that they name.
func (x *exchange) parseQuery() {
	body := ""
	if isForm(x.req) {
		body = alias(x.req.Body)
	}
	x.form, x.formErr = api.ParseForm(x.req.Query, body)
	target := sqsapi.Target
	if x.service = sqs; inScope(x.req, monitoring) {
		x.service, target = monitoring, cloudwatchapi.Target
	}
	x.route = x.e.routes[target+"."+x.form.At("Action").String().V]
	x.resp.ContentType = xmlType
}

// runQuery takes a request of the query protocol through all its steps.
func (x *exchange) runQuery(ctx context.Context) error {
	if err := x.checkAction(); err != nil {
		return err
	}
	id, err := x.identifyQuery()
	if err != nil {
		return err
	}
	in := x.route.New().(api.QueryInput)
	if err := x.readQuery(in); err != nil {
		return err
	}
	out, err := x.handle(ctx, id, in)
	if err != nil {
		return err
	}
	x.resp.Body = x.appendAnswer(x.resp.Body[:0], out.(api.QueryOutput))
	return nil
}

// checkAction checks that the parameters could be read and name an operation.
func (x *exchange) checkAction() error {
	action := x.form.At("Action").String()
	switch {
	case errors.Is(x.formErr, api.ErrTooManyElements):
		return api.Errorf("InvalidQueryParameter", "Too many parameters.")
	case x.formErr != nil:
		return api.Errorf("MalformedQueryString", "The query string contains a syntax error.")
	case action.V == "":
		return api.Errorf("MissingAction", "The request must contain the parameter Action.")
	case x.route == nil || x.route.Handle == nil:
		return api.Errorf("InvalidAction", "The action %s is not valid for this endpoint.", action.V)
	}
	return nil
}

// identifyQuery finds out who sent the request. Where any key is accepted, one of
// the signature versions before 4 will do, which stand among the parameters and
// are not looked at.
func (x *exchange) identifyQuery() (*identity, error) {
	key := x.form.At("AWSAccessKeyId").String()
	if key.OK && x.e.auth.keys == nil && x.req.Header.Get("Authorization") == "" {
		return x.e.auth.resolve(key.V + "/00000000/" + regionOf(x.req.Host) + "/sqs/aws4_request")
	}
	return x.e.auth.authenticate(x.req, x.service)
}

// regionOf returns the region that a host of SQS names, such as
// sqs.eu-west-1.amazonaws.com or eu-west-1.queue.localhost. The oldest region is
// that of all other hosts, as it is of queue.amazonaws.com.
func regionOf(host string) string {
	parts := strings.Split(host, ".")
	switch {
	case len(parts) > 2 && parts[0] == "sqs" && isRegion(parts[1]):
		return parts[1]
	case len(parts) > 2 && parts[1] == "queue" && isRegion(parts[0]):
		return parts[0]
	}
	return "us-east-1"
}

// readQuery fills and checks the request shape.
func (x *exchange) readQuery(in api.QueryInput) error {
	in.ReadQuery(x.form.WithDefault("QueueUrl", queuePath(x.req.Path)))
	if err := x.form.Err(); err != nil {
		return err
	}
	if x.service != sqs {
		in.Validate(&x.violations)
		return x.violations.Err()
	}
	in.Validate(&x.violations)
	missing := x.violations.Missing()
	if missing == "Entries" {
		return api.Errorf(sqsapi.CodeEmptyBatchRequest, "There should be at least one %sRequestEntry in the request.", x.route.Name)
	}
	return missingParameter(missing)
}

// queuePath returns the path of a request if it is that of a queue, as
// /123456789012/name with or without a slash at its end: that is how a request without
// QueueUrl says which one.
func queuePath(path string) string {
	path = strings.TrimSuffix(path, "/")
	parts := strings.Split(path, "/")
	if len(parts) != 3 || parts[0] != "" || !isAccount(parts[1]) || parts[2] == "" {
		return ""
	}
	return strings.Clone(unescape(path))
}

// appendAnswer appends what an operation returned.
func (x *exchange) appendAnswer(b []byte, out api.QueryOutput) []byte {
	name := x.route.Name
	b = append(b, xmlPrefix+"<"...)
	b = append(b, name...)
	b = append(b, `Response xmlns="`+x.service.xmlns+`">`...)
	if _, none := out.(*api.Empty); !none {
		b = append(b, "<"+name+"Result>"...)
		b = out.AppendXML(b)
		b = append(b, "</"+name+"Result>"...)
	}
	b = append(b, "<ResponseMetadata>"...)
	b = api.AppendXMLString(b, "RequestId", x.resp.RequestID)
	b = append(b, "</ResponseMetadata></"...)
	b = append(b, name...)
	return append(b, "Response>"...)
}

// writeQueryError makes resp the response of the query protocol that carries an
// error.
func writeQueryError(resp *Response, svc *service, err *api.Error) {
	rule := svc.errors[err.Code]
	resp.Status = status(err, rule)
	code, kind, _ := strings.Cut(queryError(err, rule), ";")
	message := err.Message
	if rule.queryText != "" {
		message = rule.queryText
	}
	b := append(resp.Body[:0], xmlPrefix+`<ErrorResponse xmlns="`+svc.xmlns+`"><Error>`...)
	b = api.AppendXMLString(b, "Type", kind)
	b = api.AppendXMLString(b, "Code", code)
	b = api.AppendXMLString(b, "Message", message)
	b = append(b, "<Detail/></Error>"...)
	b = api.AppendXMLString(b, "RequestId", resp.RequestID)
	resp.Body = append(b, "</ErrorResponse>"...)
}
