package sink_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

// read reads declarations, and returns the sink of the name s.
func read(t *testing.T, text string) pipeline.Sink {
	t.Helper()
	set, err := sink.Read(strings.NewReader(text), sink.Env{Getenv: func(name string) string { return "value of " + name }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	})
	return set.Sink("s")
}

// fake is a server that answers as the test says, and keeps what it was asked.
type fake struct {
	*httptest.Server
	mu    sync.Mutex
	asked []asked
}

type asked struct {
	line   string // method and path
	header http.Header
	body   string
}

func newFake(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) *fake {
	f := new(fake)
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // of a client that goes away, what there is
		body := string(text)
		f.mu.Lock()
		f.asked = append(f.asked, asked{r.Method + " " + r.URL.Path, r.Header, body})
		f.mu.Unlock()
		answer(w, r, body)
	}))
	t.Cleanup(f.Close)
	return f
}

// all returns what was asked, and forgets it.
func (f *fake) all() []asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.asked
	f.asked = nil
	return list
}

func item(t *testing.T, text string) attr.Map {
	t.Helper()
	var d jsontok.Decoder
	d.Reset([]byte(text))
	m := attr.ReadMap(&d)
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return m
}

// failed tells which events of a batch failed, as in "-x-".
func failed(errs []error, n int) string {
	var b strings.Builder
	for i := range n {
		if errs != nil && errs[i] != nil {
			b.WriteByte('x')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}
