package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const bad = "One or more parameter values were invalid: "

// provisioned is a CreateTable of a table with one global index, both with
// throughput.
const provisioned = `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5},
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"b","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":3,"WriteCapacityUnits":3}}]}`

func update(members string) string { return `{"TableName":"abc",` + members + `}` }

func units(n int) string {
	return fmt.Sprintf(`{"ReadCapacityUnits":%d,"WriteCapacityUnits":%d}`, n, n)
}

// The texts come from what was observed of the service: the tests of dynalite,
// and the findings of a lab of 2026 (ack-api-quirks).
func TestUpdateTableValidation(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", provisioned)
	const nothing = "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, MultiRegionConsistency, DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required"
	for _, c := range []struct{ in, want string }{
		{`"AttributeDefinitions":[]`, nothing},
		{`"GlobalSecondaryIndexUpdates":[]`, nothing},
		{`"GlobalSecondaryIndexUpdates":[],"DeletionProtectionEnabled":true`, bad + "List of GlobalSecondaryIndexUpdates is empty"},
		{`"ProvisionedThroughput":{"ReadCapacityUnits":1000000000001,"WriteCapacityUnits":1}`, "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
		{`"ProvisionedThroughput":` + units(5), "The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits provisioned for the table: 5. Requested WriteCapacityUnits: 5. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."},
		{`"BillingMode":"PROVISIONED"`, bad + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED"},
		{`"BillingMode":"PAY_PER_REQUEST","ProvisionedThroughput":` + units(6), bad + "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST"},
		{`"OnDemandThroughput":{"MaxReadRequestUnits":5}`, bad + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when the table BillingMode is PROVISIONED"},
		{`"WarmThroughput":{"WriteUnitsPerSecond":4}`, bad + "Requested WriteUnitsPerSecond for WarmThroughput for table is lower than current WarmThroughput, decreasing WarmThroughput is not supported"},
		{`"SSESpecification":{"Enabled":false}`, bad + "Table is already encrypted by default"},
		{`"SSESpecification":{"Enabled":true},"TableClass":"STANDARD"`, bad + "Server-Side Encryption modification must be the only operation in the request"},
		{`"DeletionProtectionEnabled":true,"TableClass":"STANDARD"`, bad + "TableClass modification must be the only operation in the request"},
		{`"DeletionProtectionEnabled":true,"WarmThroughput":{"WriteUnitsPerSecond":9}`, bad + "DeletionProtection modification must be the only operation in the request"},
		{`"OnDemandThroughput":{"MaxReadRequestUnits":5},"WarmThroughput":{"WriteUnitsPerSecond":9}`, bad + "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
		{`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"ProvisionedThroughput":` + units(6), bad + "You cannot modify stream status while updating table IOPS"},
		{`"StreamSpecification":{"StreamEnabled":true}`, bad + "If stream is being enabled then UpdateViewType is required"},
		{`"StreamSpecification":{"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"}`, bad + "If stream is being disabled, then UpdateViewType must not be specified"},
		{`"StreamSpecification":{"StreamEnabled":false}`, "Table has no stream to disable: TableName: abc"},
	} {
		h.refused("UpdateTable", update(c.in), c.want)
	}
}

func TestUpdateTableIndexValidation(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", provisioned)
	create := func(name, keys, more string) string {
		return fmt.Sprintf(`{"Create":{"IndexName":%q,"KeySchema":%s,"Projection":{"ProjectionType":"ALL"}%s}}`, name, keys, more)
	}
	pt := `,"ProvisionedThroughput":` + units(1)
	for _, c := range []struct{ in, want string }{
		{`{}`, bad + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null"},
		{`{"Delete":{"IndexName":"xyz"},"Update":{"IndexName":"xyz"}}`, bad + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object"},
		{`{"Delete":{"IndexName":"xyz"}},{"Delete":{"IndexName":"xyz"}}`, bad + "Only one global secondary index update per index is allowed simultaneously. Index: xyz"},
		{`{"Update":{"IndexName":"xyz","ProvisionedThroughput":` + units(1000000000001) + `}}`, "This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate"},
		{`{"Update":{"IndexName":"local","ProvisionedThroughput":` + units(1) + `}}`, "Cannot update an index that is not a GlobalSecondaryIndex: local"},
		{`{"Delete":{"IndexName":"local"}}`, "Cannot delete an index that is not a GlobalSecondaryIndex: local"},
		{`{"Update":{"IndexName":"global","ProvisionedThroughput":` + units(3) + `}}`, "The provisioned throughput for the index global will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for index global: 3. Requested ReadCapacityUnits: 3. Current WriteCapacityUnits provisioned for index global: 3. Requested WriteCapacityUnits: 3. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."},
		{create("new", key("c:HASH"), pt), bad + "AttributeDefinitions is not specified for index: new"},
	} {
		h.refused("UpdateTable", update(`"GlobalSecondaryIndexUpdates":[`+c.in+`]`), c.want)
	}
	defs := `"AttributeDefinitions":[{"AttributeName":"c","AttributeType":"N"}],`
	for _, c := range []struct{ in, want string }{
		{create("new", key("d:HASH"), pt), bad + "Some index key attributes are not defined in AttributeDefinitions. Keys: [d], AttributeDefinitions: [a, b, c]"},
		{create("new", key("c:HASH"), ``), bad + "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: new"},
		{create("local", key("c:HASH"), pt), "Attempting to create an index which already exists"},
	} {
		h.refused("UpdateTable", update(defs+`"GlobalSecondaryIndexUpdates":[`+c.in+`]`), c.want)
	}
	h.refused("UpdateTable", update(defs+`"DeletionProtectionEnabled":true,"GlobalSecondaryIndexUpdates":[`+create("new", key("c:HASH"), pt)+`]`), bad+"DeletionProtection modification must be the only operation in the request")
	h.refused("UpdateTable", update(defs+`"ProvisionedThroughput":`+units(6)+`,"GlobalSecondaryIndexUpdates":[`+create("new", key("c:HASH"), pt)+`]`), bad+"You cannot create or delete index while updating table IOPS")
	h.fails("UpdateTable", update(`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"xyz","ProvisionedThroughput":`+units(1)+`}}]`), "ResourceNotFoundException: Requested resource not found: Index xyz for table abc")
	h.fails("UpdateTable", update(defs+`"GlobalSecondaryIndexUpdates":[`+create("new", key("c:HASH"), pt)+`,{"Delete":{"IndexName":"global"}}]`), "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table")
}

func (h *harness) describes(want ...string) {
	h.t.Helper()
	out := h.mustDo("DescribeTable", `{"TableName":"abc"}`)
	for _, w := range want {
		if !strings.Contains(out, w) {
			h.t.Errorf("want %s\n in %s", w, out)
		}
	}
}

func TestThroughputChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", provisioned)
		out := h.mustDo("UpdateTable", update(`"ProvisionedThroughput":`+units(9)))
		if !strings.Contains(out, `"TableStatus":"UPDATING"`) || !strings.Contains(out, `"ReadCapacityUnits":5`) {
			t.Errorf("the answer should show the throughput that is about to change: %s", out)
		}
		h.describes(`"ProvisionedThroughput":{"LastIncreaseDateTime":946684800,"NumberOfDecreasesToday":0,"ReadCapacityUnits":9,"WriteCapacityUnits":9}`)
		for n := 8; n > 4; n-- {
			h.mustDo("UpdateTable", update(`"ProvisionedThroughput":`+units(n)))
		}
		h.describes(`"NumberOfDecreasesToday":4,"ReadCapacityUnits":5`, `"WarmThroughput":{"ReadUnitsPerSecond":9,"WriteUnitsPerSecond":9,"Status":"ACTIVE"}`)
		h.fails("UpdateTable", update(`"ProvisionedThroughput":`+units(4)), "LimitExceededException: Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at most once every 3600 seconds. Number of decreases today: 4. Last decrease at Saturday, January 1, 2000 at 12:00:00 AM Coordinated Universal Time. Next decrease can be made at Saturday, January 1, 2000 at 1:00:00 AM Coordinated Universal Time")
		time.Sleep(time.Hour)
		h.mustDo("UpdateTable", update(`"ProvisionedThroughput":`+units(4)))
		time.Sleep(23 * time.Hour)
		h.describes(`"NumberOfDecreasesToday":0,"ReadCapacityUnits":4`)
		h.mustDo("UpdateTable", update(`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"global","ProvisionedThroughput":`+units(2)+`}}]`))
		h.describes(`"NumberOfDecreasesToday":1,"ReadCapacityUnits":2`)
	})
}

func TestBillingModeSwitches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", provisioned)
		h.mustDo("UpdateTable", update(`"BillingMode":"PAY_PER_REQUEST","OnDemandThroughput":{"MaxReadRequestUnits":50,"MaxWriteRequestUnits":60}`))
		h.describes(`"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST","LastUpdateToPayPerRequestDateTime":946684800}`,
			`"OnDemandThroughput":{"MaxReadRequestUnits":50,"MaxWriteRequestUnits":60}`, `"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000`)
		h.mustDo("UpdateTable", update(`"OnDemandThroughput":{"MaxReadRequestUnits":-1}`))
		h.describes(`"OnDemandThroughput":{"MaxWriteRequestUnits":60}`)
		h.refused("UpdateTable", update(`"ProvisionedThroughput":`+units(1)), bad+"Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		h.refused("UpdateTable", update(`"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"global","ProvisionedThroughput":`+units(1)+`}}]`), bad+"The only Updates for index: global when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput")
		h.refused("UpdateTable", update(`"BillingMode":"PROVISIONED","ProvisionedThroughput":`+units(7)), bad+"ProvisionedThroughput must be specified for index: global")
		h.mustDo("UpdateTable", update(`"BillingMode":"PROVISIONED","ProvisionedThroughput":`+units(7)+`,"GlobalSecondaryIndexUpdates":[{"Update":{"IndexName":"global","ProvisionedThroughput":`+units(8)+`}}]`))
		h.describes(`"BillingModeSummary":{"BillingMode":"PROVISIONED","LastUpdateToPayPerRequestDateTime":946684800}`, `"ReadCapacityUnits":7`, `"ReadCapacityUnits":8`)
		if out := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(out, "OnDemandThroughput") {
			t.Errorf("a switch drops the limits of on-demand throughput: %s", out)
		}
	})
}

func TestStreamSwitches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", provisioned)
		on, off := update(`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}`), update(`"StreamSpecification":{"StreamEnabled":false}`)
		h.mustDo("UpdateTable", on)
		h.describes(`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"},"LatestStreamLabel":"2000-01-01T00:00:00.000"`)
		h.refused("UpdateTable", on, "Table already has an enabled stream: TableName: abc")
		h.mustDo("UpdateTable", off)
		if out := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(out, "StreamSpecification") || !strings.Contains(out, `"LatestStreamLabel":"2000-01-01T00:00:00.000"`) {
			t.Errorf("the last stream should still be named: %s", out)
		}
		h.mustDo("UpdateTable", on) // in the same millisecond
		h.describes(`"LatestStreamLabel":"2000-01-01T00:00:00.001"`)
	})
}

func TestOtherSettingsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", provisioned)
		h.mustDo("UpdateTable", update(`"TableClass":"STANDARD"`))
		if out := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(out, "TableClassSummary") {
			t.Errorf("the class was standard before: %s", out)
		}
		h.mustDo("UpdateTable", update(`"TableClass":"STANDARD_INFREQUENT_ACCESS"`))
		h.mustDo("UpdateTable", update(`"SSESpecification":{"Enabled":true}`))
		h.mustDo("UpdateTable", update(`"WarmThroughput":{"ReadUnitsPerSecond":100}`))
		h.mustDo("UpdateTable", update(`"DeletionProtectionEnabled":true`))
		h.restart()
		h.describes(`"TableClassSummary":{"TableClass":"STANDARD_INFREQUENT_ACCESS","LastUpdateDateTime":946684800}`,
			`"SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":"arn:aws:kms:us-east-1:000000000000:key/`,
			`"WarmThroughput":{"ReadUnitsPerSecond":100,"WriteUnitsPerSecond":5,"Status":"ACTIVE"}`, `"DeletionProtectionEnabled":true`)
		h.mustDo("UpdateTable", update(`"SSESpecification":{"Enabled":false}`))
	})
}
