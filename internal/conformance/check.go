package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
)

// check compares an answer with everything that is expected of it.
func check(s *step, a *answer, v vars) []string {
	c := &comparison{vars: v, strict: a.protocol != queryProtocol}
	wants := s.wants
	if len(wants) == 0 {
		wants = []want{{kind: wantSuccess}}
	}
	for i := range wants {
		c.want(&wants[i], a)
	}
	if sum := a.header.Get("X-Amz-Crc32"); sum != "" && sum != checksum(a.body) {
		c.differ("X-Amz-Crc32", "want %s, have %s", checksum(a.body), sum)
	}
	return c.diffs
}

func checksum(body []byte) string { return strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10) }

func (c *comparison) want(w *want, a *answer) {
	pattern, err := c.vars.fill(w.pattern)
	if err != nil {
		c.differ("", "%v", err)
		return
	}
	switch w.kind {
	case wantSuccess:
		if a.status != 200 {
			c.differ("", "want status 200, have %s", a)
		}
	case wantValue:
		if a.status != 200 {
			c.differ("", "want status 200, have %s", a)
			return
		}
		c.value(w.value, a)
	case wantError:
		c.failure(w, pattern, a)
	case wantStatus:
		if a.status != w.status {
			c.differ("", "want status %d, have %s", w.status, a)
		}
	case wantHeader:
		if got := a.header.Get(w.name); !fits(pattern, got) {
			c.differ(w.name, "want %q, have %q", pattern, got)
		}
	case wantText:
		if !fits(pattern, string(a.body)) {
			c.differ("", "want text %q, have %s", pattern, a)
		}
	}
}

// value compares the answer of a request that succeeded.
func (c *comparison) value(want *object, a *answer) {
	if a.decoded == nil {
		c.differ("", "want JSON, have %s", a)
		return
	}
	c.match("", want, a.decoded)
}

// failure compares an error: its status, code and message, and its other members
// if they are expected.
func (c *comparison) failure(w *want, pattern string, a *answer) {
	if a.code == "" {
		c.differ("", "want %s: %s, have %s", w.name, pattern, a)
		return
	}
	if a.status != w.status {
		c.differ("status", "want %d, have %d", w.status, a.status)
	}
	if code := a.nameOf(w.name); code != a.code {
		c.differ("code", "want %s, have %s: %s", code, a.code, a.message)
	} else if !fits(pattern, a.message) {
		c.differ("message", "\n      want %q\n      have %q", clipLong(pattern), clipLong(a.message))
	}
	if w.value == nil {
		return
	}
	if rest, ok := a.decoded.(map[string]any); ok {
		for _, name := range []string{"__type", "message", "Message"} {
			delete(rest, name)
		}
	}
	c.value(w.value, a)
}

func clipLong(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}

// String is an answer as a difference shows it.
func (a *answer) String() string {
	if a.code != "" {
		return fmt.Sprintf("%d %s: %s", a.status, a.code, clipLong(a.message))
	}
	return fmt.Sprintf("%d %s", a.status, clipLong(string(a.body)))
}

// decodeJSON decodes what a service sent, with numbers as they stand.
func decodeJSON(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
