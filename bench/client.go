package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// client sends requests over kept-alive connections. It names a credential,
// as every SDK does, and spends nothing on signing: servers here verify none.
type client struct {
	http  fasthttp.HostClient
	url   string
	query bool // queues speak only the query protocol
}

const (
	ddb = "DynamoDB_20120810."
	sqs = "AmazonSQS."
)

// authorization names the service: some engines find it there.
func authorization(service string) string {
	return "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/" + service + "/aws4_request, " +
		"SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000"
}

var tablesAuthorization, queuesAuthorization = authorization("dynamodb"), authorization("sqs")

func newClient(p *process) *client {
	c := &client{url: p.url, query: p.spec.query}
	c.http.Addr = p.url[len("http://"):]
	c.http.MaxConns = 4096
	c.http.ReadTimeout = 10 * time.Second // longer than any poll; who takes that long has failed
	return c
}

// call sends one request of the JSON protocol and returns the body of a
// success in into.
func (c *client) call(target string, body []byte, into *fasthttp.Response) error {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI(c.url + "/")
	req.Header.SetContentType("application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Authorization", queuesAuthorization)
	if strings.HasPrefix(target, ddb) || strings.HasPrefix(target, "Levee.") {
		req.Header.Set("Authorization", tablesAuthorization)
	}
	return c.send(req, target, body, into)
}

// form sends one request of the query protocol to the path of a queue.
func (c *client) form(path, action string, body []byte, into *fasthttp.Response) error {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI(c.url + path)
	req.Header.SetContentType("application/x-www-form-urlencoded")
	req.Header.Set("Authorization", queuesAuthorization)
	return c.send(req, action, body, into)
}

func (c *client) send(req *fasthttp.Request, name string, body []byte, into *fasthttp.Response) error {
	req.Header.SetMethod("POST")
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.SetBodyRaw(body)
	if err := c.http.Do(req, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if into.StatusCode() != fasthttp.StatusOK {
		return fmt.Errorf("%s: HTTP %d: %.300s", name, into.StatusCode(), into.Body())
	}
	return nil
}

// do is call for requests whose answer nobody reads.
func (c *client) do(target, body string) error {
	_, err := c.ask(target, body)
	return err
}

// ask is call for requests whose answer is kept.
func (c *client) ask(target, body string) (string, error) {
	resp := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(resp)
	err := c.call(target, []byte(body), resp)
	return string(resp.Body()), err
}
