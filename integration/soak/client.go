package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// client sends requests and tries none of them twice.
type client struct {
	url  string
	http http.Client
}

// patience is how long an answer may take, long polls included. A server that is
// killed answers at once: its connections are closed.
const patience = 30 * time.Second

func newClient(url string) *client {
	return &client{url: url, http: http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// refusal is an answer that says no.
type refusal struct {
	Status  int
	Type    string `json:"__type"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return fmt.Sprintf("HTTP %d, %s: %s", r.Status, r.Type, r.Message) }

func asRefusal(err error) (*refusal, bool) {
	var r *refusal
	ok := errors.As(err, &r)
	return r, ok
}

// is reports whether the refusal is of a type.
func (r *refusal) is(name string) bool { return strings.HasSuffix(r.Type, "#"+name) }

const authorization = "AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/x/aws4_request, " +
	"SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000"

// Services, as X-Amz-Target begins.
const (
	tables  = "DynamoDB_20120810."
	streams = "DynamoDBStreams_20120810."
	queues  = "AmazonSQS."
)

// errStopping is the answer of a server that was sent SIGTERM.
var errStopping = errors.New("the server is stopping")

// call sends a request. The error is a *refusal if there was an answer; otherwise
// nobody knows whether the request was carried out.
func (c *client) call(target string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		panic(err) // maps and structs of strings
	}
	req, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", target)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Date", "20260101T000000Z")
	req.Header.Set("Authorization", authorization)
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(resp.Body)
	if err := firstOf(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode == http.StatusServiceUnavailable {
		return errStopping
	}
	if resp.StatusCode != http.StatusOK {
		r := &refusal{Status: resp.StatusCode}
		_ = json.Unmarshal(answer, r) // what does not read has no type
		return r
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// object is a JSON object.
type object map[string]any

// value is an attribute value.
type value struct {
	S string `json:",omitempty"`
	N string `json:",omitempty"`
}

type item map[string]value

func number(n int) value { return value{N: strconv.Itoa(n)} }

// int returns the number of an attribute, 0 if there is none.
func (i item) int(name string) int {
	n, _ := strconv.Atoi(i[name].N)
	return n
}

// get reads an item consistently; it is nil if there is none.
func (c *client) get(table, key string) (item, error) {
	var out struct{ Item item }
	err := c.call(tables+"GetItem", object{"TableName": table, "Key": item{"k": {S: key}}, "ConsistentRead": true}, &out)
	return out.Item, err
}

// createTable makes a table with the key k, and more that extra says.
func (c *client) createTable(name string, attributes []object, extra object) error {
	in := object{
		"TableName": name, "BillingMode": "PAY_PER_REQUEST",
		"AttributeDefinitions": append([]object{{"AttributeName": "k", "AttributeType": "S"}}, attributes...),
		"KeySchema":            []object{{"AttributeName": "k", "KeyType": "HASH"}},
	}
	for k, v := range extra {
		in[k] = v
	}
	return c.call(tables+"CreateTable", in, nil)
}
