package transact

import (
	"errors"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// brokenStore fails or panics when told to.
type brokenStore struct {
	kv.Store
	trouble func() error // nil: none
}

func (s *brokenStore) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	if s.trouble != nil && b.Len() > 0 {
		if err := s.trouble(); err != nil {
			b.Discard()
			return nil, err
		}
	}
	return s.Store.Apply(b, d)
}

// After a store that fails, and after a panic, all locks are free, and memory says
// what the store does.
func TestTrouble(t *testing.T) {
	failed := errors.New("the disk is gone")
	for _, trouble := range []func() error{func() error { return failed }, func() error { panic(failed) }} {
		store := &brokenStore{Store: kvmem.New()}
		r := openRig(t, store)
		r.do("CreateTable", `{"TableName":"tab","KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
			"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`)
		r.do("CreateQueue", `{"QueueName":"q"}`)
		if _, err := r.transact(send("q", "one")); err != nil {
			t.Fatal(err)
		}
		_, handle := r.receive("q", 60)
		items := []string{put("a"), remove("q", handle), send("q", "two"), move("", "8")}
		store.trouble = trouble
		func() {
			defer func() { _ = recover() }()
			if _, err := r.transact(items...); !errors.Is(err, failed) {
				t.Errorf("got %v", err)
			}
		}()
		store.trouble = nil
		if _, err := r.transact(items...); err != nil {
			t.Errorf("the next transaction: %v", err)
		}
		if body, _ := r.receive("q", 60); body != "two" {
			t.Errorf("received %q", body)
		}
	}
}
