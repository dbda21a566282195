package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 5 * time.Minute
)

// client sends requests to one server, signed where there is a signer. It follows no
// redirects, which could lead anywhere, and uses no proxy.
type client struct {
	http    *http.Client
	timeout time.Duration // of one request
	signer  *signer       // nil: requests are not signed
	secrets []string      // what no error may tell, though an answer may have it
}

func newClient(concurrent int, timeout time.Duration, secrets ...string) *client {
	return &client{timeout: timeout, secrets: secrets, http: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: concurrent, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
	}}
}

// checkURL checks the URL of a server.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil: // it says the URL, which may have a password
		return errors.New("the url cannot be parsed")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("%q is not an http or https URL", u.Redacted())
	}
	return nil
}

// answer is a response, of which the body is bounded.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	secrets []string
}

var errLong = errors.New("the answer is too long")

// do sends a request, whose body is also given by itself, and reads the answer, of at
// most limit bytes, all within the time-out. What is beyond limit is an error only if
// the answer is needed.
func (c *client) do(ctx context.Context, req *http.Request, body []byte, limit int64, needed bool) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if c.signer != nil {
		if err := c.signer.sign(ctx, req, body); err != nil {
			return nil, err
		}
	}
	resp, err := c.http.Do(req.WithContext(ctx))
	if err != nil {
		if of := (*url.Error)(nil); errors.As(err, &of) { // it says the URL, which may have a token
			err = of.Err
		}
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Host, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > limit && needed:
		return nil, errLong
	}
	secrets := append(slices.Clip(c.secrets), req.Header.Get("Authorization"), req.Header.Get("X-Amz-Security-Token"))
	return &answer{status: resp.StatusCode, header: resp.Header, body: text[:min(int64(len(text)), limit)], secrets: secrets}, nil
}

func (c *client) close() { c.http.CloseIdleConnections() }

func (a *answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// maxTold is how much of an answer is told in an error, in bytes.
const maxTold = 512

// err tells the beginning of an answer.
func (a *answer) err() error { return fmt.Errorf("status %d: %s", a.status, a.told(string(a.body))) }

// told is the beginning of a text of an answer, for an error. A server may have put
// into it what it was sent, so secrets are taken out, before it is cut.
func (a *answer) told(text string) string {
	text = hide(text[:min(len(text), 16*maxTold)], a.secrets)
	return text[:min(len(text), maxTold)]
}

// hide replaces secrets in a text.
func hide(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}

// passing reports whether a status says that another try may help.
func passing(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}
