package main

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"github.com/valyala/fasthttp"
)

// The floor is the least that could answer: a transport, one pass over the
// body, one batch or one read of the store, and `{}`. It knows no tables and no
// queues, and says yes to everything. Each figure of an engine reads as a
// multiple of it: what the machine allows.

// floorMain is the command bench floor.
func floorMain(args []string) error {
	flags := flag.NewFlagSet("floor", flag.ExitOnError)
	addr := flags.String("addr", "127.0.0.1:8000", "address to listen on")
	data := flags.String("data", "", "directory of the data; memory without")
	transport := flags.String("transport", "fasthttp", "fasthttp or net/http")
	if err := flags.Parse(args); err != nil {
		return err
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) // for the one sync that it has under way, see internal/processors
	store, err := openFloorStore(*data)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- serveFloor(*addr, *transport, store) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	select {
	case err := <-failed:
		return err
	case <-stop:
		return store.close()
	}
}

func serveFloor(addr, transport string, store floorStore) error {
	if transport == "net/http" {
		return http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			_, _ = w.Write(floorAnswer(store, r.Header.Get("X-Amz-Target"), body))
		}))
	}
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/x-amz-json-1.0")
		ctx.SetBody(floorAnswer(store, string(ctx.Request.Header.Peek("X-Amz-Target")), ctx.Request.Body()))
	}}
	return s.ListenAndServe(addr)
}

var (
	floorEmpty  = []byte(`{}`)
	floorActive = []byte(`{"Table":{"TableStatus":"ACTIVE"}}`)
	floorQueue  = []byte(`{"QueueUrl":"http://floor/000000000000/queue"}`)
	floorOne    = []byte(`{"Messages":[{"ReceiptHandle":"handle"}]}`)
	floorTen    = []byte(`{"Messages":[` + strings.Repeat(`{"ReceiptHandle":"handle"},`, 9) + `{"ReceiptHandle":"handle"}]}`)
	floorFailed = []byte(`{"__type":"InternalServerError"}`)
)

// floorAnswer does what no answer to the request could do without.
func floorAnswer(store floorStore, target string, body []byte) []byte {
	if !balanced(body) {
		return floorFailed
	}
	answer, err := floorEmpty, error(nil)
	switch target[strings.IndexByte(target, '.')+1:] {
	case "GetItem":
		err = store.read(1)
	case "Query":
		err = store.scan(10)
	case "PutItem", "UpdateItem", "TransactWriteItems", "SendMessage", "DeleteMessage":
		err = store.write(body, 1)
	case "BatchWriteItem":
		err = store.write(body, 25)
	case "SendMessageBatch", "DeleteMessageBatch":
		err = store.write(body, 10)
	case "ReceiveMessage":
		n := 1
		answer = floorOne
		if bytes.Contains(body, []byte(`"MaxNumberOfMessages":10`)) {
			n, answer = 10, floorTen
		}
		err = store.read(n)
	case "DescribeTable":
		answer = floorActive
	case "CreateQueue":
		answer = floorQueue
	}
	if err != nil {
		return floorFailed
	}
	return answer
}

// balanced is the one pass over the body: every byte is looked at, strings are
// told from structure.
func balanced(body []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
	}
	return depth == 0 && !inString
}
