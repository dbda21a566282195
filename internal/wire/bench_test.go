package wire_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/levee-io/levee/internal/wire"
)

// BenchmarkServe is what the protocol costs without a transport.
func BenchmarkServe(b *testing.B) {
	for name, keys := range map[string]wire.Keys{"any-key": nil, "verified": authKeys} {
		b.Run(name, func(b *testing.B) {
			e := wire.New(wire.Options{Operations: newFake().operations(), Keys: keys})
			req, resp := benchRequest(b)
			b.ReportAllocs()
			for b.Loop() {
				resp.Reset()
				e.Serve(b.Context(), &req, &resp)
				if resp.Status != 200 {
					b.Fatalf("%d %s", resp.Status, resp.Body)
				}
			}
		})
	}
}

// BenchmarkTransport is a request over loopback, client included.
func BenchmarkTransport(b *testing.B) {
	c := call{target: "DynamoDB_20120810.GetItem", body: benchBody}
	for name, start := range map[string]func(testing.TB, *wire.Endpoint) transport{
		"net-http": startNetHTTP, "server": startPlain, "in-process": startClient,
	} {
		b.Run(name, func(b *testing.B) {
			tr := start(b, wire.New(wire.Options{Operations: newFake().operations()}))
			b.ReportAllocs()
			for b.Loop() {
				tr.send(b, c)
			}
		})
	}
}

const benchBody = `{"TableName":"some","Key":{"id":{"S":"0123456789"},"sk":{"N":"42"}},"ConsistentRead":true}`

// benchRequest returns a request whose signature is good.
func benchRequest(b *testing.B) (wire.Request, wire.Response) {
	r, err := http.NewRequest(http.MethodPost, "http://levee.test/", strings.NewReader(benchBody))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	sum := sha256.Sum256([]byte(benchBody))
	creds := aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: authKeys["AKIDEXAMPLE"].Secret}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(sum[:]), "dynamodb", "us-east-1", time.Now()); err != nil {
		b.Fatal(err)
	}
	header := fuzzHeader{"Content-Length": strconv.Itoa(len(benchBody))}
	for name := range r.Header {
		header[name] = r.Header.Get(name)
	}
	return wire.Request{Method: "POST", Path: "/", Host: "levee.test", Header: header, Body: []byte(benchBody)}, wire.Response{}
}
