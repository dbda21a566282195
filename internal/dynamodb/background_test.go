package dynamodb

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// slowSnapshots is a store that takes its time.
type slowSnapshots struct{ kv.Store }

func (s slowSnapshots) Snapshot() kv.Snapshot {
	time.Sleep(3 * expiryInterval)
	return s.Store.Snapshot()
}

// What expires while an engine is being opened, which may take long, is either in the snapshot of which the items
// are counted or was never counted: it is not taken away twice.
func TestNothingIsCountedBeforeTheSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.expect("UpdateTimeToLive", ttlOn("abc", "ttl"), `{"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
		for pk := range 6 {
			h.mustDo("PutItem", expiring(pk, time.Duration(pk%2)*time.Hour))
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // nobody deletes what expires now
		h.reopen(slowSnapshots{h.store})
		time.Sleep(3 * expiryInterval)
		synctest.Wait()
		if got := h.mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(got, `"ItemCount":3,`) {
			t.Errorf("3 items are left, and the table says %s", got)
		}
	})
}
