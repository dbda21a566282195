package sqs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// descriptor is what the store holds of a queue beside its messages.
type descriptor struct {
	// ID stands for the queue in the keys of its rows. No two queues of a store
	// ever have the same.
	ID         uint32            `json:"id"`
	Account    string            `json:"account"`
	Region     string            `json:"region"`
	Name       string            `json:"name"`
	Created    int64             `json:"created"`  // unix seconds
	Modified   int64             `json:"modified"` // unix seconds
	Attributes map[string]string `json:"attributes,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
	// DedupByGroup is the deduplication scope that the queue was created with.
	// Changing the attribute later does not change what is deduplicated.
	DedupByGroup bool `json:"dedupByGroup,omitempty"`
}

func (d *descriptor) arn() arn {
	return arn{api.Namespace{Account: d.Account, Region: d.Region}, d.Name}
}

func (d *descriptor) fifo() bool { return strings.HasSuffix(d.Name, fifoSuffix) }

// row returns the key and the value of the descriptor in the store.
func (d *descriptor) row() (key, value []byte, err error) {
	value, err = json.Marshal(d)
	return catalogKey(d.arn().Namespace, d.Name), value, err
}

// readCatalog opens the queues of the store. It does not read their messages.
func (e *Engine) readCatalog() error {
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindQueue}))
	defer func() { _ = it.Close() }()
	for it.Next() {
		d := new(descriptor)
		if err := json.Unmarshal(it.Value(), d); err != nil {
			return fmt.Errorf("descriptor %q: %w", it.Key(), err)
		}
		s, err := parseSettings(d.Attributes, d)
		if err != nil {
			return fmt.Errorf("descriptor %q: %w", it.Key(), err)
		}
		e.catalog.put(newQueue(e, d, s))
	}
	return it.Err()
}

// names are the queues of one namespace.
type names map[string]*queue

func (c *catalog) put(q *queue) {
	at := q.arn
	if c.spaces[at.Namespace] == nil {
		c.spaces[at.Namespace] = names{}
	}
	c.spaces[at.Namespace][at.name] = q
}

func (c *catalog) drop(q *queue) {
	space := c.spaces[q.arn.Namespace]
	delete(space, q.arn.name)
	if len(space) == 0 {
		delete(c.spaces, q.arn.Namespace)
	}
}

// find returns the queue of a name, or nil.
func (e *Engine) find(at arn) *queue {
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	return e.catalog.spaces[at.Namespace][at.name]
}

// all returns the queues of a namespace whose names begin with prefix, sorted.
func (e *Engine) all(ns api.Namespace, prefix string) []*queue {
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	var list []*queue
	for name, q := range e.catalog.spaces[ns] {
		if strings.HasPrefix(name, prefix) {
			list = append(list, q)
		}
	}
	slices.SortFunc(list, func(a, b *queue) int { return strings.Compare(a.arn.name, b.arn.name) })
	return list
}

// page cuts a page of at most limit queues that come after token from a sorted
// list.
func page(list []*queue, token api.Opt[string], limit int) (cut []*queue, next api.Opt[string], err error) {
	if token.OK {
		after, err := base64.URLEncoding.DecodeString(token.V)
		if err != nil {
			return nil, next, api.Errorf(codeInvalidParameterValue, "Invalid or expired next token.")
		}
		at, found := slices.BinarySearchFunc(list, string(after), func(q *queue, name string) int {
			return strings.Compare(q.arn.name, name)
		})
		if found {
			at++
		}
		list = list[at:]
	}
	if len(list) > limit {
		list = list[:limit]
		next = api.Some(base64.URLEncoding.EncodeToString([]byte(list[limit-1].arn.name)))
	}
	return list, next, nil
}

// ownAccount is the account that people write into queue URLs when they have
// none. It stands for the caller's own.
const ownAccount = "000000000000"

// queue returns the queue of a URL, which may name any host.
func (e *Engine) queue(c *api.Caller, url string) (*queue, error) {
	rest, name, ok := cutLast(strings.TrimSuffix(url, "/"))
	_, account, _ := cutLast(rest)
	if !ok || account != c.Account && account != ownAccount {
		return nil, errNoQueue()
	}
	if q := e.find(arn{c.Namespace, name}); q != nil {
		return q, nil
	}
	return nil, errNoQueue()
}

// cutLast cuts s around its last slash.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}

// urlOf is the URL of a queue as its caller reaches it.
func urlOf(c *api.Caller, q *queue) string {
	return c.BaseURL + "/" + q.arn.Account + "/" + q.arn.name
}
