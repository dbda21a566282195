package dynamodb

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/levee-io/levee/internal/kv/kvmem"
)

// How far a counter is that is being built can be seen, and only while it is.
func TestCounterProgress(t *testing.T) {
	store := &stalledStore{Store: kvmem.New()}
	r := newCounterRig(t, store)
	r.chat()
	const items = 2*buildStep + 10 // each of a group of its own
	for i := range items {
		r.do("PutItem", fmt.Sprintf(`{"TableName":"unread","Item":{"chat":{"S":"c"},"id":{"N":"%d"},"manager":{"S":"m%d"},"n":{"N":"1"}}}`, i, i))
	}
	release := store.stall()
	r.do("CreateCounter", managerBadge)
	progress := func() (counted, of int64, ok bool) {
		return r.CounterProgress(counterCaller.Namespace, "manager-badge")
	}
	counted, of, ok := progress()
	for ; ok && counted < buildStep; counted, of, ok = progress() {
		runtime.Gosched()
	}
	if counted != buildStep || of != items || !ok {
		t.Errorf("%d of %d items counted, %v; want the first step of %d", counted, of, ok, items)
	}
	release()
	r.built("manager-badge")
	for _, _, ok = progress(); ok; _, _, ok = progress() { // its table is open a moment before it ends
		runtime.Gosched()
	}
	if _, _, ok := r.CounterProgress(counterCaller.Namespace, "unread"); ok {
		t.Error("a table that is no counter is being built")
	}
}
