package sink_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/pipeline"
)

// dataStream is as much of Kinesis as PutRecords needs.
type dataStream struct {
	mu      sync.Mutex
	taken   []string // as KEY=DATA
	sizes   []int    // of requests, in records
	trouble func(record string) (code string)
	status  func() (status int, kind string) // 0: none
}

func (s *dataStream) answer(w http.ResponseWriter, r *http.Request, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.status != nil {
		if status, kind := s.status(); status != 0 {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"__type":%q}`, kind)
			return
		}
	}
	var in struct {
		StreamName, StreamARN string
		Records               []struct{ Data, PartitionKey string }
	}
	err := json.Unmarshal([]byte(body), &in)
	if err != nil || in.StreamName+in.StreamARN != "orders" || r.Header.Get("X-Amz-Target") != "Kinesis_20131202.PutRecords" ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/kinesis/aws4_request") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.sizes = append(s.sizes, len(in.Records))
	var answers []string
	failures := 0
	for _, record := range in.Records {
		data, _ := base64.StdEncoding.DecodeString(record.Data)
		text := record.PartitionKey + "=" + string(data)
		if s.trouble != nil {
			if code := s.trouble(text); code != "" {
				failures++
				answers = append(answers, fmt.Sprintf(`{"ErrorCode":%q,"ErrorMessage":"slow down"}`, code))
				continue
			}
		}
		s.taken = append(s.taken, text)
		answers = append(answers, `{"SequenceNumber":"1","ShardId":"shardId-000000000000"}`)
	}
	fmt.Fprintf(w, `{"FailedRecordCount":%d,"Records":[%s]}`, failures, strings.Join(answers, ","))
}

func newDataStream(t *testing.T, more string) (*dataStream, pipeline.Sink) {
	t.Helper()
	s := new(dataStream)
	f := newFake(t, s.answer)
	return s, read(t, fmt.Sprintf(`s: {kinesis: {stream: orders, url: "%s", %s aws: {region: eu-west-1, access_key: k, secret_key: $S}}}`, f.URL, more))
}

// inGroup is an event of a message group.
func inGroup(group, body string) *pipeline.Event {
	return &pipeline.Event{ID: "id-" + body, Group: group, Data: []byte(body)}
}

// The partition key is that of the item that changed, the group of the message, what
// is at a path, and for what has none of these the id.
func TestKinesisKeys(t *testing.T) {
	d, s := newDataStream(t, `key: "$.customer",`)
	c := change(t, 7, `{"id":{"S":"a"},"n":{"N":"1"}}`, "")
	long := strings.Repeat("k", 257)
	list := []*pipeline.Event{inGroup("g", "1"), c, inGroup("", "2"), inGroup("g", `{"customer":"c"}`), inGroup(long, "3")}
	if errs := s.Put(t.Context(), list, false); errs != nil {
		t.Fatal(errs)
	}
	if want := []string{"g=1", `a|1={"raw":1}`, "id-2=2", `c={"customer":"c"}`}; !slices.Equal(d.taken[:4], want) || len(d.taken[4]) != 64+len("=3") {
		t.Errorf("taken %q", d.taken)
	}
}

// What the stream refuses for now comes again; where there is an order, nothing of
// its key overtakes it.
func TestKinesisRetries(t *testing.T) {
	for _, ordered := range []bool{true, false} {
		d, s := newDataStream(t, "")
		refusals := map[string]int{"a=1": 2, "b=5": 1}
		d.trouble = func(record string) string {
			if refusals[record]--; refusals[record] >= 0 {
				return "ProvisionedThroughputExceededException"
			}
			return ""
		}
		list := []*pipeline.Event{inGroup("a", "0"), inGroup("a", "1"), inGroup("b", "2"), inGroup("a", "3"), inGroup("c", "4"), inGroup("b", "5"), inGroup("b", "6")}
		if errs := s.Put(t.Context(), list, ordered); errs != nil {
			t.Fatal(errs)
		}
		if len(d.taken) != len(list) {
			t.Errorf("ordered %t: taken %v", ordered, d.taken)
		}
		for _, key := range []string{"a", "b", "c"} {
			var one []string
			for _, text := range d.taken {
				if strings.HasPrefix(text, key) {
					one = append(one, text)
				}
			}
			if slices.IsSorted(one) != (ordered || key == "c") {
				t.Errorf("ordered %t: %v", ordered, one)
			}
		}
	}
}

// Requests have no more than the service takes, and what is larger than streams
// usually take goes alone.
func TestKinesisSizes(t *testing.T) {
	d, s := newDataStream(t, "")
	var list []*pipeline.Event
	for i := range 501 {
		list = append(list, inGroup(fmt.Sprint("g", i), "x"))
	}
	for i := range 6 {
		list = append(list, inGroup(fmt.Sprint("h", i), strings.Repeat("x", 1<<20-2)))
	}
	list = append(list, inGroup("large", strings.Repeat("x", 1<<20)), inGroup("last", "x"))
	if errs := s.Put(t.Context(), list, true); errs != nil {
		t.Fatal(errs)
	}
	if want := []int{500, 6, 3}; !slices.Equal(d.sizes[:2], want[:2]) || len(d.taken) != len(list) {
		t.Errorf("requests of %v records", d.sizes)
	}
	d.sizes = nil
	list = []*pipeline.Event{inGroup("g", "1"), inGroup("h", strings.Repeat("x", 10<<20)), inGroup("g", "2")}
	if got := failed(s.Put(t.Context(), list, false), 3); got != "-x-" {
		t.Errorf("beside what is too large: %s", got)
	}
	if got := failed(s.Put(t.Context(), list, true), 3); got != "-xx" {
		t.Errorf("in order with what is too large: %s", got)
	}
}

// A throttled request comes again; with another error, or an answer that is none, all
// is left to the pipe.
func TestKinesisErrors(t *testing.T) {
	d, s := newDataStream(t, "")
	asked := 0
	trouble := func(times, status int, kind string) func() (int, string) {
		asked = 0
		return func() (int, string) {
			if asked++; asked > times {
				return 0, ""
			}
			return status, kind
		}
	}
	for _, c := range []struct {
		status, times, asked int
		kind                 string
		fails                string
	}{
		{400, 2, 3, "ProvisionedThroughputExceededException", "--"},
		{400, 1, 2, "com.amazonaws.kinesis#LimitExceededException", "--"},
		{503, 1, 2, "", "--"},
		{400, 1, 1, "ResourceNotFoundException", "xx"},
		{200, 1, 1, "", "xx"}, // without the answers to the records
	} {
		d.status = trouble(c.times, c.status, c.kind)
		if got := failed(s.Put(t.Context(), events("a", "b"), true), 2); got != c.fails || asked != c.asked {
			t.Errorf("%d %s: %s after %d requests", c.status, c.kind, got, asked)
		}
	}
}

// Changes are written as DynamoDB writes them to a Kinesis streaming destination.
func TestKinesisOfDynamoDB(t *testing.T) {
	d, s := newDataStream(t, "records: dynamodb,")
	expired := &pipeline.Event{ID: "1", Time: at("2024-05-06T07:08:09.010Z", "").Time, Data: []byte(`{"eventID":"e1","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"eu-west-1",
		"dynamodb":{"ApproximateCreationDateTime":1714979289,"Keys":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"}},"SequenceNumber":"1","SizeBytes":7,"StreamViewType":"NEW_AND_OLD_IMAGES"},
		"eventSourceARN":"arn:aws:dynamodb:eu-west-1:111122223333:table/tab/stream/2024","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}}`)}
	put := &pipeline.Event{ID: "2", Time: expired.Time, Data: []byte(`{"eventID":"e2","eventName":"INSERT","awsRegion":"eu-west-1",
		"dynamodb":{"Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"}},"SizeBytes":9},"eventSourceARN":"arn:aws:dynamodb:eu-west-1:111122223333:table/tab/stream/2024"}`)}
	if got := failed(s.Put(t.Context(), []*pipeline.Event{expired, {ID: "3", Data: []byte(`{"dynamodb":1}`)}, put, {ID: "4", Data: []byte("text")}}, false), 4); got != "-x-x" {
		t.Errorf("not taken: %s", got)
	}
	want := []string{
		`1={"awsRegion":"eu-west-1","eventID":"e1","eventName":"REMOVE","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},"recordFormat":"application/json","tableName":"tab","dynamodb":{"ApproximateCreationDateTime":1714979289010,"Keys":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"}},"SizeBytes":7},"eventSource":"aws:dynamodb"}`,
		`2={"awsRegion":"eu-west-1","eventID":"e2","eventName":"INSERT","userIdentity":null,"recordFormat":"application/json","tableName":"tab","dynamodb":{"ApproximateCreationDateTime":1714979289010,"Keys":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"}},"SizeBytes":9},"eventSource":"aws:dynamodb"}`,
	}
	if !slices.Equal(d.taken, want) {
		t.Errorf("taken %q", d.taken)
	}
}
