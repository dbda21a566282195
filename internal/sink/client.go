package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 5 * time.Minute
)

// newClient returns a client that follows no redirects, which could lead anywhere,
// and uses no proxy.
func newClient(concurrent int) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: concurrent, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
	}
}

// checkURL checks the URL of a server.
func checkURL(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q is not an http or https URL", text)
	}
	return nil
}

// answer is a response, of which the body is bounded.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var errLong = errors.New("the answer is too long")

// do sends a request and reads the answer, of at most limit bytes, all within a
// time. What is beyond limit is an error only if the answer is needed.
func do(ctx context.Context, c *http.Client, req *http.Request, timeout time.Duration, limit int64, needed bool) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	resp, err := c.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(body)) > limit && needed:
		return nil, errLong
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body[:min(int64(len(body)), limit)]}, nil
}

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// maxTold is how much of an answer is told in an error, in bytes.
const maxTold = 512

func (a *answer) err() error {
	return fmt.Errorf("status %d: %s", a.status, a.body[:min(len(a.body), maxTold)])
}

// passing reports whether a status says that another try may help.
func passing(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}
