package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Config says whom to ask, and how.
type Config struct {
	Endpoint    string // a URL, or aws
	Region      string
	Credentials aws.CredentialsProvider
	// Parallel is how many cases run at a time; 0 means 32.
	Parallel int
	// Patience is how long to wait for what an endpoint does in its own time; 0
	// means a minute.
	Patience time.Duration
}

// run is one run of a suite.
type run struct {
	client   *client
	region   string
	id       string // in the names of what is made
	patience time.Duration
	slots    chan struct{} // one is taken by each case that runs

	mu      sync.Mutex
	results []Result // guarded by mu
}

// Result is how one case went.
type Result struct {
	Service   string   `json:"service"`
	Operation string   `json:"operation"`
	Name      string   `json:"name"` // dynamodb/put_item/no such table
	Protocol  string   `json:"protocol,omitempty"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Doc       string   `json:"doc,omitempty"`
	OK        bool     `json:"ok"`
	Diff      []string `json:"diff,omitempty"`
}

// Run runs the suite and returns how it went. An error means that it did not run.
func (s *Suite) Run(ctx context.Context, cfg Config) (*Report, error) {
	endpoint, err := endpoints(cfg.Endpoint, cfg.Region)
	if err != nil {
		return nil, err
	}
	parallel := cmp.Or(cfg.Parallel, 32)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 2 * parallel
	defer transport.CloseIdleConnections()
	r := &run{
		client: &client{
			http:     &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
			endpoint: endpoint, region: cfg.Region, credentials: cfg.Credentials, signer: v4.NewSigner(),
		},
		region:   cfg.Region,
		id:       fmt.Sprintf("conf%06x", rand.IntN(1<<24)),
		patience: cmp.Or(cfg.Patience, patience),
		slots:    make(chan struct{}, parallel),
	}
	if err := r.reach(ctx); err != nil {
		return nil, err
	}
	var files sync.WaitGroup
	for i, f := range s.files {
		files.Go(func() { r.file(ctx, f, fmt.Sprintf("%s-%d", r.id, i)) })
	}
	files.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newReport(r.results), nil
}

// reach makes sure that somebody answers at the endpoint, whatever the answer is.
func (r *run) reach(ctx context.Context) error {
	_, err := r.client.do(ctx, &step{op: "ListTables", body: &object{}}, jsonProtocol, nil)
	return err
}

// file makes the fixtures of a file, runs its cases and removes the fixtures.
func (r *run) file(ctx context.Context, f *file, name string) {
	r.slots <- struct{}{}
	shared := &place{run: r, name: name, protocol: jsonProtocol, vars: vars{"REGION": r.region, "K": name}}
	err := shared.make(ctx, f.fixtures)
	for i := range f.setup {
		if err != nil {
			break
		}
		err = failure(&f.setup[i], func(s *step) ([]string, error) { return shared.step(ctx, s) })
	}
	<-r.slots
	if err != nil {
		for _, c := range f.cases {
			r.collect(f, c, anyProtocol, fmt.Errorf("setup: %w", err))
		}
	} else {
		r.cases(ctx, f, shared)
	}
	shared.remove(context.WithoutCancel(ctx))
}

func (r *run) cases(ctx context.Context, f *file, shared *place) {
	var cases sync.WaitGroup
	for i, c := range f.cases {
		for _, proto := range protocols(f, c) {
			r.slots <- struct{}{}
			cases.Go(func() {
				defer func() { <-r.slots }()
				name := fmt.Sprintf("%s-%d%s", shared.name, i, proto)
				r.collect(f, c, proto, r.testCase(ctx, c, shared.vars, name, proto))
			})
		}
	}
	cases.Wait()
}

// protocols are those in which a case is run.
func protocols(f *file, c *testCase) []protocol {
	switch {
	case !strings.HasPrefix(f.name, "sqs/"):
		return []protocol{anyProtocol}
	case c.only != anyProtocol:
		return []protocol{c.only}
	}
	return []protocol{jsonProtocol, queryProtocol}
}

// testCase runs a case in a place of its own, up to the first step that fails.
func (r *run) testCase(ctx context.Context, c *testCase, shared vars, name string, proto protocol) error {
	p := &place{run: r, name: name, protocol: proto, vars: maps.Clone(shared)}
	p.vars["K"] = name
	defer p.remove(context.WithoutCancel(ctx))
	if err := p.make(ctx, c.fixtures); err != nil {
		return err
	}
	for i := range c.steps {
		if err := failure(&c.steps[i], func(s *step) ([]string, error) { return p.step(ctx, s) }); err != nil {
			return err
		}
	}
	return nil
}

// stepError says how an answer differs.
type stepError struct {
	step  *step
	diffs []string
}

func (e *stepError) Error() string { return strings.Join(e.lines(), "; ") }

// lines says where the step is, and then each difference.
func (e *stepError) lines() []string {
	return append([]string{fmt.Sprintf("line %d, %s:", e.step.line, e.step.op)}, e.diffs...)
}

func failure(s *step, do func(*step) ([]string, error)) error {
	diffs, err := do(s)
	if err != nil {
		diffs = []string{err.Error()}
	}
	if len(diffs) == 0 {
		return nil
	}
	return &stepError{s, diffs}
}

func (r *run) collect(f *file, c *testCase, proto protocol, err error) {
	res := Result{
		Service: path.Dir(f.name), Operation: c.operation, Name: f.name + "/" + c.name, Protocol: string(proto),
		File: f.name + ".txt", Line: c.line, Doc: c.doc, OK: err == nil,
	}
	var differs *stepError
	switch {
	case errors.As(err, &differs):
		res.Diff = differs.lines()
	case err != nil:
		res.Diff = []string{err.Error()}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, res)
}
