package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/pipeline"
)

const (
	// bulkBatch is how many events a batch has at most, and maxBulk of how many bytes
	// one request with some of them is, if it is not a single one.
	bulkBatch = 1000
	maxBulk   = 5 << 20
	// maxBulkAnswer is the longest answer to a bulk request, in bytes.
	maxBulkAnswer = 16 << 20
	// keepDeletes is how long OpenSearch remembers the version of a deleted document,
	// unless its index says otherwise: as long as a stream has records that could come
	// again, and a day for what is late.
	keepDeletes = "48h"
)

// OpenSearch declares an index.
type OpenSearch struct {
	URL         string         `yaml:"url"`
	Index       string         `yaml:"index"`
	User        string         `yaml:"user"`
	Password    string         `yaml:"password"`
	Mappings    map[string]any `yaml:"mappings"` // of the index, when it is made
	Settings    map[string]any `yaml:"settings"`
	Timeout     time.Duration  `yaml:"timeout"` // of one request
	Concurrency int            `yaml:"concurrency"`
	// AWS has requests signed, for the service es unless it says aoss.
	AWS *AWS `yaml:"aws"`
}

// openSearch is an index of OpenSearch, or of what else has its _bulk. A change is a
// document whose id is made of its keys and whose version is that of the change, or
// the deletion of one; any other event is a document with the id of the event.
type openSearch struct {
	url, index     string
	user, password string
	creation       []byte // the body of the request that makes the index
	concurrent     int
	client         *client

	mu   sync.Mutex
	made bool // the index is there; guarded by mu
}

// isIndexName reports whether OpenSearch takes a name for an index.
func isIndexName(name string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return name != "" && len(name) <= 255 && strings.Trim(name, letters+"_.-") == "" && strings.Trim(name[:1], letters) == ""
}

// resolve implements Declaration.
func (o *OpenSearch) resolve(env Env) error {
	return errors.Join(env.resolve(&o.Password), o.AWS.resolve(env))
}

// open implements Declaration.
func (o *OpenSearch) open() (closing, error) {
	s := &openSearch{url: strings.TrimSuffix(o.URL, "/"), index: o.Index, user: o.User, password: o.Password}
	if err := checkURL(o.URL); err != nil {
		return nil, err
	}
	if !isIndexName(o.Index) {
		return nil, fmt.Errorf("%q is no name of an index", o.Index)
	}
	timeout, err := within("timeout", o.Timeout, 3*defaultTimeout, time.Millisecond, maxTimeout)
	if err != nil {
		return nil, err
	}
	if s.concurrent, err = within("concurrency", o.Concurrency, 4, 1, 100); err != nil {
		return nil, err
	}
	s.client = newClient(s.concurrent, timeout, o.Password)
	if o.AWS != nil {
		if o.User != "" {
			return nil, errors.New("it is either user or aws")
		}
		if s.client.signer, err = newSigner(o.AWS, "es"); err != nil {
			return nil, err
		}
	}
	s.creation, err = creation(o)
	return s, err
}

// creation is the request that makes the index.
func creation(o *OpenSearch) ([]byte, error) {
	settings := map[string]any{"index.gc_deletes": keepDeletes}
	for name, value := range o.Settings {
		settings[name] = value
	}
	body := map[string]any{"settings": settings}
	if o.Mappings != nil {
		body["mappings"] = o.Mappings
	}
	return json.Marshal(body)
}

// Limits implements pipeline.Sink.
func (s *openSearch) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: bulkBatch, Concurrent: s.concurrent}
}

// Put implements pipeline.Sink.
func (s *openSearch) Put(ctx context.Context, events []*pipeline.Event, _ bool) []error {
	errs := make([]error, len(events))
	if err := s.makeIndex(ctx); err != nil {
		return all(errs, err)
	}
	var body []byte
	var sent []int // indexes of the events in body
	send := func() {
		if len(sent) > 0 {
			s.bulk(ctx, body, sent, errs)
		}
		body, sent = body[:0], sent[:0]
	}
	for i, e := range events {
		action, err := s.action(e)
		if err != nil {
			errs[i] = err
			continue
		}
		if len(body)+len(action) > maxBulk {
			send()
		}
		body, sent = append(body, action...), append(sent, i)
	}
	send()
	if errors.Join(errs...) == nil {
		return nil
	}
	return errs
}

func all(errs []error, err error) []error {
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// meta is the first line of an action.
type meta struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Version uint64 `json:"version,omitempty"`
	Type    string `json:"version_type,omitempty"`
}

// action returns the lines of what an event does.
func (s *openSearch) action(e *pipeline.Event) ([]byte, error) {
	m := meta{Index: s.index, ID: e.ID}
	kind, document := "index", e.Data
	if c := e.Change; c != nil {
		if m.ID = documentID(c.Keys); c.Version > 0 {
			m.Version, m.Type = c.Version, "external"
		}
		switch {
		case c.Removed:
			kind, document = "delete", nil
		case c.Image != nil:
			document = appendPlainMap(nil, c.Image)
		}
	}
	line, err := json.Marshal(map[string]meta{kind: m})
	if err != nil {
		return nil, err
	}
	b := append(line, '\n')
	if kind == "delete" {
		return b, nil
	}
	var compact bytes.Buffer // a document is one line
	if err := json.Compact(&compact, document); err != nil || compact.Len() == 0 || compact.Bytes()[0] != '{' {
		return nil, errors.New("a document must be a JSON object")
	}
	return append(append(b, compact.Bytes()...), '\n'), nil
}

// maxDocumentID is the longest id of a document, in bytes.
const maxDocumentID = 512

// bulk sends actions, and says what is wrong with the events that they are of.
func (s *openSearch) bulk(ctx context.Context, body []byte, sent []int, errs []error) {
	refusals, err := s.request(ctx, body, len(sent))
	for n, i := range sent {
		if errs[i] = err; err == nil {
			errs[i] = refusals[n]
		}
	}
}

// item is the answer to an action.
type item struct {
	Status int             `json:"status"`
	Error  json.RawMessage `json:"error"`
}

// refusal says what is wrong with an action. A conflict of versions says that the
// document is as new already, and one to be deleted that is not there is deleted.
func (a *answer) refusal(it item) error {
	switch {
	case it.Status >= 200 && it.Status <= 299, it.Status == http.StatusConflict, it.Status == http.StatusNotFound && it.Error == nil:
		return nil
	}
	return fmt.Errorf("status %d: %s", it.Status, a.told(string(it.Error)))
}

// request sends a bulk request, and returns what is wrong with each of its actions.
func (s *openSearch) request(ctx context.Context, body []byte, actions int) ([]error, error) {
	a, err := s.do(ctx, http.MethodPost, "/_bulk?filter_path=items.*.status,items.*.error", "application/x-ndjson", body)
	switch {
	case err != nil:
		return nil, err
	case !a.ok():
		return nil, a.err()
	}
	var answer struct {
		Items []map[string]item `json:"items"`
	}
	if err := json.Unmarshal(a.body, &answer); err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	if len(answer.Items) != actions {
		return nil, fmt.Errorf("%d answers to %d actions", len(answer.Items), actions)
	}
	refusals := make([]error, actions)
	for i, one := range answer.Items {
		var of item
		for _, it := range one {
			of = it
		}
		refusals[i] = a.refusal(of)
	}
	return refusals, nil
}

// makeIndex makes the index unless it is there. It is done once; an index that is
// deleted later is made again by OpenSearch itself, without mappings.
func (s *openSearch) makeIndex(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made {
		return nil
	}
	path := "/" + url.PathEscape(s.index)
	a, err := s.do(ctx, http.MethodHead, path, "", nil)
	if err != nil {
		return err
	}
	if a.status == http.StatusNotFound {
		a, err = s.do(ctx, http.MethodPut, path, "application/json", s.creation)
		if err == nil && a.status == http.StatusBadRequest && bytes.Contains(a.body, []byte("resource_already_exists_exception")) {
			a.status = http.StatusOK
		}
	}
	switch {
	case err != nil:
		return err
	case !a.ok():
		return fmt.Errorf("index %s cannot be made: %w", s.index, a.err())
	}
	s.made = true
	return nil
}

func (s *openSearch) do(ctx context.Context, method, path, contentType string, body []byte) (*answer, error) {
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if s.user != "" {
		req.SetBasicAuth(s.user, s.password)
	}
	return s.client.do(ctx, req, body, maxBulkAnswer, true)
}

// Close implements closing.
func (s *openSearch) Close() error {
	s.client.close()
	return nil
}
