package dynamodb

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// in returns the harness as a client of another region sees it.
func (h *harness) in(region string) *harness {
	other := *h
	other.caller.Region = region
	return &other
}

// addReplica is the UpdateTable that adds a replica of table abc.
func addReplica(region string) string {
	return `{"TableName":"abc","ReplicaUpdates":[{"Create":{"RegionName":"` + region + `"}}]}`
}

func removeReplica(region string) string {
	return strings.Replace(addReplica(region), "Create", "Delete", 1)
}

// contents is all items of abc in a region, in the order of their keys.
func (h *harness) contents(region string) string {
	h.t.Helper()
	return h.in(region).mustDo("Scan", `{"TableName":"abc","ConsistentRead":true}`)
}

// agree fails the test unless the replicas of abc hold the same items.
func (h *harness) agree(regions ...string) {
	h.t.Helper()
	want := h.contents(regions[0])
	for _, region := range regions[1:] {
		if got := h.contents(region); got != want {
			h.t.Errorf("%s has %s\n%s has %s", regions[0], want, region, got)
		}
	}
}

// notes is the number of notes of what has to be sent.
func (h *harness) notes() (n int) {
	it := h.store.Scan(kv.PrefixRange([]byte{space, kindOutbox}))
	defer it.Close()
	for it.Next() {
		n++
	}
	return n
}

func TestReplicaIsFilledAndFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		for i := range 100 {
			h.mustDo("PutItem", put(i, ``))
		}
		h.mustDo("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"7"}}}`)
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		h.mustDo("PutItem", put(3, `,"n":{"N":"1"}`)) // while it is filled
		synctest.Wait()
		h.agree("us-east-1", "eu-west-1")
		h.in("eu-west-1").mustDo("PutItem", put(200, ``))
		h.in("eu-west-1").mustDo("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"8"}}}`)
		synctest.Wait()
		h.agree("us-east-1", "eu-west-1")
		if got := h.contents("us-east-1"); !strings.Contains(got, `"Count":99`) || !strings.Contains(got, `"200"`) {
			t.Errorf("us-east-1 has %s", got)
		}
		if n := h.notes(); n != 0 {
			t.Errorf("%d notes are left", n)
		}
		for _, region := range []string{"us-east-1", "eu-west-1"} {
			if d := h.in(region).mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(d, `"ItemCount":99`) || !strings.Contains(d, `"TableStatus":"ACTIVE"`) {
				t.Errorf("%s: %s", region, d)
			}
		}
	})
}

// What a replica receives is recorded in its own stream, once, and not sent on.
func TestReplicatedWritesAreRecordedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		synctest.Wait()
		h.mustDo("UpdateTable", addReplica("eu-west-2"))
		synctest.Wait()
		for i := range 10 {
			h.in([]string{"us-east-1", "eu-west-1", "eu-west-2"}[i%3]).mustDo("PutItem", put(1, fmt.Sprintf(`,"n":{"N":"%d"}`, i)))
			synctest.Wait()
		}
		for _, region := range []string{"us-east-1", "eu-west-1", "eu-west-2"} {
			other := h.in(region)
			var list struct{ Streams []struct{ StreamArn string } }
			other.decode("ListStreams", `{}`, &list)
			arn := list.Streams[0].StreamArn
			if n := len(other.records(other.iterator(arn, other.shardOfKey(arn), trimHorizonType), 0).Records); n != 10 {
				t.Errorf("%s has %d records, want 10", region, n)
			}
		}
	})
}

// Random writes in several regions, replicas that come and go, and restarts: all
// replicas come to the same items, and each item is one that was written.
func TestReplicasConverge(t *testing.T) {
	for _, regions := range [][]string{{"us-east-1", "eu-west-1"}, {"us-east-1", "eu-west-1", "ap-south-1"}} {
		for seed := range uint64(8) {
			t.Run(fmt.Sprintf("%d regions, seed %d", len(regions), seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { converge(t, regions, seed) })
			})
		}
	}
}

func converge(t *testing.T, regions []string, seed uint64) {
	random := rand.New(rand.NewPCG(seed, uint64(len(regions))))
	h := newEngineWith(t, Options{ReplicationDelay: 50 * time.Millisecond})
	h.mustDo("CreateTable", plain("abc", onDemand))
	h.mustDo("UpdateTable", addIndex)
	synctest.Wait()
	joined := 1
	for i := range 400 {
		if joined < len(regions) && i == 100*joined {
			h.in(regions[random.IntN(joined)]).mustDo("UpdateTable", addReplica(regions[joined]))
			// Writes go on; those to the new replica once it is there.
			for range 20 {
				randomWrite(h.in(regions[random.IntN(joined)]), random, i)
			}
			if random.IntN(2) == 0 {
				h.restart()
			}
			time.Sleep(time.Second)
			joined++
		}
		randomWrite(h.in(regions[random.IntN(joined)]), random, i)
		switch random.IntN(40) {
		case 0:
			h.restart()
		case 1, 2, 3:
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)
		}
	}
	time.Sleep(time.Minute)
	h.agree(regions...)
	if n := h.notes(); n != 0 {
		t.Errorf("%d notes are left", n)
	}
	for _, region := range regions {
		other := h.in(region)
		items := strings.Count(other.contents(region), `"pk"`)
		if d := other.mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(d, fmt.Sprintf(`"ItemCount":%d,`, items)) {
			t.Errorf("%s has %d items and says %s", region, items, d)
		}
	}
	h.checkIndex()
}

// randomWrite changes one of a few items.
func randomWrite(h *harness, random *rand.Rand, i int) {
	pk := random.IntN(12)
	key := fmt.Sprintf(`"TableName":"abc","Key":{"pk":{"S":"%d"}}`, pk)
	switch random.IntN(4) {
	case 0:
		h.mustDo("DeleteItem", `{`+key+`}`)
	case 1:
		h.mustDo("UpdateItem", fmt.Sprintf(`{%s,"UpdateExpression":"SET more = :v","ExpressionAttributeValues":{":v":{"S":"%d"}}}`, key, i))
	case 2:
		h.mustDo("TransactWriteItems", `{"TransactItems":[{"Put":`+put(pk, fmt.Sprintf(`,"n":{"N":"%d"}`, i))+`},{"Put":`+put(pk+100, indexed(pk, i))+`}]}`)
	default:
		h.mustDo("PutItem", put(pk, indexed(i, pk)+fmt.Sprintf(`,"n":{"N":"%d"}`, i)))
	}
}

// Of two writes of an item that do not know each other the later one stays,
// deletions too.
func TestLastWriterWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("PutItem", put(1, ``))
		h.mustDo("PutItem", put(2, ``))
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		synctest.Wait()
		h.opts.ReplicationDelay = time.Hour
		h.restart()
		time.Sleep(2 * time.Hour) // what the start has to send
		del := func(pk string) string { return `{"TableName":"abc","Key":{"pk":{"S":"` + pk + `"}}}` }
		h.in("eu-west-1").mustDo("DeleteItem", del("1"))
		h.mustDo("PutItem", put(2, `,"from":{"S":"us"}`))
		time.Sleep(time.Millisecond)
		h.mustDo("PutItem", put(1, `,"from":{"S":"us"}`))
		h.in("eu-west-1").mustDo("DeleteItem", del("2"))
		time.Sleep(3 * time.Hour)
		h.agree("us-east-1", "eu-west-1")
		if got := h.contents("eu-west-1"); !strings.Contains(got, `"Count":1`) || !strings.Contains(got, `"us"`) {
			t.Errorf("left: %s", got)
		}
	})
}

func TestReplicaUpdatesRefused(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	update := func(more string) string { return `{"TableName":"abc",` + more + `}` }
	replicas := func(list string) string { return update(`"ReplicaUpdates":[` + list + `]`) }
	create := func(region string) string { return `{"Create":{"RegionName":"` + region + `"}}` }
	strong := func(list, witness string) string {
		return update(`"MultiRegionConsistency":"STRONG","ReplicaUpdates":[` + list + `]` + witness)
	}
	witness := func(region string) string {
		return `,"GlobalTableWitnessUpdates":[{"Create":{"RegionName":"` + region + `"}}]`
	}
	const local = "Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required."
	const unknown = "Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [eu-west-1]."
	const count = "Unsupported replica count for global tables with MultiRegionConsistency set to STRONG."
	for _, c := range []struct{ in, want string }{
		{replicas(create("us-east-1")), local},
		{replicas(`{"Delete":{"RegionName":"us-east-1"}}`), local},
		{replicas(`{"Delete":{"RegionName":"eu-west-1"}}`), unknown},
		{replicas(`{"Update":{"RegionName":"eu-west-1","TableClassOverride":"STANDARD"}}`), unknown},
		{replicas(`{"Update":{"RegionName":"eu-west-1"}}`), "There are no actions specified in the Replica Update Action of the request."},
		{replicas(`{}`), "There are no actions specified in the Replica Update Action of the request."},
		{replicas(`{"Create":{"RegionName":"eu-west-1"},"Delete":{"RegionName":"eu-west-1"}}`), "Update table operation with more than one type of replica actions not allowed."},
		{replicas(create("eu-west-1") + "," + create("eu-west-2")), "Update table operation with more than one create or delete replica actions not allowed"},
		{update(`"DeletionProtectionEnabled":true,"ReplicaUpdates":[` + create("eu-west-1") + `]`), "One or more parameter values were invalid: Replica modification must be the only operation in the request"},
		{update(`"GlobalTableSettingsReplicationMode":"ENABLED_WITH_OVERRIDES"`), "Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED and DISABLED settings replication are supported for a Regional Table."},
		{strong(create("us-east-2"), ""), count},
		{strong(create("us-west-1"), witness("us-west-1")), "Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [us-west-1]."},
		{strong(create("us-west-2"), witness("us-west-2")), "Cannot target multiple regions with the same action"},
		{strong(create("us-west-2"), witness("us-east-1")), "Cannot add a witness in the same region as an existing replica when creating a global table with MultiRegionConsistency set to STRONG."},
		{replicas(create("us-west-2"))[:len(replicas(create("us-west-2")))-1] + witness("us-east-2") + "}", "MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present."},
	} {
		h.refused("UpdateTable", c.in, c.want)
	}
	h.in("eu-west-1").mustDo("CreateTable", plain("abc", onDemand))
	h.refused("UpdateTable", replicas(create("eu-west-1")), "Failed to create a the new replica of table with name: ‘abc’ because one or more replicas already existed as tables.")
}

func TestReplicaIsDescribedAndDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		synctest.Wait()
		const one = `"GlobalTableVersion":"2019.11.21","Replicas":[{"RegionName":"%s","ReplicaStatus":"ACTIVE","WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000,"Status":"ACTIVE"},"GlobalTableSettingsReplicationMode":"ENABLED_WITH_OVERRIDES"}],"GlobalTableSettingsReplicationMode":"ENABLED_WITH_OVERRIDES"`
		for region, other := range map[string]string{"us-east-1": "eu-west-1", "eu-west-1": "us-east-1"} {
			if got, want := h.in(region).mustDo("DescribeTable", `{"TableName":"abc"}`), fmt.Sprintf(one, other); !strings.Contains(got, want) {
				t.Errorf("%s\n got %s\nwant %s in it", region, got, want)
			}
		}
		h.refused("UpdateTable", `{"TableName":"abc","StreamSpecification":{"StreamEnabled":false}}`, "One or more parameter values were invalid: Disabling Stream is not allowed for a Global Table replica.")
		h.refused("DeleteTable", `{"TableName":"abc"}`, "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the last 24 hours.")
		h.in("eu-west-1").mustDo("UpdateTable", `{"TableName":"abc","DeletionProtectionEnabled":true}`)
		h.refused("UpdateTable", removeReplica("eu-west-1"), "Cannot delete table abc in region eu-west-1 because it has deletion protection enabled. Disable deletion protection first.")
		h.in("eu-west-1").mustDo("UpdateTable", `{"TableName":"abc","DeletionProtectionEnabled":false}`)
		h.mustDo("PutItem", put(1, ``))
		h.mustDo("UpdateTable", removeReplica("eu-west-1"))
		h.in("eu-west-1").fails("DescribeTable", `{"TableName":"abc"}`, "ResourceNotFoundException: Requested resource not found: Table: abc not found")
		if got := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(got, "Replicas") || strings.Contains(got, "GlobalTableVersion") {
			t.Errorf("still a replica: %s", got)
		}
		synctest.Wait()
		h.mustDo("PutItem", put(2, ``))
		for _, kind := range []byte{kindVersion, kindOutbox, kindTombstone} {
			it := h.store.Scan(kv.PrefixRange([]byte{space, kind}))
			if it.Next() {
				t.Errorf("a row %q is left", it.Key())
			}
			it.Close()
		}
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
	})
}

// Settings that replicas share follow wherever they are changed; their own stay.
func TestSettingsOfReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", `,"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}`))
		h.mustDo("UpdateTable", `{"TableName":"abc","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1","ProvisionedThroughputOverride":{"ReadCapacityUnits":9},"TableClassOverride":"STANDARD_INFREQUENT_ACCESS"}}]}`)
		synctest.Wait()
		describe := func(region string, parts ...string) {
			t.Helper()
			got := h.in(region).mustDo("DescribeTable", `{"TableName":"abc"}`)
			for _, part := range parts {
				if !strings.Contains(got, part) {
					t.Errorf("%s\n got %s\nwant %s in it", region, got, part)
				}
			}
		}
		describe("us-east-1", `"ReadCapacityUnits":5,"WriteCapacityUnits":6`, `"ProvisionedThroughputOverride":{"ReadCapacityUnits":9}`, `"ReplicaTableClassSummary":{"TableClass":"STANDARD_INFREQUENT_ACCESS"`)
		describe("eu-west-1", `"ReadCapacityUnits":9,"WriteCapacityUnits":6`)
		h.mustDo("UpdateTable", `{"TableName":"abc","ReplicaUpdates":[{"Update":{"RegionName":"eu-west-1","ProvisionedThroughputOverride":{"ReadCapacityUnits":5}}}]}`)
		describe("eu-west-1", `"ReadCapacityUnits":5,"WriteCapacityUnits":6`)
		h.in("eu-west-1").mustDo("UpdateTable", `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"n","AttributeType":"N"}],"GlobalSecondaryIndexUpdates":[{"Create":{"IndexName":"by-n","KeySchema":[{"AttributeName":"n","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"},"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}}]}`)
		synctest.Wait()
		describe("us-east-1", `"IndexName":"by-n"`, `"IndexStatus":"ACTIVE"`)
		h.mustDo("UpdateTimeToLive", ttlOn("abc", "ttl"))
		synctest.Wait()
		h.in("eu-west-1").expect("DescribeTimeToLive", `{"TableName":"abc"}`, `{"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"ttl"}}`)
		h.mustDo("PutItem", expiring(1, time.Second))
		time.Sleep(time.Minute)
		if got := h.contents("eu-west-1"); !strings.Contains(got, `"Count":0`) {
			t.Errorf("an expired item stays: %s", got)
		}
	})
}

// With strong consistency a write is in every replica when it is acknowledged.
func TestStrongConsistency(t *testing.T) {
	synctest.Test(t, testStrongConsistency)
}

func testStrongConsistency(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	h.mustDo("UpdateTable", addIndex)
	synctest.Wait()
	h.mustDo("UpdateTable", `{"TableName":"abc","MultiRegionConsistency":"STRONG","ReplicaUpdates":[{"Create":{"RegionName":"us-east-2"}},{"Create":{"RegionName":"us-west-2"}}]}`)
	regions := []string{"us-east-1", "us-east-2", "us-west-2"}
	for i := range 60 {
		other := h.in(regions[i%3])
		switch i % 5 {
		case 4:
			other.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, i%7))
		case 3:
			other.mustDo("UpdateItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}},"UpdateExpression":"ADD c :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`, i%7))
		default:
			other.mustDo("PutItem", put(i%7, indexed(i, i)))
		}
		h.agree(regions...)
	}
	h.in("us-east-2").fails("PutItem", strings.TrimSuffix(put(1, ``), "}")+`,"ConditionExpression":"attribute_not_exists(pk)"}`, "ConditionalCheckFailedException: The conditional request failed")
	const transaction = "Transactions are not supported on global tables with MultiRegionConsistency set to STRONG."
	h.refused("TransactWriteItems", `{"TransactItems":[{"Put":`+put(1, ``)+`}]}`, transaction)
	h.refused("TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"abc","Key":{"pk":{"S":"1"}}}}]}`, transaction)
	h.refused("ExecuteTransaction", `{"TransactStatements":[{"Statement":"SELECT * FROM abc WHERE pk = '1'"}]}`, transaction)
	h.refused("ExecuteTransaction", `{"TransactStatements":[{"Statement":"DELETE FROM abc WHERE pk = '1'"}]}`, transaction)
	const one = "Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to STRONG."
	h.refused("DeleteTable", `{"TableName":"abc"}`, one)
	h.refused("UpdateTable", removeReplica("us-east-2"), one)
	h.refused("UpdateTable", addReplica("eu-west-1"), "Cannot add replicas to a global table with strong MultiRegionConsistency")
	h.restart()
	h.in("us-west-2").mustDo("PutItem", put(50, ``))
	h.agree(regions...)
	if d := h.mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(d, `"MultiRegionConsistency":"STRONG"`) {
		t.Errorf("described as %s", d)
	}
	h.mustDo("UpdateTable", `{"TableName":"abc","ReplicaUpdates":[{"Delete":{"RegionName":"us-east-2"}},{"Delete":{"RegionName":"us-west-2"}}]}`)
	h.mustDo("TransactWriteItems", `{"TransactItems":[{"Put":`+put(1, ``)+`}]}`)
}

func TestWitness(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	h.mustDo("UpdateTable", `{"TableName":"abc","MultiRegionConsistency":"STRONG","ReplicaUpdates":[{"Create":{"RegionName":"us-east-2"}}],"GlobalTableWitnessUpdates":[{"Create":{"RegionName":"us-west-2"}}]}`)
	if d := h.in("us-east-2").mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(d, `"GlobalTableWitnesses":[{"RegionName":"us-west-2","WitnessStatus":"ACTIVE"}]`) {
		t.Errorf("described as %s", d)
	}
	h.in("us-west-2").mustDo("CreateTable", plain("abc", onDemand)) // a witness is no table
	gone := func(region string) string {
		return strings.TrimSuffix(removeReplica("us-east-2"), "}") + `,"GlobalTableWitnessUpdates":[{"Delete":{"RegionName":"` + region + `"}}]}`
	}
	h.refused("UpdateTable", removeReplica("us-east-2"), "Update table delete operation does not include all witnesses.")
	h.refused("UpdateTable", gone("eu-west-1"), "Update global table operation failed because one or more witnesses were not part of the global table. Please retry the request without these witnesses: [eu-west-1].")
	h.mustDo("UpdateTable", gone("us-west-2"))
	if d := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(d, "Witness") || strings.Contains(d, "Replicas") {
		t.Errorf("described as %s", d)
	}
}

// Deletions are forgotten once they cannot matter any more.
func TestTombstonesAreCleared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		synctest.Wait()
		for i := range 50 {
			h.mustDo("PutItem", put(i, ``))
			synctest.Wait()
			h.in("eu-west-1").mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, i))
			synctest.Wait()
		}
		h.mustDo("PutItem", put(7, ``))
		time.Sleep(25 * time.Hour)
		versions := 0
		it := h.store.Scan(kv.PrefixRange([]byte{space, kindVersion}))
		for it.Next() {
			versions++
		}
		it.Close()
		if versions != 2 { // of the item that is there, in both regions
			t.Errorf("%d versions are left, want 2", versions)
		}
		h.agree("us-east-1", "eu-west-1")
	})
}

// With strong consistency a write of an item that is being written in another region
// is refused; one of another item, or in the same region, is not.
func TestReplicatedWriteConflict(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	h.mustDo("UpdateTable", `{"TableName":"abc","MultiRegionConsistency":"STRONG","ReplicaUpdates":[{"Create":{"RegionName":"us-east-2"}},{"Create":{"RegionName":"us-west-2"}}]}`)
	h.mustDo("PutItem", put(1, ``))
	under := func() []uint64 { // a write of item 1 in us-east-1
		table, err := h.Engine.lookup(&h.caller, "abc")
		if err != nil {
			t.Fatal(err)
		}
		v := table.current.Load()
		row := v.Key.appendRow(itemPrefix(table.id), attr.Map{{Name: "pk", Value: attr.S("1")}})
		writes := []*write{{op: opPut, table: table, row: row, v: v}}
		h.Engine.addMirrors(writes)
		items, err := h.Engine.contention.begin(writes)
		if err != nil {
			t.Fatal(err)
		}
		return items
	}
	first, second := under(), under()
	const refused = "ReplicatedWriteConflictException: The request was rejected because one or more items in the request are being modified by a request in another Region."
	west := h.in("us-west-2")
	for range 2 {
		west.fails("PutItem", put(1, ``), refused)
		west.fails("DeleteItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}}}`, refused)
		west.fails("UpdateItem", `{"TableName":"abc","Key":{"pk":{"S":"1"}},"UpdateExpression":"SET n = :n","ExpressionAttributeValues":{":n":{"N":"1"}}}`, refused)
		west.fails("BatchWriteItem", `{"RequestItems":{"abc":[{"DeleteRequest":{"Key":{"pk":{"S":"2"}}}},{"DeleteRequest":{"Key":{"pk":{"S":"1"}}}}]}}`, refused)
		west.mustDo("PutItem", put(2, ``))
		h.mustDo("PutItem", put(1, ``))
		h.Engine.contention.end(first)
		first = nil
	}
	h.Engine.contention.end(second)
	west.mustDo("PutItem", put(1, ``))
	if n := len(h.Engine.contention.of); n != 0 {
		t.Errorf("%d items are still being written", n)
	}
}

// A table of another account, in another region, can be made a replica: it gets the
// schema and the items, and each gets the writes of the other.
func TestReplicaOfAnotherAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		other := h.in("eu-west-1")
		other.caller.Account = "444455556666"
		const join = `{"TableName":"abc","GlobalTableSourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/abc","GlobalTableSettingsReplicationMode":"ENABLED"}`
		other.fails("CreateTable", join, "ResourceNotFoundException: Requested resource not found")
		h.mustDo("CreateTable", plain("abc", onDemand+`,"GlobalTableSettingsReplicationMode":"ENABLED"`))
		h.mustDo("PutItem", put(1, ``))
		for _, c := range []struct{ in, want string }{
			{strings.Replace(join, `"ENABLED"`, `"DISABLED"`, 1), "One or more parameter values were invalid: GlobalTableSettingsReplicationMode must be ENABLED when GlobalTableSourceArn is specified"},
			{strings.Replace(join, `{`, `{"BillingMode":"PAY_PER_REQUEST",`, 1), "One or more parameter values were invalid: Settings that are replicated cannot be specified with GlobalTableSourceArn"},
			{strings.Replace(join, `{"TableName":"abc"`, `{"TableName":"abd"`, 1), "One or more parameter values were invalid: TableName must be the name of the table that GlobalTableSourceArn names"},
		} {
			other.refused("CreateTable", c.in, c.want)
		}
		other.mustDo("CreateTable", join)
		synctest.Wait()
		h.mustDo("PutItem", put(2, ``))
		other.mustDo("PutItem", put(3, ``))
		synctest.Wait()
		for _, one := range []*harness{h, other} {
			if got := one.mustDo("Scan", `{"TableName":"abc"}`); !strings.Contains(got, `"Count":3`) {
				t.Errorf("%s has %s", one.caller.Region, got)
			}
		}
		const described = `"GlobalTableVersion":"2019.11.21","Replicas":[{"RegionName":"eu-west-1","ReplicaStatus":"ACTIVE","ReplicaArn":"arn:aws:dynamodb:eu-west-1:444455556666:table/abc"`
		if d := h.mustDo("DescribeTable", `{"TableName":"abc"}`); !strings.Contains(d, described) || !strings.Contains(d, `"GlobalTableSettingsReplicationMode":"ENABLED"`) {
			t.Errorf("described as %s", d)
		}
		third := h.in("eu-west-1")
		third.caller.Account = "777788889999"
		third.refused("CreateTable", join, "One or more parameter values were invalid: Each replica must be in an account and a Region of its own")
		h.fails("UpdateTable", removeReplica("eu-west-1"), "ValidationException: ReplicaUpdates are not supported for a global table with replicas in several accounts. Use CreateTable or DeleteTable in the account of the replica.")

		h.restart()
		other = h.in("eu-west-1")
		other.caller.Account = "444455556666"
		h.mustDo("PutItem", put(4, ``))
		synctest.Wait()
		if got := other.mustDo("Scan", `{"TableName":"abc"}`); !strings.Contains(got, `"Count":4`) {
			t.Errorf("after a restart: %s", got)
		}
		other.mustDo("DeleteTable", `{"TableName":"abc"}`)
		synctest.Wait()
		if d := h.mustDo("DescribeTable", `{"TableName":"abc"}`); strings.Contains(d, `"Replicas":[{`) {
			t.Errorf("once alone: %s", d)
		}
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
	})
}

// A table with counters may get replicas: what comes from other regions counts, and takes away, as what is written
// here does. The replicas have no counters.
func TestCounterOfATableWithReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		for i := range 20 {
			h.mustDo("PutItem", put(i, `,"n":{"N":"1"}`))
		}
		h.mustDo("CreateCounter", `{"CounterName":"all","TableName":"abc","Sum":["n"]}`)
		h.mustDo("UpdateTable", addReplica("eu-west-1"))
		h.mustDo("PutItem", put(3, `,"n":{"N":"7"}`)) // while it is filled
		synctest.Wait()
		random := rand.New(rand.NewPCG(5, 6))
		for range 300 {
			region := h.in([]string{"us-east-1", "eu-west-1"}[random.IntN(2)])
			pk := random.IntN(30)
			if random.IntN(3) == 0 {
				region.mustDo("DeleteItem", fmt.Sprintf(`{"TableName":"abc","Key":{"pk":{"S":"%d"}}}`, pk))
			} else {
				region.mustDo("PutItem", put(pk, fmt.Sprintf(`,"n":{"N":"%d"}`, random.IntN(9))))
			}
			if random.IntN(10) == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		h.agree("us-east-1", "eu-west-1")
		var scan struct {
			Items []struct{ N struct{ N string } }
			Count int
		}
		if err := json.Unmarshal([]byte(h.contents("us-east-1")), &scan); err != nil {
			t.Fatal(err)
		}
		sum := 0
		for _, it := range scan.Items {
			n, err := strconv.Atoi(it.N.N)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		h.expect("GetItem", `{"TableName":"all","Key":{"counter":{"S":"all"}},"ConsistentRead":true}`,
			fmt.Sprintf(`{"Item":{"count":{"N":"%d"},"counter":{"S":"all"},"n":{"N":"%d"}}}`, scan.Count, sum))
		if _, err := h.in("eu-west-1").do("CreateCounter", `{"CounterName":"there","TableName":"abc"}`); err == nil {
			t.Error("a replica got a counter")
		}
	})
}
