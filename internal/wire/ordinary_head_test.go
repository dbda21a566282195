package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

const sdkHead = "POST / HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\ncontent-type:application/x-amz-json-1.0\r\n" +
	"Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=c\r\nX-Amz-Date: \t20260101T000000Z \r\nX-Amz-Security-Token: t\r\nAccept: */*\r\naccept: text/plain\r\n" +
	"traceparent: 00-1\r\nConnection: Keep-Alive\r\nContent-Length: 12\r\n\r\n"

func TestOrdinaryHead(t *testing.T) {
	var h ordinaryHead
	if !h.parse([]byte(sdkHead)) {
		t.Fatal("what SDKs send is not ordinary")
	}
	if h.host != "localhost:8000" || h.length != 12 {
		t.Errorf("host %q, length %d", h.host, h.length)
	}
	for name, want := range map[string]string{
		"X-Amz-Target": "DynamoDB_20120810.GetItem", "Content-Type": "application/x-amz-json-1.0", "X-Amz-Date": "20260101T000000Z",
		"Authorization": "AWS4-HMAC-SHA256 Credential=a/b, Signature=c", "X-Amz-Security-Token": "t", "Traceparent": "00-1",
		"Accept": "*/*", "Content-Length": "12", "Origin": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := h.Joined("Accept"); got != "*/*,text/plain" {
		t.Errorf("joined: %q", got)
	}
	if h.parse([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")) && (h.Get("X-Amz-Target") != "" || h.Joined("Accept") != "") {
		t.Error("headers of the request before are left")
	}
}

// What could be read in two ways, or asks for more than an answer, is not ordinary.
func TestNotOrdinary(t *testing.T) {
	const good = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
	var h ordinaryHead
	if !h.parse([]byte(good)) {
		t.Fatal("the request that the others are made of is not ordinary")
	}
	with := func(line string) string { return strings.Replace(good, "Host", line+"\r\nHost", 1) }
	for name, head := range map[string]string{
		"another method":           strings.Replace(good, "POST", "PUT", 1),
		"another path":             strings.Replace(good, "/ ", "/q ", 1),
		"a query":                  strings.Replace(good, "/ ", "/?a ", 1),
		"another version":          strings.Replace(good, "1.1", "1.0", 1),
		"no host":                  strings.Replace(good, "Host: a\r\n", "", 1),
		"an empty host":            strings.Replace(good, "Host: a", "Host: ", 1),
		"a host with a blank":      strings.Replace(good, ": a", ": a b", 1),
		"a port without a host":    strings.Replace(good, ": a", ": :8000", 1),
		"a port that is none":      strings.Replace(good, ": a", ": a:b", 1),
		"a host without its port":  strings.Replace(good, ": a", ": a:", 1),
		"an IPv6 address":          strings.Replace(good, ": a", ": [::1]:8000", 1),
		"two hosts":                with("host: b"),
		"no length":                strings.Replace(good, "Content-Length: 2\r\n", "", 1),
		"two lengths":              with("Content-Length: 2"),
		"a length with a sign":     strings.Replace(good, ": 2", ": +2", 1),
		"a length in hex":          strings.Replace(good, ": 2", ": 0x2", 1),
		"no digits":                strings.Replace(good, ": 2", ":", 1),
		"a large body":             strings.Replace(good, ": 2", ": "+strconv.Itoa(smallBody+1), 1),
		"a very large body":        strings.Replace(good, ": 2", ": 18446744073709551618", 1),
		"chunked":                  with("Transfer-Encoding: chunked"),
		"chunked, small":           with("transfer-encoding: chunked"),
		"an expectation":           with("Expect: 100-continue"),
		"a connection to close":    with("Connection: close"),
		"a connection to list":     with("Connection: keep-alive, x"),
		"an upgrade":               with("Upgrade: h2c"),
		"a trailer":                with("Trailer: x"),
		"two content types":        with("Content-Type: a\r\nContent-Type: b"),
		"a blank before the colon": with("A : b"),
		"a folded line":            with("A: b\r\n c"),
		"a line feed":              strings.Replace(good, "a\r\n", "a\n", 1),
		"a carriage return":        with("A: b\rc"),
		"a zero byte":              with("A: b\x00c"),
		"a control character":      with("A: b\x7f"),
		"beyond ASCII":             with("A: \xc3\xa4"),
		"no name":                  with(": b"),
		"no colon":                 with("A"),
		"many headers":             with(strings.TrimSuffix(strings.Repeat("A: b\r\n", maxOrdinaryHeaders), "\r\n")),
	} {
		if h.parse([]byte(head)) {
			t.Errorf("%s: %q is ordinary", name, head)
		}
	}
	if !h.parse([]byte(strings.Replace(good, ": 2", ": "+strconv.Itoa(smallBody), 1))) {
		t.Error("a small body is not ordinary")
	}
	for n := range good {
		if h.parse([]byte(good[:n])) {
			t.Errorf("the first %d bytes are ordinary", n)
		}
	}
}

// FuzzOrdinaryHead: what is ordinary means to net/http what it means here.
func FuzzOrdinaryHead(f *testing.F) {
	f.Add([]byte(sdkHead))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nA:b\r\na: \t c \r\n\r\n"))
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00002\r\nConnection: keep-alive\r\n\r\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		var h ordinaryHead
		if !h.parse(head) {
			return
		}
		body := bytes.Repeat([]byte("x"), h.length)
		r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(head), bytes.NewReader(body), strings.NewReader("next"))))
		if err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		got, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(got, body) {
			t.Fatalf("%q: the body has %d bytes (%v)", head, len(got), err)
		}
		if r.Method != http.MethodPost || r.RequestURI != "/" || r.Host != h.host || r.Close || len(r.TransferEncoding) > 0 {
			t.Fatalf("%q: %+v", head, r)
		}
		theirs := (*httpHeader)(r)
		for name := range r.Header {
			if a, b := h.Get(name), theirs.Get(name); a != b {
				t.Errorf("%q: %s is %q, to net/http %q", head, name, a, b)
			}
			if a, b := h.Joined(name), theirs.Joined(name); a != b && name != "Content-Length" {
				t.Errorf("%q: %s is %q, to net/http %q", head, name, a, b)
			}
		}
		if len(r.Header) > h.n {
			t.Errorf("%q: %d headers, to net/http %d", head, h.n, len(r.Header))
		}
	})
}

// BenchmarkOrdinaryHead is what the head of a request costs.
func BenchmarkOrdinaryHead(b *testing.B) {
	var h ordinaryHead
	head := []byte(sdkHead)
	b.SetBytes(int64(len(head)))
	for b.Loop() {
		if !h.parse(head) {
			b.Fatalf("%q", head)
		}
	}
}
