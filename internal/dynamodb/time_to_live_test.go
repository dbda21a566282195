package dynamodb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// ttlOn and ttlOff are UpdateTimeToLive requests.
func ttlOn(table, attribute string) string  { return ttlRequest(table, attribute, true) }
func ttlOff(table, attribute string) string { return ttlRequest(table, attribute, false) }

func ttlRequest(table, attribute string, on bool) string {
	return fmt.Sprintf(`{"TableName":%q,"TimeToLiveSpecification":{"Enabled":%t,"AttributeName":%q}}`, table, on, attribute)
}

// expiring is an item of table abc that expires after d.
func expiring(pk int, d time.Duration) string {
	return put(pk, fmt.Sprintf(`,"ttl":{"N":"%d"}`, time.Now().Add(d).Unix()))
}

// expiryRows is the number of expiry rows in the store.
func (h *harness) expiryRows() (n int) {
	h.t.Helper()
	return len(h.keysOf(kindExpiry))
}

// keysOf returns the keys of a kind of rows.
func (h *harness) keysOf(kind byte) (keys [][]byte) {
	h.t.Helper()
	it := h.store.Scan(kv.PrefixRange([]byte{space, kind}))
	defer it.Close()
	for it.Next() {
		keys = append(keys, bytes.Clone(it.Key()))
	}
	return keys
}

// left returns the keys of the items in abc.
func (h *harness) left() string {
	h.t.Helper()
	f := h.read("Scan", `{"TableName":"abc"}`)
	return f.column("pk")
}

func TestUpdateTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		const disabled = `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`
		const missing = "ResourceNotFoundException: Requested resource not found: Table: abc not found"
		h.fails("DescribeTimeToLive", `{"TableName":"abc"}`, missing)
		h.fails("UpdateTimeToLive", ttlOn("abc", "ttl"), missing)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.expect("DescribeTimeToLive", `{"TableName":"abc"}`, disabled)
		h.refused("UpdateTimeToLive", ttlOff("abc", "ttl"), "TimeToLive is already disabled")
		h.expect("UpdateTimeToLive", ttlOn("abc", "ttl"), `{"TimeToLiveSpecification":{"Enabled":true,"AttributeName":"ttl"}}`)
		synctest.Wait()
		h.expect("DescribeTimeToLive", `{"TableName":"abc"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}}`)
		h.refused("UpdateTimeToLive", ttlOn("abc", "ttl"), "TimeToLive is already enabled")
		for _, other := range []string{ttlOn("abc", "other"), ttlOff("abc", "other")} {
			h.refused("UpdateTimeToLive", other, "TimeToLive is active on a different AttributeName: current AttributeName is ttl")
		}
		const tooOften = "Time to live has been modified multiple times within a fixed interval"
		h.refused("UpdateTimeToLive", ttlOff("abc", "ttl"), tooOften)
		time.Sleep(time.Hour)
		h.mustDo("UpdateTimeToLive", ttlOff("abc", "ttl"))
		h.expect("DescribeTimeToLive", `{"TableName":"abc"}`, disabled)
		h.refused("UpdateTimeToLive", ttlOff("abc", "ttl"), "TimeToLive is already disabled")
		h.restart()
		h.refused("UpdateTimeToLive", ttlOn("abc", "ttl"), tooOften)
		time.Sleep(time.Hour)
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "pk"))
	})
}

func TestExpiredItemsAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("PutItem", expiring(0, time.Minute)) // was there before
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("PutItem", expiring(1, time.Minute))
		h.mustDo("PutItem", expiring(2, time.Hour))
		h.mustDo("PutItem", expiring(3, -time.Hour))
		time.Sleep(30 * time.Second)
		if got := h.left(); strings.Contains(got, "3") || len(got) != 5 {
			t.Errorf("after 30 s: %s", got)
		}
		time.Sleep(32 * time.Second)
		if got := h.left(); got != "2" {
			t.Errorf("after 62 s: %s", got)
		}
		time.Sleep(time.Hour)
		if got := h.left(); got != "" {
			t.Errorf("after an hour: %s", got)
		}
		if n := h.expiryRows(); n != 0 {
			t.Errorf("%d expiry rows of nothing", n)
		}
	})
}

// What is no time of the last five years expires never.
func TestWhatNeverExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		past := time.Now().Add(-time.Hour).Unix()
		for i, value := range []string{
			fmt.Sprintf(`{"S":"%d"}`, past), `{"NULL":true}`, `{"N":"-5"}`, `{"N":"-0.5"}`, `{"N":"0"}`, `{"N":"1E+60"}`,
			fmt.Sprintf(`{"N":"%d"}`, time.Now().AddDate(-5, 0, 0).Unix()-1), fmt.Sprintf(`{"NS":["%d"]}`, past),
		} {
			h.mustDo("PutItem", put(i, `,"ttl":`+value))
		}
		h.mustDo("PutItem", put(8, ``))
		h.mustDo("PutItem", put(9, fmt.Sprintf(`,"ttl":{"N":"%d.9"}`, past)))
		time.Sleep(time.Minute)
		if got := len(strings.Fields(h.left())); got != 9 || strings.Contains(h.left(), "9") {
			t.Errorf("left: %s", h.left())
		}
	})
}

// A write moves the time of its item, whatever it is.
func TestExpiryFollowsWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		for i := range 5 {
			h.mustDo("PutItem", expiring(i, time.Minute))
		}
		update := func(pk int, expression string) {
			h.mustDo("UpdateItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}},"UpdateExpression":%q,"ExpressionAttributeNames":{"#t":"ttl"}%s}`, pk, expression,
				map[bool]string{true: `,"ExpressionAttributeValues":{":h":{"N":"3600"}}`}[strings.Contains(expression, ":h")]))
		}
		update(0, "ADD #t :h")
		update(1, "REMOVE #t")
		h.mustDo("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"2"}}}`)
		h.mustDo("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[{"Put":%s}]}`, put(3, ``)))
		if n := h.expiryRows(); n != 2 {
			t.Errorf("%d expiry rows, want 2", n)
		}
		time.Sleep(2 * time.Minute)
		if got := strings.Fields(h.left()); len(got) != 3 || strings.Contains(h.left(), "4") {
			t.Errorf("left: %s", got)
		}
	})
}

// The deletion of an expired item is recorded as one of the service, and leaves
// its indexes.
func TestExpiryIsRecordedAndIndexed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTable", addIndex)
		synctest.Wait()
		h.mustDo("UpdateTable", `{"TableName":"abc","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"OLD_IMAGE"}}`)
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("PutItem", put(1, indexed(1, 1)+fmt.Sprintf(`,"ttl":{"N":"%d"}`, time.Now().Unix())))
		time.Sleep(3 * time.Second)
		if n := h.checkIndex(); n != 0 {
			t.Errorf("%d index entries", n)
		}
		var list struct{ Streams []struct{ StreamArn string } }
		h.decode("ListStreams", `{}`, &list)
		arn := list.Streams[0].StreamArn
		got := h.records(h.iterator(arn, h.shardOfKey(arn), trimHorizonType), 0).Records
		if len(got) != 2 || got[0].UserIdentity != nil {
			t.Fatalf("records: %+v", got)
		}
		r := got[1]
		if r.EventName != "REMOVE" || r.UserIdentity == nil || r.UserIdentity.Type != "Service" || r.UserIdentity.PrincipalId != "dynamodb.amazonaws.com" {
			t.Errorf("record: %+v", r)
		}
		if len(r.Dynamodb.Keys) != 1 || r.Dynamodb.OldImage["more"]["S"] != "y" {
			t.Errorf("images: %+v", r.Dynamodb)
		}
	})
}

// An item that was changed after it was found is not deleted.
func TestExpiryLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		synctest.Wait()
		h.halt()
		tab, err := h.lookup(&h.caller, "abc")
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range []string{expiring(0, time.Hour), put(1, ``), expiring(2, -6*365*24*time.Hour)} {
			h.mustDo("PutItem", item)
			x := tab.current.Load().expiry
			row := h.items(tab.current.Load().prefix)[0]
			w := &write{op: opDelete, table: tab, row: tab.current.Load().row(row), expired: true}
			if err := h.commitOne(w); err != nil {
				t.Fatal(err)
			}
			if got := h.left(); got != fmt.Sprint(i) {
				t.Errorf("item %d: left %q", i, got)
			}
			h.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, i))
			if err := h.expireDue(tab, x, time.Now()); err != nil {
				t.Error(err)
			}
		}
	})
}

// Filling goes on after a restart, and a table of many items loses exactly those
// that expired.
func TestExpiryOfManyItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		const n = 5 * backfillStep
		for i := range n {
			d := time.Hour
			if i%2 == 0 {
				d = time.Second
			}
			h.mustDo("PutItem", expiring(i, d))
		}
		h.halt()
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		synctest.Wait()
		if out := h.mustDo("DescribeTimeToLive", `{"TableName":"abc"}`); !strings.Contains(out, "ENABLING") {
			t.Errorf("before it is filled: %s", out)
		}
		h.restart()
		synctest.Wait()
		if got := h.expiryRows(); got != n {
			t.Errorf("%d expiry rows, want %d", got, n)
		}
		time.Sleep(4 * time.Second)
		if got := len(strings.Fields(h.left())); got != n/2 {
			t.Errorf("%d items left, want %d", got, n/2)
		}
		out := h.mustDo("DescribeTable", `{"TableName":"abc"}`)
		if want := fmt.Sprintf(`"ItemCount":%d`, n/2); !strings.Contains(out, want) {
			t.Errorf("%s, want %s", out, want)
		}
	})
}

func TestExpiryEndsWithSettingAndTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("PutItem", expiring(1, 2*time.Hour))
		time.Sleep(ttlSpacing)
		h.mustDo("UpdateTimeToLive", ttlOff("abc", "ttl"))
		if n := h.expiryRows(); n != 0 {
			t.Errorf("%d expiry rows after it was turned off", n)
		}
		time.Sleep(2 * time.Hour)
		if got := h.left(); got != "1" {
			t.Errorf("left: %q", got)
		}
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("PutItem", expiring(2, time.Hour))
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
		if n := h.expiryRows(); n != 0 {
			t.Errorf("%d expiry rows of a deleted table", n)
		}
		time.Sleep(2 * time.Hour)
	})
}

// decode runs an operation that must succeed and reads its answer.
func (h *harness) decode(op, in string, out any) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.mustDo(op, in)), out); err != nil {
		h.t.Fatal(err)
	}
}
