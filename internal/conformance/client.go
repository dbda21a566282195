package conformance

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// client sends steps to an endpoint, and signs them.
type client struct {
	http        *http.Client
	endpoint    func(service string) string
	region      string
	credentials aws.CredentialsProvider
	signer      *v4.Signer
}

// answer is what came back.
type answer struct {
	protocol protocol
	status   int
	header   http.Header
	body     []byte
	decoded  any    // the body, nil if it cannot be understood
	code     string // of an error, "" if it is none
	message  string
}

// service is one of those that a request may be for.
type service struct {
	name    string // in the scope of a signature, and in host names
	target  string
	content string
}

var (
	tables  = service{"dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0"}
	streams = service{"dynamodb", "DynamoDBStreams_20120810", "application/x-amz-json-1.0"}
	queues  = service{"sqs", "AmazonSQS", "application/x-amz-json-1.0"}
)

// serviceOf returns the service that has an operation.
func serviceOf(op string) service {
	switch op {
	case "ListStreams", "DescribeStream", "GetShardIterator", "GetRecords":
		return streams
	}
	if queryAction(op) {
		return queues
	}
	return tables
}

// host is the name of the service's endpoint at AWS.
func (s service) host() string {
	if s == streams {
		return "streams.dynamodb"
	}
	return s.name
}

// do sends a step and returns the answer. An error means that there was none.
func (c *client) do(ctx context.Context, s *step, proto protocol, v vars) (*answer, error) {
	svc := serviceOf(s.op)
	if svc != queues {
		proto = jsonProtocol
	}
	body, err := payload(s, proto, v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint(svc.host()), nil)
	if err != nil {
		return nil, err
	}
	if proto == queryProtocol {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		req.Header.Set("Content-Type", svc.content)
		req.Header.Set("X-Amz-Target", svc.target+"."+s.op)
	}
	if body, err = alter(req, body, s.changes, v); err != nil {
		return nil, err
	}
	setBody(req, body)
	if err := c.sign(ctx, req, body, svc, s.changes); err != nil {
		return nil, err
	}
	return c.send(req, proto)
}

func payload(s *step, proto protocol, v vars) ([]byte, error) {
	if proto == queryProtocol {
		return queryBody(s.op, s.body, v)
	}
	var b bytes.Buffer
	err := appendJSON(&b, s.body, v)
	return b.Bytes(), err
}

// alter makes the changes that have to be made before a request is signed.
func alter(req *http.Request, body []byte, changes []change, v vars) ([]byte, error) {
	for _, c := range changes {
		value, err := v.fill(c.value)
		if err != nil {
			return nil, err
		}
		switch c.what {
		case "method":
			req.Method = value
		case "path":
			req.URL.Path = value
		case "query":
			req.URL.RawQuery = value
		case "body":
			body = []byte(value)
		case "header":
			req.Header.Set(c.name, value)
		case "no":
			req.Header.Del(value)
		}
	}
	if req.Method == http.MethodGet {
		body = nil
	}
	return body, nil
}

func setBody(req *http.Request, body []byte) {
	req.ContentLength = int64(len(body))
	req.Body = http.NoBody
	if len(body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
}

// sign signs a request, and makes the changes to what signing adds.
func (c *client) sign(ctx context.Context, req *http.Request, body []byte, svc service, changes []change) error {
	for _, ch := range changes {
		if ch.what == "unsigned" {
			return nil
		}
	}
	creds, err := c.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	err = c.signer.SignHTTP(ctx, creds, req, hex.EncodeToString(sum[:]), svc.name, c.region, time.Now())
	for _, ch := range changes {
		switch {
		case ch.what == "header" && signed(ch.name):
			req.Header.Set(ch.name, ch.value)
		case ch.what == "no" && signed(ch.value):
			req.Header.Del(ch.value)
		}
	}
	return err
}

// signed reports whether a header is one that signing adds.
func signed(name string) bool {
	return strings.EqualFold(name, "Authorization") || strings.EqualFold(name, "X-Amz-Date")
}

func (c *client) send(req *http.Request, proto protocol) (*answer, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{protocol: proto, status: resp.StatusCode, header: resp.Header, body: body}
	if proto == queryProtocol {
		a.decodeXML()
	} else {
		a.decodeJSON()
	}
	return a, nil
}

func (a *answer) decodeJSON() {
	v, err := decodeJSON(a.body)
	if err != nil {
		return
	}
	a.decoded = v
	o, ok := v.(map[string]any)
	if !ok || a.status < 300 {
		return
	}
	a.code, _ = o["__type"].(string)
	if i := strings.LastIndexByte(a.code, '#'); i >= 0 {
		a.code = a.code[i+1:]
	}
	if a.message, ok = o["message"].(string); !ok {
		a.message, _ = o["Message"].(string)
	}
}

// nameOf is what the protocol of the answer calls an error.
func (a *answer) nameOf(code string) string {
	if a.protocol == queryProtocol {
		return queryCode(code)
	}
	return code
}

// endpoints returns where the services are: at one address, or at AWS.
func endpoints(endpoint, region string) (func(service string) string, error) {
	if endpoint == "aws" {
		return func(service string) string { return "https://" + service + "." + region + ".amazonaws.com/" }, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "" || u.Host == "" {
		return nil, fmt.Errorf("the endpoint is %q: want a URL, or aws", endpoint)
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return func(string) string { return u.String() }, nil
}
