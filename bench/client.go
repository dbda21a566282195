package main

import (
	"fmt"
	"time"

	"github.com/valyala/fasthttp"
)

// client sends requests over kept-alive connections. It names a credential,
// as every SDK does, and spends nothing on signing: the server verifies only
// with --auth.
type client struct {
	http fasthttp.HostClient
	url  string
}

const authorization = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, " +
	"SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000"

func newClient(url string) *client {
	c := &client{url: url}
	c.http.Addr = url[len("http://"):]
	c.http.MaxConns = 4096
	c.http.ReadTimeout = time.Minute
	return c
}

// call sends one request and returns the body of a success.
func (c *client) call(target string, body []byte, into *fasthttp.Response) error {
	req := fasthttp.AcquireRequest()
	defer fasthttp.ReleaseRequest(req)
	req.SetRequestURI(c.url + "/")
	req.Header.SetMethod("POST")
	req.Header.SetContentType("application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.Header.Set("Authorization", authorization)
	req.SetBodyRaw(body)
	if err := c.http.Do(req, into); err != nil {
		return err
	}
	if into.StatusCode() != 200 {
		return fmt.Errorf("%s: HTTP %d: %s", target, into.StatusCode(), into.Body())
	}
	return nil
}

// do is call for requests whose answer nobody reads.
func (c *client) do(target, body string) error {
	resp := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(resp)
	return c.call(target, []byte(body), resp)
}
