package dynamodb

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// tokenLife is how long a ClientRequestToken is remembered (API reference,
// TransactWriteItems).
const tokenLife = 10 * time.Minute

// token is the idempotency token of a transaction. Tokens are stored in buckets
// of tokenLife by the time at which they were used: a token that is still
// remembered stands in the present bucket or the one before, and forgetting is
// one range of keys.
type token struct {
	ns   api.Namespace
	text string
	// print tells whether a repeat has the same parameters.
	print [sha256.Size]byte
	// hash is what the token is known by while its transaction runs, to the filter, and
	// to the latches, whatever the time.
	hash uint64

	keyRoom [80]byte // of most keys
}

func newToken(ns api.Namespace, text string, print [sha256.Size]byte) *token {
	t := &token{ns: ns, text: text, print: print}
	t.hash = hashOf(t.key(0))
	return t
}

func tokenBucket(t time.Time) uint32 { return uint32(t.Unix() / int64(tokenLife/time.Second)) }

// key returns the row key of the token in a bucket. It is valid until the next
// call.
func (t *token) key(bucket uint32) []byte {
	key := binary.BigEndian.AppendUint32(append(t.keyRoom[:0], space, kindToken), bucket)
	key = append(append(key, t.ns.Account...), 0)
	key = append(append(key, t.ns.Region...), 0)
	return append(key, t.text...)
}

// tokenPrefix is the length of what stands before the account: space, kind and
// bucket.
const tokenPrefix = 2 + 4

// bucketOfToken returns the bucket of a row key.
func bucketOfToken(key []byte) uint32 { return binary.BigEndian.Uint32(key[tokenPrefix-4:]) }

// replayed reports whether a token was used already with the same parameters.
// The latch must be held.
func (e *Engine) replayed(t *token, now time.Time) (bool, error) {
	for _, bucket := range [2]uint32{tokenBucket(now), tokenBucket(now) - 1} {
		if e.tokens.absent(bucket, t.hash) {
			continue
		}
		value, ok, err := e.store.Get(t.key(bucket), nil)
		if err != nil {
			return false, err
		}
		if !ok || len(value) != sha256.Size+8 || now.UnixNano() >= int64(binary.BigEndian.Uint64(value[sha256.Size:])) {
			continue
		}
		if string(value[:sha256.Size]) != string(t.print[:]) {
			return false, api.Errorf(ddb.CodeIdempotentParameterMismatchException, "The request uses the same client token as a previous, but non-identical request.")
		}
		return true, nil
	}
	return false, nil
}

// remember adds a token to the batch of its transaction. The latch must be held.
func (e *Engine) remember(t *token, b kv.Batch, now time.Time) {
	e.tokens.add(tokenBucket(now), t.hash)
	value := append(make([]byte, 0, sha256.Size+8), t.print[:]...)
	value = binary.BigEndian.AppendUint64(value, uint64(now.Add(tokenLife).UnixNano()))
	b.Set(t.key(tokenBucket(now)), value)
}

// forgetTokens deletes the tokens that are no longer remembered, until the
// engine closes.
func (e *Engine) forgetTokens() {
	tick := time.NewTicker(tokenLife)
	defer tick.Stop()
	for {
		if err := e.trimTokens(time.Now()); err != nil {
			e.log.Error("forget idempotency tokens", "err", err)
		}
		select {
		case <-e.background.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// trimTokens deletes the buckets of tokens before the last one.
func (e *Engine) trimTokens(now time.Time) error {
	first := []byte{space, kindToken}
	it := e.store.Scan(kv.Range{Start: first, End: binary.BigEndian.AppendUint32(first[:2:2], tokenBucket(now)-1), Limit: 1})
	stale := it.Next()
	if err := errors.Join(it.Err(), it.Close()); err != nil || !stale {
		return err
	}
	b := e.store.NewBatch()
	b.DeleteRange(first, binary.BigEndian.AppendUint32(first[:2:2], tokenBucket(now)-1))
	commit, err := e.store.Apply(b, kv.NoSync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// fingerprint condenses the parameters of a transaction.
func fingerprint(items []ddb.TransactWriteItem) (sum [sha256.Size]byte) {
	b := make([]byte, 0, 512) // room for most
	for i := range items {
		t := &items[i]
		switch {
		case t.Put != nil:
			b = appendAction(b, 'p', t.Put.TableName.V, t.Put.Item, api.Opt[string]{}, t.Put.ConditionExpression, t.Put.ExpressionAttributeNames, t.Put.ExpressionAttributeValues)
		case t.Update != nil:
			b = appendAction(b, 'u', t.Update.TableName.V, t.Update.Key, t.Update.UpdateExpression, t.Update.ConditionExpression, t.Update.ExpressionAttributeNames, t.Update.ExpressionAttributeValues)
		case t.Delete != nil:
			b = appendAction(b, 'd', t.Delete.TableName.V, t.Delete.Key, api.Opt[string]{}, t.Delete.ConditionExpression, t.Delete.ExpressionAttributeNames, t.Delete.ExpressionAttributeValues)
		case t.ConditionCheck != nil:
			b = appendAction(b, 'c', t.ConditionCheck.TableName.V, t.ConditionCheck.Key, api.Opt[string]{}, t.ConditionCheck.ConditionExpression, t.ConditionCheck.ExpressionAttributeNames, t.ConditionCheck.ExpressionAttributeValues)
		}
	}
	return sha256.Sum256(b)
}

func appendAction(b []byte, action byte, table string, item attr.Map, update, condition api.Opt[string], names api.Map[string], values attr.Map) []byte {
	b = appendText(append(b, action), table)
	b = attr.AppendMap(b, item)
	b = appendText(appendText(b, update.V), condition.V)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, name := range sortedByKey(names) { // a repeat may name them in another order
		b = appendText(appendText(b, name.Key), name.Value)
	}
	return attr.AppendMap(b, values)
}

// sortedByKey returns the entries of a map in the order of their keys.
func sortedByKey(m api.Map[string]) api.Map[string] {
	byKey := func(a, b api.Entry[string]) int { return strings.Compare(a.Key, b.Key) }
	if slices.IsSortedFunc(m, byKey) {
		return m
	}
	m = slices.Clone(m)
	slices.SortFunc(m, byKey)
	return m
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
