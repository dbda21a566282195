package sink_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/pipeline"
)

// search is an OpenSearch that has as much of it as the sink needs: external versions,
// which also a deleted document has.
type search struct {
	mu        sync.Mutex
	index     string // as it was made
	documents map[string]string
	versions  map[string]uint64
	trouble   func(body string) (status int, answer string) // 0: none
}

type bulkAction struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Version uint64 `json:"version"`
	Type    string `json:"version_type"`
}

func (s *search) answer(w http.ResponseWriter, r *http.Request, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble != nil && r.URL.Path == "/_bulk" {
		if status, answer := s.trouble(body); status != 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, answer)
			return
		}
	}
	switch {
	case r.Method == http.MethodHead && s.index == "":
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodPut:
		s.index = body
	case r.URL.Path == "/_bulk":
		s.bulk(w, body)
	}
}

func (s *search) bulk(w http.ResponseWriter, body string) {
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	var answers []string
	for i := 0; i < len(lines); i++ {
		var action map[string]bulkAction
		if err := json.Unmarshal([]byte(lines[i]), &action); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for kind, a := range action {
			document := ""
			if kind == "index" {
				i++
				document = lines[i]
			}
			answers = append(answers, fmt.Sprintf(`{%q:%s}`, kind, s.one(kind, a, document)))
		}
	}
	fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(answers, ","))
}

func (s *search) one(kind string, a bulkAction, document string) string {
	if a.Index != "orders" || (a.Version > 0) != (a.Type == "external") {
		return `{"status":400,"error":{"type":"illegal_argument_exception"}}`
	}
	if strings.Contains(document, "poison") {
		return `{"status":400,"error":{"type":"mapper_parsing_exception"}}`
	}
	if a.Version > 0 && a.Version <= s.versions[a.ID] {
		return `{"status":409,"error":{"type":"version_conflict_engine_exception"}}`
	}
	s.versions[a.ID] = a.Version
	_, there := s.documents[a.ID]
	if kind == "delete" {
		if delete(s.documents, a.ID); !there {
			return `{"status":404}`
		}
		return `{"status":200}`
	}
	s.documents[a.ID] = document
	return `{"status":201}`
}

func newSearch(t *testing.T) (*search, *fake, pipeline.Sink) {
	t.Helper()
	se := &search{documents: map[string]string{}, versions: map[string]uint64{}}
	f := newFake(t, se.answer)
	return se, f, read(t, fmt.Sprintf(`s: {opensearch: {url: "%s", index: orders, user: u, password: $P, timeout: 5s, mappings: {properties: {n: {type: long}}}}}`, f.URL))
}

func change(t *testing.T, version uint64, keys, image string) *pipeline.Event {
	c := &pipeline.Change{Version: version, Keys: item(t, keys), Removed: image == ""}
	if image != "" {
		c.Image = item(t, image)
	}
	return &pipeline.Event{ID: fmt.Sprint("e", version), Data: []byte(`{"raw":1}`), Change: c}
}

// The index is made once, documents have the values of items and the versions of
// changes, and what comes again or late changes nothing.
func TestOpenSearch(t *testing.T) {
	se, f, s := newSearch(t)
	const key = `{"id":{"S":"a"}}`
	put := func(version uint64, n int) *pipeline.Event {
		return change(t, version, key, fmt.Sprintf(`{"id":{"S":"a"},"n":{"N":"%d"},"deep":{"M":{"l":{"L":[{"BOOL":true},{"NULL":true},{"B":"AQI="},{"SS":["x","y"]}]}}}}`, n))
	}
	all := []*pipeline.Event{put(1, 10), put(2, 20), change(t, 3, key, ""), put(4, 40)}
	if errs := s.Put(t.Context(), all, true); errs != nil {
		t.Fatal(errs)
	}
	const want = `{"deep":{"l":[true,null,"AQI=",["x","y"]]},"id":"a","n":40}`
	if got := se.documents["a"]; got != want || len(se.documents) != 1 {
		t.Errorf("documents %v", se.documents)
	}
	if se.index != `{"mappings":{"properties":{"n":{"type":"long"}}},"settings":{"index.gc_deletes":"48h"}}` {
		t.Errorf("index %s", se.index)
	}
	for i := range all {
		if errs := s.Put(t.Context(), all[i:], true); errs != nil {
			t.Fatalf("again from %d: %v", i, errs)
		}
		if got := se.documents["a"]; got != want {
			t.Errorf("again from %d: %s", i, got)
		}
	}
	if errs := s.Put(t.Context(), []*pipeline.Event{change(t, 5, key, ""), put(4, 40), change(t, 6, `{"id":{"S":"none"}}`, "")}, true); errs != nil || len(se.documents) != 0 {
		t.Errorf("%v, documents %v", errs, se.documents)
	}
	setUp := 0
	for _, a := range f.all() {
		if user, password, _ := (&http.Request{Header: a.header}).BasicAuth(); user != "u" || password != "value of P" {
			t.Fatalf("%s as %s", a.line, user)
		}
		if a.line == "PUT /orders" || a.line == "HEAD /orders" {
			setUp++
		}
	}
	if setUp != 2 {
		t.Errorf("the index was looked at or made %d times", setUp)
	}
}

// Messages are documents with their ids; several keys are one id; what is no object
// fails alone.
func TestOpenSearchDocuments(t *testing.T) {
	se, _, s := newSearch(t)
	all := []*pipeline.Event{
		{ID: "m1", Data: []byte("{\n \"a\": 1\n}")}, {ID: "m2", Data: []byte(`text`)}, {ID: "m3", Data: []byte(`[1]`)}, {ID: "m4", Data: []byte(`{"x":"poison"}`)},
		change(t, 1, `{"p":{"S":"a|b"},"s":{"N":"7"}}`, `{"x":{"N":"1"}}`),
		{ID: "m5", Data: []byte(`{"made":true}`), Change: &pipeline.Change{Version: 9, Keys: item(t, `{"id":{"S":"t"}}`)}},
		change(t, 2, `{"id":{"S":"`+strings.Repeat("k", 600)+`"}}`, `{"x":{"N":"1"}}`),
	}
	if got := failed(s.Put(t.Context(), all, false), len(all)); got != "-xxx---" {
		t.Errorf("failed %s", got)
	}
	if se.documents["m1"] != `{"a":1}` || se.documents["a%7Cb|7"] != `{"x":1}` || se.documents["t"] != `{"made":true}` || se.versions["t"] != 9 || len(se.documents) != 4 {
		t.Errorf("documents %v", se.documents)
	}
}

// A server in trouble has taken nothing; a large batch goes in several requests, of
// which each fails alone.
func TestOpenSearchInTrouble(t *testing.T) {
	se, f, s := newSearch(t)
	for _, c := range []struct {
		status int
		answer string
	}{{429, ""}, {500, "down"}, {413, ""}, {200, "rubbish"}, {200, `{"items":[]}`}, {200, `{"items":[{"index":{"status":429,"error":{}}}]}`}, {200, strings.Repeat(" ", 17<<20)}} {
		se.trouble = func(string) (int, string) { return c.status, c.answer }
		if got := failed(s.Put(t.Context(), events(`{}`), false), 1); got != "x" {
			t.Errorf("%d %.20s: %s", c.status, c.answer, got)
		}
	}
	se.trouble = func(body string) (int, string) {
		if strings.Contains(body, `"first"`) {
			return 503, ""
		}
		return 0, ""
	}
	f.all()
	big := strings.Repeat("x", 3<<20)
	got := failed(s.Put(t.Context(), events(`{"first":"`+big+`"}`, `{"b":"`+big+`"}`, `{"c":"`+big+`"}`), false), 3)
	if n := len(f.all()); got != "x--" || n != 3 {
		t.Errorf("failed %s in %d requests", got, n)
	}
	f.Close()
	if got := failed(s.Put(t.Context(), events(`{}`), false), 1); got != "x" {
		t.Error("a server that is gone has taken a document")
	}
}
