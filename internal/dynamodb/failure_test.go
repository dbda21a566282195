package dynamodb

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// errDisk is the error of a broken disk.
var errDisk = errors.New("broken disk")

// brokenStore is a store that fails while it is told to.
type brokenStore struct {
	kv.Store
	reads, writes, syncs atomic.Bool
}

func (s *brokenStore) Get(key, dst []byte) ([]byte, bool, error) {
	if s.reads.Load() {
		return dst, false, errDisk
	}
	return s.Store.Get(key, dst)
}

func (s *brokenStore) Scan(r kv.Range) kv.Iterator {
	if s.reads.Load() {
		return kv.Failed(errDisk)
	}
	return s.Store.Scan(r)
}

func (s *brokenStore) Snapshot() kv.Snapshot {
	if s.reads.Load() {
		return kv.Failed(errDisk)
	}
	return s.Store.Snapshot()
}

func (s *brokenStore) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if s.writes.Load() {
		b.Discard()
		return nil, errDisk
	}
	c, err := s.Store.Apply(b, d)
	if err == nil && d == kv.Sync && s.syncs.Load() {
		return unsynced{}, nil
	}
	return c, err
}

// unsynced is the commit of a batch whose sync failed.
type unsynced struct{}

func (unsynced) Wait() error { return errDisk }

// TestBrokenDisk: whatever fails in the store is an error of the request, neither a
// success nor a refusal with words of the service, and leaves nothing behind.
func TestBrokenDisk(t *testing.T) {
	const key = `"Key":{"k":{"S":"k1"},"s":{"N":"1"}}`
	reads := map[string]string{
		"GetItem":          `{"TableName":"Sound","ConsistentRead":true,` + key + `}`,
		"Query":            `{"TableName":"Sound","KeyConditionExpression":"k = :k","ExpressionAttributeValues":{":k":{"S":"k1"}}}`,
		"Scan":             `{"TableName":"Sound","IndexName":"global"}`,
		"BatchGetItem":     `{"RequestItems":{"Sound":{"Keys":[{"k":{"S":"k1"},"s":{"N":"1"}}]}}}`,
		"TransactGetItems": `{"TransactItems":[{"Get":{"TableName":"Sound",` + key + `}}]}`,
		"ExecuteStatement": `{"Statement":"SELECT * FROM Sound"}`,
	}
	writes := map[string]string{
		"PutItem":            `{"TableName":"Sound","Item":{"k":{"S":"k1"},"s":{"N":"1"}}}`,
		"UpdateItem":         `{"TableName":"Sound",` + key + `,"UpdateExpression":"SET g = :g","ExpressionAttributeValues":{":g":{"S":"new"}}}`,
		"DeleteItem":         `{"TableName":"Sound",` + key + `}`,
		"BatchWriteItem":     `{"RequestItems":{"Sound":[{"DeleteRequest":{` + key + `}}]}}`,
		"TransactWriteItems": `{"ClientRequestToken":"t","TransactItems":[{"Delete":{"TableName":"Sound",` + key + `}}]}`,
		"CreateTable":        `{"TableName":"Other","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}]}`,
	}
	store := &brokenStore{Store: kvmem.New()}
	defer store.Close()
	h := openEngine(t, store)
	defer h.Close()
	h.mustDo("CreateTable", verifiedTable)
	fillItems(h)
	before := h.mustDo("Scan", `{"TableName":"Sound"}`)
	for name, in := range reads {
		h.breaks(&store.reads, name, in)
	}
	for name, in := range writes {
		if name != "CreateTable" {
			h.breaks(&store.reads, name, in)
		}
		h.breaks(&store.writes, name, in)
	}
	if after := h.mustDo("Scan", `{"TableName":"Sound"}`); after != before {
		t.Errorf("requests that failed changed something:\n%s\n%s", before, after)
	}
	h.breaks(&store.syncs, "PutItem", writes["PutItem"])
	if _, wrong := h.verify(); len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
}

// breaks runs an operation on a broken disk.
func (h *harness) breaks(broken *atomic.Bool, name, in string) {
	h.t.Helper()
	broken.Store(true)
	defer broken.Store(false)
	out, err := h.do(name, in)
	var typed *api.Error
	if !errors.Is(err, errDisk) || errors.As(err, &typed) {
		h.t.Errorf("%s is answered with %s %v", name, out, err)
	}
}
