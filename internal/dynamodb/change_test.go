package dynamodb

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testDelay = 10 * time.Second

// states is statesOf abc.
func (h *harness) states() string {
	h.t.Helper()
	return h.statesOf("abc")
}

// statesOf returns the TableStatus and the status of each index of a table, or the
// code of the error.
func (h *harness) statesOf(table string) string {
	h.t.Helper()
	out, err := h.do("DescribeTable", `{"TableName":"`+table+`"}`)
	if err != nil {
		code, _, _ := strings.Cut(err.Error(), ":")
		return code
	}
	var list []string
	for _, m := range regexp.MustCompile(`(TableStatus|IndexStatus|Backfilling)":"?(\w+)`).FindAllStringSubmatch(out, -1) {
		list = append(list, m[1]+"="+m[2])
	}
	return strings.Join(list, " ")
}

func (h *harness) inState(want string) {
	h.t.Helper()
	if got := h.states(); got != want {
		h.t.Errorf("state %s, want %s", got, want)
	}
}

const (
	inUse       = "ResourceInUseException: Attempt to change a resource which is still in use: "
	streamOn    = `{"TableName":"abc","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`
	streamOff   = `{"TableName":"abc","StreamSpecification":{"StreamEnabled":false}}`
	infrequent  = `{"TableName":"abc","TableClass":"STANDARD_INFREQUENT_ACCESS"}`
	unprotected = `{"TableName":"abc","DeletionProtectionEnabled":false}`
	maxRates    = `{"TableName":"abc","OnDemandThroughput":{"MaxReadRequestUnits":50}}`
	toRates     = `{"TableName":"abc","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`
	encrypted   = `{"TableName":"abc","SSESpecification":{"Enabled":true,"SSEType":"KMS"}}`
	justTable   = `{"TableName":"abc"}`
)

func TestTableIsCreatedAndDeletedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		h.mustDo("CreateTable", plain("abc", onDemand))
		const created, deleted = inUse + "Table is being created: abc", inUse + "Table is being deleted: abc"
		const missing = "ResourceNotFoundException: Requested resource not found"
		arn := `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/abc","Tags":[{"Key":"k","Value":"v"}]}`
		refusesItems := func() {
			t.Helper()
			h.fails("PutItem", put(1, ``), missing)
			h.fails("GetItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}}}`, missing)
			h.fails("Scan", justTable, missing)
			h.fails("BatchWriteItem", `{"RequestItems":{"abc":[{"PutRequest":{"Item":{"pk":{"S":"1"}}}}]}}`, missing)
			h.fails("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[{"Put":%s}]}`, put(1, ``)), missing)
		}
		check := func(want string) {
			t.Helper()
			refusesItems()
			h.fails("UpdateTable", unprotected, want)
			h.fails("DeleteTable", justTable, want)
			h.fails("TagResource", arn, want)
			h.expect("ListTables", `{}`, `{"TableNames":["abc"]}`)
		}
		h.inState("TableStatus=CREATING")
		check(created)
		h.fails("CreateTable", plain("abc", onDemand), created)
		h.fails("UpdateTimeToLive", ttlOn("abc", "ttl"), inUse+"Table abc is being created")
		h.refused("DescribeTimeToLive", justTable, "Cannot describe time to live while table is in CREATING state: Current table state is CREATING")
		time.Sleep(testDelay / 2)
		h.restart() // in the middle
		h.inState("TableStatus=CREATING")
		time.Sleep(testDelay/2 + time.Millisecond)
		h.inState("TableStatus=ACTIVE")
		h.mustDo("PutItem", put(1, ``))

		h.mustDo("DeleteTable", justTable)
		h.inState("TableStatus=DELETING")
		check(deleted)
		h.fails("CreateTable", plain("abc", onDemand), "ResourceInUseException: Table already exists: abc")
		h.restart()
		time.Sleep(testDelay + time.Millisecond)
		h.inState("ResourceNotFoundException")
		if n := h.rows(); n != 1 { // the counter
			t.Errorf("%d rows left", n)
		}
		h.mustDo("CreateTable", plain("abc", onDemand))
	})
}

// What is refused while a change is under way, and in which words.
func TestChangesUnderWay(t *testing.T) {
	stream := regexp.MustCompile(`Stream: \S+`)
	const about = "Table: abc"
	const iops, class, label = "Table IOPS are currently being updated. " + about, about + " TableClassUpdateInProgress: STANDARD_INFREQUENT_ACCESS", about + " Stream: LABEL Operation: "
	for _, c := range []struct {
		name, change, state string
		during              map[string]string
	}{
		{"stream", streamOn, "UPDATING", map[string]string{
			streamOff: "A stream status change is currently in progress. " + label + "ENABLE", toRates: "Can't change table IOPS when stream status is being updated. " + label + "ENABLE",
			infrequent: "Can't update table class when stream status is being updated. " + label + "ENABLE", maxRates: "OnDemandThroughput cannot be updated while stream status update is in progress",
			addIndex: "Can't create or delete an index when stream status is being updated. " + label + "ENABLE", justTable: "Cannot delete table while stream is being enabled/disabled.", unprotected: "",
		}},
		{"billing", toRates, "UPDATING", map[string]string{
			toRates: iops, streamOn: "Can't enable or disable stream while table IOPS are being updated. " + about, addIndex: "Can't create or delete indexes while table IOPS are being updated. " + about,
			justTable: "Table: abc is in the process of being updated.", unprotected: "", encrypted: "",
		}},
		{"class", infrequent, "UPDATING", map[string]string{
			infrequent: "Can't update table class when a table class update is in progress. " + class, streamOn: "Can't enable or disable stream when a table class update is in progress. " + class,
			addIndex: "Can't create or delete an index when a table class update is in progress. " + class, justTable: "Table: abc is in the process of being updated.",
		}},
		{"encryption", encrypted, "ACTIVE", map[string]string{
			encrypted: "Server-Side Encryption is still being updated", justTable: "Table: abc is in the process of being updated.", streamOn: "",
		}},
		{"index", addIndex, "UPDATING", map[string]string{
			toRates: "Can't change table IOPS when an index is being created. Table: abc Indexes: [by-n]", streamOn: "Can't change stream status when an index is being created. Table: abc Indexes: [by-n]",
			dropIndex: "Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: abc Index: by-n",
			justTable: "Cannot delete table while indexes are being created, updated, or deleted.", unprotected: "",
		}},
	} {
		for request, want := range c.during {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := newEngineWith(t, Options{TableDelay: testDelay})
					h.mustDo("CreateTable", plain("abc", onDemand))
					time.Sleep(testDelay + 1)
					h.mustDo("UpdateTable", c.change)
					if got := h.states(); !strings.HasPrefix(got, "TableStatus="+c.state) {
						t.Errorf("state: %s", got)
					}
					h.mustDo("PutItem", put(1, ``)) // items never mind
					op := "UpdateTable"
					if request == justTable {
						op = "DeleteTable"
					}
					_, err := h.do(op, request)
					if got := stream.ReplaceAllString(fmt.Sprint(err), "Stream: LABEL"); want == "" && err != nil || want != "" && got != inUse+want {
						t.Errorf("%s\n got %s\nwant %s", request, got, want)
					}
					time.Sleep(2*testDelay + 1)
					if got := h.states(); strings.Contains(got, "ING") {
						t.Errorf("afterwards: %s", got)
					}
				})
			})
		}
	}
}

func TestIndexIsCreatedAndDeletedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		h.mustDo("CreateTable", plain("abc", onDemand))
		time.Sleep(testDelay + 1)
		h.mustDo("PutItem", put(1, indexed(1, 1)))
		h.mustDo("UpdateTable", addIndex)
		h.inState("TableStatus=UPDATING IndexStatus=CREATING Backfilling=false")
		h.mustDo("PutItem", put(2, indexed(1, 2)))
		h.restart()
		time.Sleep(testDelay + 1)
		synctest.Wait()
		h.inState("TableStatus=ACTIVE IndexStatus=ACTIVE")
		if n := h.checkIndex(); n != 2 {
			t.Errorf("%d entries", n)
		}
		h.mustDo("UpdateTable", `{"TableName":"abc","GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"by-n","OnDemandThroughput":{"MaxReadRequestUnits":9}}}]}`)
		h.inState("TableStatus=ACTIVE IndexStatus=UPDATING")
		h.fails("UpdateTable", dropIndex, inUse+"Index is being updated. Table: abc Index: by-n")
		time.Sleep(testDelay + 1)
		out := h.mustDo("UpdateTable", dropIndex)
		if n := strings.Count(out, `"IndexName":"by-n"`); n != 1 || !strings.Contains(out, "DELETING") {
			t.Errorf("%d times in %s", n, out)
		}
		h.inState("TableStatus=UPDATING IndexStatus=DELETING")
		h.refused("Query", `{"TableName":"abc","IndexName":"by-n","KeyConditionExpression":"n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`, "The table does not have the specified index: by-n")
		h.fails("UpdateTable", dropIndex, inUse+"Index is being deleted. Table: abc Index: by-n")
		h.fails("UpdateTable", strings.ReplaceAll(addIndex, "by-n", "other"), "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
		h.fails("UpdateTable", toRates, inUse+"Can't change table IOPS when an index is being deleted. Table: abc Indexes: [by-n]")
		time.Sleep(testDelay + 1)
		h.inState("TableStatus=ACTIVE")
		h.mustDo("UpdateTable", addIndex)
		time.Sleep(testDelay + 1)
	})
}

func TestVectorIndexIsCreatedAndDeletedInTime(t *testing.T) {
	const (
		add  = `{"TableName":"docs","VectorIndexUpdates":[{"Create":` + nearIndex + `}]}`
		drop = `{"TableName":"docs","VectorIndexUpdates":[{"Delete":{"IndexName":"near"}}]}`
	)
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		inState := func(want string) {
			t.Helper()
			if got := h.statesOf("docs"); got != want {
				t.Errorf("state %s, want %s", got, want)
			}
		}
		h.mustDo("CreateTable", docsPlain)
		time.Sleep(testDelay + 1)
		h.put("docs", doc("a", 1, 0, ``))
		h.mustDo("UpdateTable", add)
		inState("TableStatus=UPDATING IndexStatus=CREATING Backfilling=false")
		h.put("docs", doc("b", 0, 2, ``))
		h.refused("SearchVectors", searchDocs("near", 1, 0, 2, ``), "Cannot search backfilling vector index: near")
		h.fails("UpdateTable", drop, inUse+"Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. Table: docs Index: near")
		h.fails("DeleteTable", `{"TableName":"docs"}`, inUse+"Cannot delete table while indexes are being created, updated, or deleted.")
		h.restart()
		time.Sleep(testDelay + 1)
		synctest.Wait()
		inState("TableStatus=ACTIVE IndexStatus=ACTIVE")
		h.finds("near", 1, 0, 9, ``, "a 0, b 2.24")

		out := h.mustDo("UpdateTable", drop)
		if n := strings.Count(out, `"IndexName":"near"`); n != 1 || !strings.Contains(out, "DELETING") {
			t.Errorf("%d times in %s", n, out)
		}
		h.restart()
		inState("TableStatus=UPDATING IndexStatus=DELETING")
		h.refused("SearchVectors", searchDocs("near", 1, 0, 2, ``), "The table does not have the specified index: near")
		h.fails("UpdateTable", drop, inUse+"Index is being deleted. Table: docs Index: near")
		h.fails("UpdateTable", strings.Replace(add, "near", "other", 1), "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
		time.Sleep(testDelay + 1)
		inState("TableStatus=ACTIVE")
		h.mustDo("UpdateTable", add)
		time.Sleep(testDelay + 1)
	})
}

func TestClassChangesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		h.mustDo("CreateTable", plain("abc", onDemand))
		time.Sleep(testDelay + 1)
		if out := h.mustDo("UpdateTable", infrequent); strings.Contains(out, "INFREQUENT") {
			t.Errorf("at once: %s", out)
		}
		time.Sleep(testDelay + 1)
		if out := h.mustDo("DescribeTable", justTable); !strings.Contains(out, "INFREQUENT") {
			t.Errorf("afterwards: %s", out)
		}
	})
}

func TestTimeToLiveChangesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		h.mustDo("CreateTable", plain("abc", onDemand))
		time.Sleep(testDelay + 1)
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		h.mustDo("PutItem", expiring(1, -time.Minute))
		time.Sleep(testDelay - time.Second)
		h.expect("DescribeTimeToLive", justTable, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLING","AttributeName":"ttl"}}`)
		if got := h.left(); got != "1" {
			t.Errorf("expired before time to live was on: %q", got)
		}
		time.Sleep(3 * time.Second)
		if got := h.left(); got != "" {
			t.Errorf("left: %q", got)
		}
		time.Sleep(ttlSpacing)
		h.mustDo("UpdateTimeToLive", ttlOff("abc", "ttl"))
		h.expect("DescribeTimeToLive", justTable, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLING","AttributeName":"ttl"}}`)
		time.Sleep(testDelay + 1)
		h.expect("DescribeTimeToLive", justTable, `{"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}}`)
	})
}

func TestNumberOfTables(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: testDelay})
		const many = "LimitExceededException: Subscriber limit exceeded: Only 500 tables can be created, updated, or deleted simultaneously"
		for i := range maxTables {
			h.mustDo("CreateTable", plain(fmt.Sprintf("table%d", i), onDemand))
			if (i+1)%maxChanging == 0 && i+1 < maxTables {
				h.fails("CreateTable", plain("more", onDemand), many)
				if i+1 > maxChanging {
					h.fails("UpdateTable", strings.ReplaceAll(streamOn, "abc", "table1"), many)
					h.fails("DeleteTable", `{"TableName":"table1"}`, many)
				}
				time.Sleep(testDelay + 1)
			}
		}
		h.fails("CreateTable", plain("more", onDemand), "LimitExceededException: Subscriber limit exceeded: There is a limit of 2500 tables per subscriber")
		h.caller.Region = "eu-west-1"
		h.mustDo("CreateTable", plain("more", onDemand))
	})
}
