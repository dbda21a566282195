package dynamodb

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// inBubble runs a test in a bubble of fake time, on an engine in memory.
func inBubble(t *testing.T, test func(h *harness)) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		test(h)
	})
}

// richTable has every setting that a backup can remember or must not restore.
const richTable = `{"TableName":"rich","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"},{"AttributeName":"l","AttributeType":"N"}],
	"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"l","KeyType":"RANGE"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"Tags":[{"Key":"k","Value":"v"}],"SSESpecification":{"Enabled":true}}`

func (h *harness) putRich(table, a string, b int, rest string) {
	h.t.Helper()
	h.mustDo("PutItem", fmt.Sprintf(`{"TableName":%q,"Item":{"a":{"S":%q},"b":{"N":"%d"}%s}}`, table, a, b, rest))
}

// backup makes a backup of a table, waits until it is complete and returns its
// ARN. It needs a bubble.
func (h *harness) backup(table, name string) string {
	h.t.Helper()
	arn := h.details("CreateBackup", fmt.Sprintf(`{"TableName":%q,"BackupName":%q}`, table, name)).BackupDetails.BackupArn
	synctest.Wait()
	return arn
}

// backupAnswer is what the tests look at in answers about backups.
type backupAnswer struct {
	BackupDetails struct {
		BackupArn, BackupName, BackupStatus, BackupType string
		BackupSizeBytes                                 int64
		BackupCreationDateTime, BackupExpiryDateTime    float64
	}
	SourceTableDetails        json.RawMessage
	SourceTableFeatureDetails json.RawMessage
}

func (h *harness) details(op, in string) (out backupAnswer) {
	h.t.Helper()
	answer := []byte(h.mustDo(op, in))
	var wrapped struct{ BackupDescription json.RawMessage }
	if err := json.Unmarshal(answer, &wrapped); err == nil && wrapped.BackupDescription != nil {
		answer = wrapped.BackupDescription
	}
	if err := json.Unmarshal(answer, &out); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// all returns the items of a table, or of one of its indexes, sorted.
func (h *harness) all(table, index string) []string {
	h.t.Helper()
	request := fmt.Sprintf(`{"TableName":%q,"ConsistentRead":%t}`, table, index != "global")
	if index != "" {
		request = strings.Replace(request, "{", fmt.Sprintf(`{"IndexName":%q,`, index), 1)
	}
	var page struct{ Items []map[string]map[string]any }
	if err := json.Unmarshal([]byte(h.mustDo("Scan", request)), &page); err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, item := range page.Items {
		text, err := json.Marshal(item)
		if err != nil {
			h.t.Fatal(err)
		}
		list = append(list, string(text))
	}
	slices.Sort(list)
	return list
}

// same checks that a table has the items of another, and its indexes too.
func (h *harness) same(table, other string) {
	h.t.Helper()
	for _, index := range []string{"", "global", "local"} {
		if got, want := h.all(table, index), h.all(other, index); !slices.Equal(got, want) {
			h.t.Errorf("%s of %s\n got %v\nwant %v", index, table, got, want)
		}
	}
}

// status returns the TableStatus of a table.
func (h *harness) status(table string) string {
	h.t.Helper()
	var out struct{ Table struct{ TableStatus string } }
	if err := json.Unmarshal([]byte(h.mustDo("DescribeTable", fmt.Sprintf(`{"TableName":%q}`, table))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out.Table.TableStatus
}

func TestBackupAndRestore(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		for i := range 50 {
			h.putRich("rich", "x", i, fmt.Sprintf(`,"g":{"S":"%d"},"l":{"N":"%d"},"more":{"S":"m"}`, i%3, 50-i))
		}
		h.putRich("rich", "y", 1, "")
		created := h.details("CreateBackup", `{"TableName":"rich","BackupName":"first"}`).BackupDetails
		if created.BackupStatus != "CREATING" || created.BackupType != "USER" || created.BackupName != "first" {
			t.Errorf("created: %+v", created)
		}
		arn := created.BackupArn
		synctest.Wait()
		h.putRich("rich", "later", 1, `,"g":{"S":"9"}`)
		if got := h.details("DescribeBackup", fmt.Sprintf(`{"BackupArn":%q}`, arn)); got.BackupDetails.BackupStatus != "AVAILABLE" || got.BackupDetails.BackupSizeBytes == 0 {
			t.Errorf("described: %+v", got)
		}
		h.mustDo("DeleteItem", `{"TableName":"rich","Key":{"a":{"S":"later"},"b":{"N":"1"}}}`)

		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"again","BackupArn":%q}`, arn))
		synctest.Wait()
		h.same("again", "rich")
		if got := h.status("again"); got != "ACTIVE" {
			t.Errorf("restored: %s", got)
		}
		described := h.mustDo("DescribeTable", `{"TableName":"again"}`)
		for want, has := range map[string]bool{
			`"ItemCount":51`: true, `"RestoreSummary"`: false, `"SSEType":"KMS"`: true,
			"StreamSpecification": false, `"BillingMode":"PAY_PER_REQUEST"`: true,
		} {
			if strings.Contains(described, want) != has {
				t.Errorf("%s %t: %s", want, has, described)
			}
		}
		h.expect("ListTagsOfResource", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/again"}`, `{"Tags":[]}`)
	})
}

// A backup outlives its table, and a restart.
func TestBackupSurvivesTable(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		h.putRich("rich", "x", 1, `,"g":{"S":"1"},"l":{"N":"1"}`)
		arn := h.backup("rich", "kept")
		h.mustDo("DeleteTable", `{"TableName":"rich"}`)
		h.restart()
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"rich","BackupArn":%q}`, arn))
		synctest.Wait()
		for _, index := range []string{"", "global", "local"} {
			if got := h.all("rich", index); len(got) != 1 {
				t.Errorf("%q: %v", index, got)
			}
		}
		if got := h.details("DeleteBackup", fmt.Sprintf(`{"BackupArn":%q}`, arn)).BackupDetails.BackupStatus; got != "DELETED" {
			t.Errorf("deleted: %s", got)
		}
		h.fails("DescribeBackup", fmt.Sprintf(`{"BackupArn":%q}`, arn), "BackupNotFoundException: Backup not found: "+arn)
	})
}

func TestRestoreOverrides(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		h.putRich("rich", "x", 1, `,"g":{"S":"1"},"l":{"N":"1"}`)
		arn := h.backup("rich", "first")
		restore := func(target, rest string) string {
			return fmt.Sprintf(`{"TargetTableName":%q,"BackupArn":%q%s}`, target, arn, rest)
		}
		h.mustDo("RestoreTableFromBackup", restore("bare", `,"GlobalSecondaryIndexOverride":[],"LocalSecondaryIndexOverride":[],"BillingModeOverride":"PROVISIONED","ProvisionedThroughputOverride":{"ReadCapacityUnits":3,"WriteCapacityUnits":4}`))
		synctest.Wait()
		got := h.mustDo("DescribeTable", `{"TableName":"bare"}`)
		if strings.Contains(got, "IndexName") || !strings.Contains(got, `"ReadCapacityUnits":3,"WriteCapacityUnits":4`) || strings.Contains(got, `"AttributeName":"g"`) {
			t.Errorf("bare: %s", got)
		}
		h.fails("RestoreTableFromBackup", restore("other", `,"GlobalSecondaryIndexOverride":[{"IndexName":"global","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]`),
			"ValidationException: Invalid Request: Index global does not match a secondary index that existed in the source table and cannot be created during the restore operation")
		h.fails("RestoreTableFromBackup", restore("other", `,"BillingModeOverride":"PROVISIONED"`),
			"ValidationException: Invalid Request: Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
		h.fails("RestoreTableFromBackup", restore("rich", ``), "TableAlreadyExistsException: Table already exists: rich")
		h.fails("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"other","BackupArn":"%sx"}`, arn), "BackupNotFoundException: Backup not found: "+arn+"x")
		h.fails("CreateBackup", `{"TableName":"none","BackupName":"first"}`, "TableNotFoundException: Table not found: none")
	})
}

func TestListBackups(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		h.mustDo("CreateTable", plain("abc", onDemand))
		var arns []string
		start := time.Now()
		for i := range 5 {
			arns = append(arns, h.backup([]string{"rich", "abc"}[i%2], fmt.Sprint("name", i)))
			time.Sleep(time.Minute)
		}
		h.mustDo("UpdateContinuousBackups", `{"TableName":"abc","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}`)
		h.mustDo("DeleteTable", `{"TableName":"abc"}`)
		list := func(in string) (names []string, last string) {
			var out struct {
				BackupSummaries []struct {
					BackupName, BackupType string
					BackupExpiryDateTime   float64
				}
				LastEvaluatedBackupArn string
			}
			if err := json.Unmarshal([]byte(h.mustDo("ListBackups", in)), &out); err != nil {
				t.Fatal(err)
			}
			for _, b := range out.BackupSummaries {
				names = append(names, b.BackupName)
				if want := b.BackupType == "SYSTEM"; want != (b.BackupExpiryDateTime != 0) {
					t.Errorf("expiry of %+v", b)
				}
			}
			return names, out.LastEvaluatedBackupArn
		}
		for _, c := range []struct {
			in, want, last string
		}{
			{`{}`, "name0 name1 name2 name3 name4", ""},
			{`{"TableName":"abc"}`, "name1 name3", ""},
			{`{"BackupType":"SYSTEM"}`, "abc$DeletedTableBackup", ""},
			{`{"BackupType":"ALL","TableName":"abc"}`, "name1 name3 abc$DeletedTableBackup", ""},
			{`{"BackupType":"AWS_BACKUP"}`, "", ""},
			{`{"Limit":2}`, "name0 name1", arns[1]},
			{`{"Limit":3,"ExclusiveStartBackupArn":"` + arns[1] + `"}`, "name2 name3 name4", ""},
			{fmt.Sprintf(`{"TimeRangeLowerBound":%d,"TimeRangeUpperBound":%d}`, start.Add(time.Minute).Unix(), start.Add(3*time.Minute).Unix()), "name1 name2", ""},
		} {
			names, last := list(c.in)
			if got := strings.Join(names, " "); got != c.want || last != c.last {
				t.Errorf("%s\n got %s, last %q\nwant %s, last %q", c.in, got, last, c.want, c.last)
			}
		}
		time.Sleep(systemBackupLife + historyInterval)
		synctest.Wait()
		if names, _ := list(`{"BackupType":"SYSTEM"}`); names != nil {
			t.Errorf("after 35 days: %v", names)
		}
	})
}

// What a table with point-in-time recovery held when it was deleted comes back
// from its system backup.
func TestSystemBackup(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		h.mustDo("UpdateContinuousBackups", `{"TableName":"rich","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}`)
		h.putRich("rich", "x", 1, `,"g":{"S":"1"},"l":{"N":"1"}`)
		want := h.all("rich", "global")
		h.mustDo("DeleteTable", `{"TableName":"rich"}`)
		h.mustDo("CreateTable", richTable) // a namesake
		var out struct{ BackupSummaries []struct{ BackupArn string } }
		if err := json.Unmarshal([]byte(h.mustDo("ListBackups", `{"BackupType":"SYSTEM"}`)), &out); err != nil || len(out.BackupSummaries) != 1 {
			h.t.Fatalf("%v %v", out, err)
		}
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"again","BackupArn":%q}`, out.BackupSummaries[0].BackupArn))
		synctest.Wait()
		if got := h.all("again", "global"); !slices.Equal(got, want) || len(h.all("rich", "")) != 0 {
			t.Errorf("got %v, want %v", got, want)
		}
		h.checkNoUndo()
	})
}

// checkNoUndo checks that no table left history behind.
func (h *harness) checkNoUndo() {
	h.t.Helper()
	rows, err := h.rowsFrom(kv.PrefixRange([]byte{space, kindUndo}), 1)
	if err != nil || rows != nil {
		h.t.Errorf("history is left: %x %v", rows, err)
	}
}
