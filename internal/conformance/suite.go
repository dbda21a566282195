package conformance

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"
)

//go:embed cases
var embedded embed.FS

// Cases returns the directory of the cases that come with this package: a
// directory a service, a file an operation or a part of one.
func Cases() fs.FS {
	dir, err := fs.Sub(embedded, "cases")
	if err != nil {
		panic(err) // the name is a constant
	}
	return dir
}

// Suite is what a directory of files holds.
type Suite struct{ files []*file }

// file is one file: cases that share fixtures.
type file struct {
	name     string // relative to the directory, without extension
	fixtures []fixture
	setup    []step
	cases    []*testCase
}

// testCase is one behaviour of the service.
type testCase struct {
	name      string
	operation string // whose behaviour it is
	doc       string // where it is said, "" if nowhere
	line      int
	only      protocol // anyProtocol unless the case is for one
	fixtures  []fixture
	steps     []step
}

// protocol is how a request of SQS is written.
type protocol string

const (
	anyProtocol   protocol = ""
	jsonProtocol  protocol = "json"
	queryProtocol protocol = "query"
)

// step is one request and what is expected of its answer; or a pause.
type step struct {
	line    int
	op      string
	body    *object
	changes []change
	wants   []want
	poll    bool          // send it again until the answer is as expected
	pause   time.Duration // instead of a request
}

// change is one thing that makes a request differ from a well-formed one.
type change struct{ what, name, value string }

// want is one expectation of an answer.
type want struct {
	kind    wantKind
	status  int
	name    string // of the header, or the code of the error
	pattern string // of the header, the message or the text
	value   *object
}

type wantKind int

const (
	wantValue   wantKind = iota // the answer is value
	wantError                   // the answer is an error, with value in it unless nil
	wantStatus                  // the status is status
	wantHeader                  // the header name matches pattern
	wantText                    // the body matches pattern
	wantSuccess                 // the status is 200
)

// Load reads the files of a directory.
func Load(dir fs.FS) (*Suite, error) {
	s := &Suite{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".txt" {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		f, err := parse(strings.TrimSuffix(name, ".txt"), string(text))
		if err != nil {
			return fmt.Errorf("%s:%w", name, err)
		}
		s.files = append(s.files, f)
		return nil
	})
	if err == nil && len(s.files) == 0 {
		err = fmt.Errorf("there are no cases: no file ends in .txt")
	}
	return s, err
}

// Select keeps the cases whose name, as "dynamodb/put_item/no such table",
// matches a pattern. It is an error if there are none.
func (s *Suite) Select(pattern *regexp.Regexp) (*Suite, error) {
	kept := &Suite{}
	for _, f := range s.files {
		g := *f
		g.cases = nil
		for _, c := range f.cases {
			if pattern.MatchString(f.name + "/" + c.name) {
				g.cases = append(g.cases, c)
			}
		}
		if len(g.cases) > 0 {
			kept.files = append(kept.files, &g)
		}
	}
	if len(kept.files) == 0 {
		return nil, fmt.Errorf("no case matches %q", pattern)
	}
	return kept, nil
}
