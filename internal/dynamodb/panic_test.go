package dynamodb

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// panicking is a store whose next Apply panics where armed.
type panicking struct {
	kv.Store
	armed atomic.Bool
}

func (s *panicking) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if s.armed.Swap(false) {
		panic("armed")
	}
	return s.Store.Apply(b, d)
}

// A panic in an operation, which the wire answers with status 500, leaves nothing
// locked: not the item, its table, its stream or the catalog.
func TestPanicLeavesNothingLocked(t *testing.T) {
	store := &panicking{Store: kvmem.New()}
	defer store.Close()
	h := openEngine(t, store)
	defer h.Close()
	h.mustDo("CreateTable", rangedTable)
	streamTable(h, "table", "NEW_IMAGE")
	for op, in := range map[string]string{
		"PutItem":            `{"TableName":"table","Item":{"a":{"S":"x"}}}`,
		"TransactWriteItems": `{"ClientRequestToken":"t","TransactItems":[{"Put":{"TableName":"table","Item":{"a":{"S":"x"}}}},{"Put":{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"}}}}]}`,
		"UpdateTable":        `{"TableName":"ranged","DeletionProtectionEnabled":true}`,
		"CreateTable":        strings.Replace(rangedTable, `"ranged"`, `"another"`, 1),
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", op)
				}
			}()
			store.armed.Store(true)
			h.do(op, in)
		}()
		answered := make(chan error, 1)
		go func() {
			_, err := h.do(op, in)
			answered <- err
		}()
		select {
		case err := <-answered:
			if err != nil {
				t.Errorf("%s after a panic: %v", op, err)
			}
		case <-time.After(10 * time.Second): // not a bound on speed: it would hang for ever
			t.Fatalf("%s hangs after a panic", op)
		}
	}
}
