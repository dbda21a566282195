package transact

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// inProgress are the tokens of the requests that are being carried out.
type inProgress struct {
	mu   sync.Mutex
	keys map[string]struct{} // guarded by mu
}

// begin marks a token, unless it is marked already.
func (p *inProgress) begin(key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, taken := p.keys[key]; taken {
		return api.Errorf(ddb.CodeTransactionInProgressException, "The transaction with the given request token is already in progress.")
	}
	if p.keys == nil {
		p.keys = map[string]struct{}{}
	}
	p.keys[key] = struct{}{}
	return nil
}

func (p *inProgress) end(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, key)
}

// token is the idempotency token of a request.
type token struct {
	ns    api.Namespace
	text  string
	print [sha256.Size]byte // of the request's parameters
}

// name is what the token is marked under while its request is carried out.
func (t *token) name() string { return string(tokenKey(0, t.ns, t.text)) }

// tokenHead is the length of a row before the answer.
const tokenHead = sha256.Size + 8

// answer returns what was answered to the request with the token, nil if there was
// none.
func (t *token) answer(store kv.Reader, now time.Time) (storedAnswer, error) {
	for _, bucket := range [2]uint32{tokenBucket(now), tokenBucket(now) - 1} {
		row, ok, err := store.Get(tokenKey(bucket, t.ns, t.text), nil)
		if err != nil {
			return nil, err
		}
		if !ok || len(row) < tokenHead || now.UnixNano() >= int64(binary.BigEndian.Uint64(row[sha256.Size:])) {
			continue
		}
		if string(row[:sha256.Size]) != string(t.print[:]) {
			return nil, api.Errorf(ddb.CodeIdempotentParameterMismatchException, "The request uses the same client token as a previous, but non-identical request.")
		}
		return row[tokenHead:], nil
	}
	return nil, nil
}

// stage adds the token and the answer to the batch of the request.
func (t *token) stage(b kv.Batch, out api.Output, now time.Time) {
	row := append(make([]byte, 0, tokenHead+64), t.print[:]...)
	row = binary.BigEndian.AppendUint64(row, uint64(now.Add(tokenLife).UnixNano()))
	b.Set(tokenKey(tokenBucket(now), t.ns, t.text), out.AppendJSON(row))
}

// storedAnswer is an answer as it was written.
type storedAnswer []byte

// AppendJSON implements api.Output.
func (a storedAnswer) AppendJSON(b []byte) []byte { return append(b, a...) }
