package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/server"
	"github.com/levee-io/levee/internal/wire"
)

// hostile is a server under attack.
type hostile struct {
	*testing.T
	srv  *server.Server
	addr string
}

func newHostile(t *testing.T, limits wire.Limits) *hostile {
	cfg := quiet()
	cfg.Limits = limits
	srv := open(t, cfg)
	return &hostile{t, srv, listen(t, srv)}
}

// connect sends some bytes on each of n connections, and leaves them open.
func (h *hostile) connect(n int, text string) []net.Conn {
	h.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conn, err := net.Dial("tcp", h.addr)
		if err != nil {
			h.Fatal(err)
		}
		h.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, text); err != nil {
			h.Fatal(err)
		}
		conns[i] = conn
	}
	return conns
}

// answer reads the answer on a connection.
func (h *hostile) answer(conn net.Conn) (status int, body string) {
	h.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// post sends a request on a connection of its own.
func (h *hostile) post(target, body string) (status int, answer string) {
	h.Helper()
	resp, err := http.DefaultClient.Do(request(target, "http://"+h.addr, body))
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// must is post of a request that has to succeed.
func (h *hostile) must(target, body string) string {
	h.Helper()
	status, answer := h.post(target, body)
	if status != http.StatusOK {
		h.Fatalf("%s: %d %s", target, status, answer)
	}
	return answer
}

// othersAreServed wants a usual request to be answered.
func (h *hostile) othersAreServed() {
	h.Helper()
	h.must("DynamoDB_20120810.ListTables", "{}")
}

// raw is a request as bytes; announced is its Content-Length.
func raw(target, body string, announced int) string {
	var b bytes.Buffer
	r := request(target, "http://levee/", "")
	r.Header.Set("Content-Length", fmt.Sprint(announced))
	fmt.Fprintf(&b, "POST / HTTP/1.1\r\nHost: levee\r\n")
	if err := r.Header.Write(&b); err != nil {
		panic(err)
	}
	return b.String() + "\r\n" + body
}

// memory is what the process holds, of both ends of its connections.
func memory() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse)
}

// TestSlowSenders: who does not send a whole request in time is disconnected.
func TestSlowSenders(t *testing.T) {
	h := newHostile(t, wire.Limits{RequestTime: 300 * time.Millisecond})
	var conns []net.Conn
	for _, text := range []string{
		"", "POST / HT", "POST / HTTP/1.1\r\nHost: levee\r\nA: ", raw("DynamoDB_20120810.ListTables", "", 2), raw("DynamoDB_20120810.ListTables", "{", 100_000),
		"POST / HTTP/1.1\r\nHost: levee\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{",
	} {
		conns = append(conns, h.connect(20, text)...)
	}
	h.othersAreServed()
	for _, conn := range conns {
		if answer, err := io.ReadAll(conn); err != nil || bytes.Contains(answer, []byte(" 200 ")) {
			t.Fatalf("%q, %v", answer, err)
		}
	}
}

// TestIdleConnections: a connection that waits for its next request costs little.
func TestIdleConnections(t *testing.T) {
	const n, each = 500, 100 << 10
	h := newHostile(t, wire.Limits{})
	before := memory()
	for _, conn := range h.connect(n, raw("DynamoDB_20120810.ListTables", "{}", 2)) {
		if status, _ := h.answer(conn); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
	}
	if grown := memory() - before; grown > n*each {
		t.Errorf("%d idle connections take %d bytes", n, grown)
	}
	h.othersAreServed()
}

// TestConnectionLimit: a connection too many is refused, and served later.
func TestConnectionLimit(t *testing.T) {
	h := newHostile(t, wire.Limits{Connections: 10})
	full := h.connect(10, raw("DynamoDB_20120810.ListTables", "{}", 2))
	for _, conn := range full {
		h.answer(conn)
	}
	if status, _ := h.answer(h.connect(1, raw("DynamoDB_20120810.ListTables", "{}", 2))[0]); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	full[0].Close()
	for status := 0; status != http.StatusOK; {
		conn := h.connect(1, raw("DynamoDB_20120810.ListTables", "{}", 2))[0]
		status, _ = h.answer(conn)
	}
}

// TestLongPolls: receivers that wait are in nobody's way, and each gets a message.
func TestLongPolls(t *testing.T) {
	const n, each = 400, 100 << 10
	h := newHostile(t, wire.Limits{})
	h.must("AmazonSQS.CreateQueue", `{"QueueName":"q"}`)
	poll := `{"QueueUrl":"` + queueURL + `","WaitTimeSeconds":20}`
	before := memory()
	conns := h.connect(n, raw("AmazonSQS.ReceiveMessage", poll, len(poll)))
	h.othersAreServed()
	if grown := memory() - before; grown > n*each {
		t.Errorf("%d long polls take %d bytes", n, grown)
	}
	for i := range n {
		h.must("AmazonSQS.SendMessage", fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":"message-%d."}`, queueURL, i))
	}
	var all strings.Builder
	for _, conn := range conns {
		_, body := h.answer(conn)
		all.WriteString(body)
	}
	for i := range n {
		if want := fmt.Sprintf("message-%d.", i); strings.Count(all.String(), want) != 1 {
			t.Errorf("%s was received %d times", want, strings.Count(all.String(), want))
		}
	}
}

// TestAnnouncedBodies: large bodies take no more memory than they may together,
// though they are only announced; small ones always have room.
func TestAnnouncedBodies(t *testing.T) {
	const n, size, room = 64, 15 << 20, 64 << 20
	for name, text := range map[string]string{
		"announced": raw("DynamoDB_20120810.BatchWriteItem", "{", size),
		"chunked":   strings.Replace(raw("DynamoDB_20120810.BatchWriteItem", "f00000\r\n{", 0), "Content-Length: 0", "Transfer-Encoding: chunked", 1),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostile(t, wire.Limits{BodyBytes: room})
			before := memory()
			conns := h.connect(n, text)
			refused := h.refused(conns, n-room/(15<<20))
			h.othersAreServed()
			if grown := memory() - before; grown > 2*room {
				t.Errorf("%d bodies take %d bytes", n, grown)
			}
			for _, conn := range conns {
				conn.Close()
			}
			large := `{"TableName":"` + strings.Repeat("x", 1<<20) + `"}`
			for status := http.StatusServiceUnavailable; status == http.StatusServiceUnavailable; {
				status, _ = h.post("DynamoDB_20120810.GetItem", large)
			}
			if refused == n {
				t.Error("all were refused")
			}
		})
	}
}

// refused waits for so many refusals and returns how many there are.
func (h *hostile) refused(conns []net.Conn, want int) int {
	h.Helper()
	answers := make(chan int, len(conns))
	for _, conn := range conns {
		go func() {
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				answers <- resp.StatusCode
			}
		}()
	}
	for range want {
		if status := <-answers; status != http.StatusServiceUnavailable {
			h.Errorf("status %d", status)
		}
	}
	return want + len(answers)
}

// TestIdleAfterLarge: what a large request and a large answer took is given back
// while their connection is idle.
func TestIdleAfterLarge(t *testing.T) {
	const n = 20
	h := newHostile(t, wire.Limits{})
	h.must("DynamoDB_20120810.CreateTable", hashTable("big", ""))
	item := fmt.Sprintf(`{"k":{"S":"a"},"x":{"S":%q}}`, strings.Repeat("x", 390<<10))
	put, get := `{"TableName":"big","Item":`+item+`}`, `{"TableName":"big","Key":{"k":{"S":"a"}}}`
	before := memory()
	conns := h.connect(n, raw("DynamoDB_20120810.PutItem", put, len(put)))
	for _, conn := range conns {
		if status, body := h.answer(conn); status != http.StatusOK {
			t.Fatal(body)
		}
		fmt.Fprint(conn, raw("DynamoDB_20120810.GetItem", get, len(get)))
		if _, body := h.answer(conn); len(body) < 390<<10 {
			t.Fatalf("%d bytes", len(body))
		}
	}
	if grown := memory() - before; grown > n*(390<<10)/2 {
		t.Errorf("%d idle connections take %d bytes", n, grown)
	}
}

func hashTable(name, more string) string {
	return fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]%s}`, name, more)
}

// TestBombs: requests that are small and mean much are refused.
func TestBombs(t *testing.T) {
	h := newHostile(t, wire.Limits{})
	h.must("DynamoDB_20120810.CreateTable", hashTable("bombs", ""))
	deep := func(open, shut string, n int) string { return strings.Repeat(open, n) + strings.Repeat(shut, n) }
	for name, body := range map[string]string{
		"lists":               `{"TableName":"bombs","Item":{"k":{"S":"a"},"x":` + strings.Repeat(`{"L":[`, 300_000) + strings.Repeat(`]}`, 300_000) + `}}`,
		"maps":                `{"TableName":"bombs","Item":{"k":{"S":"a"},"x":` + strings.Repeat(`{"M":{"a":`, 100_000) + `{"S":"a"}` + strings.Repeat(`}}`, 100_000) + `}}`,
		"arrays nobody reads": `{"TableName":"bombs","Nothing":` + deep("[", "]", 1_000_000) + `}`,
		"open arrays":         strings.Repeat("[", 1_000_000),
		"parentheses":         `{"TableName":"bombs","Item":{"k":{"S":"a"}},"ConditionExpression":"` + deep("(", ")", 2000) + `"}`,
		"negations":           `{"TableName":"bombs","Item":{"k":{"S":"a"}},"ConditionExpression":"` + strings.Repeat("NOT ", 1000) + `k = k"}`,
		"long expression":     `{"TableName":"bombs","Item":{"k":{"S":"a"}},"ConditionExpression":"` + strings.Repeat("a", 1_000_000) + `"}`,
		"number":              `{"TableName":"bombs","Item":{"k":{"S":"a"},"n":{"N":"1e999999999"}}}`,
		"digits":              `{"TableName":"bombs","Item":{"k":{"S":"a"},"n":{"N":"` + strings.Repeat("9", 1_000_000) + `"}}}`,
		"many placeholders":   `{"TableName":"bombs","Item":{"k":{"S":"a"}},"ExpressionAttributeNames":{` + strings.TrimSuffix(strings.Repeat(`"#a":"b",`, 100_000), ",") + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if status, answer := h.post("DynamoDB_20120810.PutItem", body); status != http.StatusBadRequest {
				t.Errorf("%d %.200s", status, answer)
			}
			h.othersAreServed()
		})
	}
}

// TestCostlyFilters: the dearest filters that are allowed are answered.
func TestCostlyFilters(t *testing.T) {
	h := newHostile(t, wire.Limits{})
	h.must("DynamoDB_20120810.CreateTable", hashTable("costly", ""))
	for i := range 4 {
		h.must("DynamoDB_20120810.PutItem", fmt.Sprintf(`{"TableName":"costly","Item":{"k":{"S":"%d"},"x":{"S":%q}}}`, i, strings.Repeat("a", 390<<10)))
	}
	needle := strings.Repeat("a", 1000) + "b"
	for _, filter := range []string{
		strings.TrimSuffix(strings.Repeat("contains(x,:v) OR ", 150), " OR "),
		"NOT " + strings.TrimSuffix(strings.Repeat("begins_with(x,:v) OR ", 120), " OR "),
		strings.TrimSuffix(strings.Repeat("x > :v AND ", 150), " AND "),
		"x IN (" + strings.TrimSuffix(strings.Repeat(":v,", 100), ",") + ")",
	} {
		scan := fmt.Sprintf(`{"TableName":"costly","Select":"COUNT","FilterExpression":%q,"ExpressionAttributeValues":{":v":{"S":%q}}}`, filter, needle)
		waiting := h.connect(4, raw("DynamoDB_20120810.Scan", scan, len(scan)))
		h.othersAreServed()
		for _, conn := range waiting {
			if status, body := h.answer(conn); status != http.StatusOK || !strings.Contains(body, `"ScannedCount":`) {
				t.Errorf("%d %.200s", status, body)
			}
		}
	}
}

// TestManyGroups: what a message group costs does not grow with their number, and
// a receive does not look at all of them.
func TestManyGroups(t *testing.T) {
	const n, each = 5000, 4 << 10
	h := newHostile(t, wire.Limits{})
	h.must("AmazonSQS.CreateQueue", `{"QueueName":"many.fifo","Attributes":{"FifoQueue":"true"}}`)
	const url = `"QueueUrl":"http://levee/000000000000/many.fifo"`
	before := memory()
	for i := 0; i < n; i += 10 {
		var entries []string
		for j := range 10 {
			entries = append(entries, fmt.Sprintf(`{"Id":"%d","MessageBody":"x","MessageGroupId":"g%d","MessageDeduplicationId":"%d"}`, j, i+j, i+j))
		}
		h.must("AmazonSQS.SendMessageBatch", `{`+url+`,"Entries":[`+strings.Join(entries, ",")+`]}`)
	}
	if grown := memory() - before; grown > n*each {
		t.Errorf("%d groups take %d bytes", n, grown)
	}
	if got := h.must("AmazonSQS.ReceiveMessage", `{`+url+`,"MaxNumberOfMessages":10}`); strings.Count(got, `"MessageId"`) != 10 {
		t.Errorf("received %s", got)
	}
}

// TestManyQueues: queues without messages cost little.
func TestManyQueues(t *testing.T) {
	const n, each = 3000, 8 << 10
	h := newHostile(t, wire.Limits{})
	before := memory()
	for i := range n {
		h.must("AmazonSQS.CreateQueue", fmt.Sprintf(`{"QueueName":"queue-%d"}`, i))
	}
	if grown := memory() - before; grown > n*each {
		t.Errorf("%d queues take %d bytes", n, grown)
	}
	if got := h.must("AmazonSQS.ListQueues", "{}"); strings.Count(got, "queue-") != 1000 {
		t.Errorf("ListQueues returns %d queues", strings.Count(got, "queue-"))
	}
}

// TestManyIndexes: a table with as many indexes as there may be takes large writes.
func TestManyIndexes(t *testing.T) {
	h := newHostile(t, wire.Limits{})
	var indexes []string
	for i := range 20 {
		indexes = append(indexes, fmt.Sprintf(`{"IndexName":"index-%d","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}`, i))
	}
	h.must("DynamoDB_20120810.CreateTable", hashTable("indexed", `,"GlobalSecondaryIndexes":[`+strings.Join(indexes, ",")+`]`))
	var puts []string
	for i := range 5 {
		puts = append(puts, fmt.Sprintf(`{"PutRequest":{"Item":{"k":{"S":"%d"},"x":{"S":%q}}}}`, i, strings.Repeat("x", 300<<10)))
	}
	if got := h.must("DynamoDB_20120810.BatchWriteItem", `{"RequestItems":{"indexed":[`+strings.Join(puts, ",")+`]}}`); got != `{"UnprocessedItems":{}}` {
		t.Errorf("%.200s", got)
	}
	if got := h.must("DynamoDB_20120810.Query", `{"TableName":"indexed","IndexName":"index-19","Select":"COUNT","KeyConditionExpression":"k = :k","ExpressionAttributeValues":{":k":{"S":"4"}}}`); !strings.Contains(got, `"Count":1`) {
		t.Errorf("%s", got)
	}
}
