package sink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline"
)

// Limits of PutRecords: how many records a request has, how large one is with its
// key, in bytes, and how long a key is, in characters. A request may have maxRecord
// bytes, too; several records are sent in less, as it was before, and one that is
// larger than maxUsual, which streams take only if they are made to, goes alone.
const (
	kinesisBatch    = 500
	maxRequest      = 5 << 20
	maxUsual        = 1 << 20
	maxRecord       = 10 << 20
	maxPartitionKey = 256
)

const (
	// kinesisPatience is how long what a stream does not take is tried again before it
	// is left to the pipe.
	kinesisPatience = 10 * time.Second
	// firstPause is the wait after the first failure, which is doubled with each in a
	// row up to maxRetryPause.
	firstPause    = 100 * time.Millisecond
	maxRetryPause = 2 * time.Second
	// maxPutAnswer is the longest answer to PutRecords, in bytes.
	maxPutAnswer = 4 << 20
)

// Kinesis declares a stream of Kinesis Data Streams, or of what speaks as it does.
type Kinesis struct {
	Stream      string        `yaml:"stream"`  // name or ARN
	URL         string        `yaml:"url"`     // of the service; made of the region by default
	Key         string        `yaml:"key"`     // path in an event
	Records     string        `yaml:"records"` // dynamodb: changes as DynamoDB writes them
	Timeout     time.Duration `yaml:"timeout"` // of one request
	Concurrency int           `yaml:"concurrency"`
	AWS         *AWS          `yaml:"aws"`
}

// kinesis is a data stream, to which events are written with PutRecords, whose
// partition keys are the keys of events.
type kinesis struct {
	url        string
	head       []byte // of every request: which stream
	keys       keys
	changes    bool // are written as DynamoDB writes them
	concurrent int
	client     *client
}

// resolve implements Declaration.
func (o *Kinesis) resolve(env Env) error { return o.AWS.resolve(env) }

// open implements Declaration.
func (o *Kinesis) open() (closing, error) {
	if o.Stream == "" || o.AWS == nil {
		return nil, errors.New("it needs a stream and aws")
	}
	if o.Records != "" && o.Records != asDynamoDB {
		return nil, fmt.Errorf("records may be %s, not %q", asDynamoDB, o.Records)
	}
	s := &kinesis{url: o.URL, changes: o.Records == asDynamoDB}
	if s.url == "" {
		s.url = "https://kinesis." + o.AWS.Region + ".amazonaws.com"
	}
	if err := checkURL(s.url); err != nil {
		return nil, err
	}
	member := `{"StreamName":`
	if strings.HasPrefix(o.Stream, "arn:") {
		member = `{"StreamARN":`
	}
	s.head = putHead(member, o.Stream)
	var err error
	if s.keys, err = newKeys(o.Key); err != nil {
		return nil, err
	}
	timeout, err := within("timeout", o.Timeout, defaultTimeout, time.Millisecond, maxTimeout)
	if err != nil {
		return nil, err
	}
	if s.concurrent, err = within("concurrency", o.Concurrency, 4, 1, 100); err != nil {
		return nil, err
	}
	s.client = newClient(s.concurrent, timeout, o.AWS.SecretKey, o.AWS.SessionToken)
	s.client.signer, err = newSigner(o.AWS, "kinesis")
	return s, err
}

// putHead begins the requests to a stream, which the member of a name says.
func putHead(member, stream string) []byte {
	return append(jsontok.AppendString([]byte(member), stream), `,"Records":[`...)
}

// Limits implements pipeline.Sink.
func (s *kinesis) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: kinesisBatch, Concurrent: s.concurrent}
}

// entry is a record on its way, of the event of a batch with an index.
type entry struct {
	index int
	key   string
	data  []byte
}

func (e *entry) size() int { return len(e.key) + len(e.data) }

// Put implements pipeline.Sink. The service may take a record and not the one before
// it, so where events are in order a request has one of each key: what is behind it
// waits until it is taken.
func (s *kinesis) Put(ctx context.Context, events []*pipeline.Event, ordered bool) []error {
	errs := make([]error, len(events))
	s.putAll(ctx, s.entries(events, ordered, errs), ordered, errs)
	if errors.Join(errs...) == nil {
		return nil
	}
	return errs
}

// putAll writes records until they are all taken, patience ends, or nothing helps;
// then it sets the errors of those that are left.
func (s *kinesis) putAll(ctx context.Context, todo []*entry, ordered bool, errs []error) {
	end := time.Now().Add(kinesisPatience)
	for failures := 0; len(todo) > 0; failures++ {
		now, later := nextEntries(todo, ordered)
		failed, again, err := s.send(ctx, now)
		if err == nil {
			todo, failures = later, -1
			continue
		}
		todo = append(failed, later...)
		slices.SortFunc(todo, func(a, b *entry) int { return a.index - b.index })
		pause := min(firstPause<<min(failures, 10), maxRetryPause)
		if !again || time.Until(end) < pause || !pipeline.Sleep(ctx, pause) {
			giveUp(errs, todo, err)
			return
		}
	}
}

func giveUp(errs []error, list []*entry, err error) {
	for _, e := range list {
		errs[e.index] = err
	}
}

// entries returns the records of events, and sets the errors of those that can be
// none, behind which nothing is sent where they are in order. An event without a key
// has its id for one.
func (s *kinesis) entries(events []*pipeline.Event, ordered bool, errs []error) []*entry {
	list := make([]*entry, 0, len(events))
	for i, ev := range events {
		e, err := s.entry(ev)
		if err == nil {
			e.index = i
			list = append(list, e)
			continue
		}
		errs[i] = err
		if ordered {
			all(errs[i:], err)
			break
		}
	}
	return list
}

// entry returns the record of an event.
func (s *kinesis) entry(ev *pipeline.Event) (*entry, error) {
	e := &entry{key: s.keys.of(ev), data: ev.Data}
	if s.changes {
		var err error
		if e.data, err = destinationRecord(ev); err != nil {
			return nil, err
		}
	}
	if e.key == "" {
		e.key = ev.ID
	}
	if utf8.RuneCountInString(e.key) > maxPartitionKey {
		sum := sha256.Sum256([]byte(e.key))
		e.key = hex.EncodeToString(sum[:])
	}
	if e.size() > maxRecord {
		return nil, fmt.Errorf("the record has %d bytes, and a stream takes %d", e.size(), maxRecord)
	}
	return e, nil
}

// nextEntries returns what the next request has of a list, and the rest of it.
func nextEntries(list []*entry, ordered bool) (now, later []*entry) {
	size, full, seen := 0, false, map[string]bool{}
	for _, e := range list {
		large := e.size() > maxUsual
		full = full || len(now) == kinesisBatch
		if full || len(now) > 0 && (large || size+e.size() > maxRequest) || ordered && seen[e.key] {
			later = append(later, e)
		} else {
			now, size, full = append(now, e), size+e.size(), large
		}
		seen[e.key] = true
	}
	return now, later
}

// send sends records, and returns those that were not taken, in their order. again
// says that another try may help.
func (s *kinesis) send(ctx context.Context, list []*entry) (failed []*entry, again bool, err error) {
	a, err := s.call(ctx, "PutRecords", s.request(list))
	switch {
	case err != nil:
		return list, true, err
	case !a.ok():
		return list, passing(a.status) || isThrottle(a.body), a.err()
	}
	return a.refused(list)
}

// call asks the service for an operation.
func (s *kinesis) call(ctx context.Context, operation string, body []byte) (*answer, error) {
	req, err := http.NewRequest(http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	return s.client.do(ctx, req, body, maxPutAnswer, true)
}

// request is the body of PutRecords.
func (s *kinesis) request(list []*entry) []byte {
	size := len(s.head)
	for _, e := range list {
		size += base64.StdEncoding.EncodedLen(len(e.data)) + len(e.key) + 40
	}
	b := append(make([]byte, 0, size), s.head...)
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Data":"`...)
		b = base64.StdEncoding.AppendEncode(b, e.data)
		b = append(b, `","PartitionKey":`...)
		b = append(jsontok.AppendString(b, e.key), '}')
	}
	return append(b, "]}"...)
}

// isThrottle reports whether an error is that the stream, or its key, is asked too
// often.
func isThrottle(body []byte) bool {
	return slices.Contains([]string{"ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException", "ThrottlingException"}, errorName(body))
}

// errorName is the name of an error, "" if the answer has none.
func errorName(body []byte) string {
	var e struct {
		Type string `json:"__type"`
	}
	_ = json.Unmarshal(body, &e) // what is no JSON is another error
	return e.Type[strings.LastIndexByte(e.Type, '#')+1:]
}

// refused returns the records that an answer says were not taken.
func (a *answer) refused(list []*entry) (failed []*entry, again bool, err error) {
	var answer struct {
		Records []struct{ ErrorCode, ErrorMessage string }
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		return list, false, fmt.Errorf("the answer cannot be read: %w", err)
	}
	if len(answer.Records) != len(list) {
		return list, false, fmt.Errorf("%d answers to %d records", len(answer.Records), len(list))
	}
	for i, r := range answer.Records {
		if r.ErrorCode == "" {
			continue
		}
		failed = append(failed, list[i])
		if err == nil {
			err = errors.New(a.told(r.ErrorCode + ": " + r.ErrorMessage))
		}
	}
	return failed, true, err
}

// Close implements closing.
func (s *kinesis) Close() error {
	s.client.close()
	return nil
}
