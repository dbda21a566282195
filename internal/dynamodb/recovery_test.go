package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

const (
	recoveryOn  = `{"TableName":"rich","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":true}}`
	recoveryOff = `{"TableName":"rich","PointInTimeRecoverySpecification":{"PointInTimeRecoveryEnabled":false}}`
)

func restoreAt(target string, at time.Time) string {
	return fmt.Sprintf(`{"SourceTableName":"rich","TargetTableName":%q,"RestoreDateTime":%d}`, target, at.Unix())
}

// writeRandom makes one random change of the table rich: a put, an update, a deletion
// or a transaction.
func (h *harness) writeRandom(rng *rand.Rand) {
	key := func() string { return fmt.Sprintf(`"a":{"S":"%d"},"b":{"N":"%d"}`, rng.IntN(3), rng.IntN(4)) }
	item := func() string {
		return fmt.Sprintf(`{%s,"g":{"S":"%d"},"l":{"N":"%d"},"v":{"N":"%d"}}`, key(), rng.IntN(3), rng.IntN(9), rng.IntN(100))
	}
	switch rng.IntN(4) {
	case 0:
		h.mustDo("PutItem", `{"TableName":"rich","Item":`+item()+`}`)
	case 1:
		h.mustDo("UpdateItem", `{"TableName":"rich","Key":{`+key()+`},"UpdateExpression":"ADD l :o SET g = :g","ExpressionAttributeValues":{":o":{"N":"1"},":g":{"S":"u"}}}`)
	case 2:
		h.mustDo("DeleteItem", `{"TableName":"rich","Key":{`+key()+`}}`)
	case 3:
		h.mustDo("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[{"Put":{"TableName":"rich","Item":{"a":{"S":"t"},"b":{"N":"1"},"l":{"N":"%[1]d"}}}},{"Put":{"TableName":"rich","Item":{"a":{"S":"t"},"b":{"N":"2"},"l":{"N":"%[1]d"}}}}]}`, rng.IntN(100)))
	}
}

// TestRestoreToAnySecond writes at random and looks at the table each second;
// whatever second is restored later must look the same, in the table and its
// indexes, while writing goes on and the engine is restarted in between.
func TestRestoreToAnySecond(t *testing.T) {
	inBubble(t, func(h *harness) {
		rng := rand.New(rand.NewPCG(7, 1))
		h.mustDo("CreateTable", richTable)
		for range 10 {
			h.writeRandom(rng)
		}
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		type look struct {
			at                  time.Time
			items, global, keys []string
		}
		var looks []look
		time.Sleep(time.Second / 2) // a second is looked at between two rounds of writes
		for range 40 {
			time.Sleep(time.Second)
			for range rng.IntN(6) {
				h.writeRandom(rng)
			}
			looks = append(looks, look{time.Now().Add(time.Second / 2), h.all("rich", ""), h.all("rich", "global"), h.all("rich", "local")})
			if rng.IntN(10) == 0 {
				h.restart()
			}
		}
		time.Sleep(time.Second)
		h.writeRandom(rng)
		for i, l := range looks {
			target := fmt.Sprint("restored", i)
			h.mustDo("RestoreTableToPointInTime", restoreAt(target, l.at))
			h.writeRandom(rng)
			synctest.Wait()
			if got := h.all(target, ""); !slices.Equal(got, l.items) {
				h.t.Fatalf("second %d\n got %v\nwant %v", i, got, l.items)
			}
			if !slices.Equal(h.all(target, "global"), l.global) || !slices.Equal(h.all(target, "local"), l.keys) {
				h.t.Fatalf("second %d: indexes differ", i)
			}
		}
		h.mustDo("RestoreTableToPointInTime", `{"SourceTableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/rich","TargetTableName":"latest","UseLatestRestorableTime":true}`)
		synctest.Wait()
		h.same("latest", "rich")
		h.mustDo("UpdateContinuousBackups", recoveryOff)
		h.checkNoUndo()
	})
}

func TestContinuousBackups(t *testing.T) {
	inBubble(t, func(h *harness) {
		h.mustDo("CreateTable", richTable)
		const describe = `{"TableName":"rich"}`
		const off = `{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}}`
		h.expect("DescribeContinuousBackups", describe, off)
		h.fails("DescribeContinuousBackups", `{"TableName":"none"}`, "TableNotFoundException: Table not found: none")
		h.fails("RestoreTableToPointInTime", restoreAt("other", time.Now()), "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'rich'")
		start := time.Now()
		on := func(days int, first time.Time) string {
			return fmt.Sprintf(`{"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED","PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"ENABLED","RecoveryPeriodInDays":%d,"EarliestRestorableDateTime":%d,"LatestRestorableDateTime":%d}}}`, days, first.Unix(), time.Now().Unix())
		}
		h.expect("UpdateContinuousBackups", recoveryOn, on(35, start))
		h.putRich("rich", "x", 1, "")
		time.Sleep(30 * 24 * time.Hour)
		h.expect("DescribeContinuousBackups", describe, on(35, start))
		week := strings.Replace(recoveryOn, "true", `true,"RecoveryPeriodInDays":7`, 1)
		h.expect("UpdateContinuousBackups", week, on(7, time.Now().Add(-7*24*time.Hour)))
		h.fails("RestoreTableToPointInTime", restoreAt("other", start.Add(time.Hour)),
			"InvalidRestoreTimeException: RestoreDateTime '2000-01-01T01:00:00Z' must be within EarliestRestorableDateTime '2000-01-24T00:00:00Z' and LatestRestorableDateTime '2000-01-31T00:00:00Z'")
		h.fails("RestoreTableToPointInTime", restoreAt("other", time.Now().Add(time.Second)),
			"InvalidRestoreTimeException: RestoreDateTime '2000-01-31T00:00:01Z' must be within EarliestRestorableDateTime '2000-01-24T00:00:00Z' and LatestRestorableDateTime '2000-01-31T00:00:00Z'")
		time.Sleep(historyInterval)
		synctest.Wait()
		h.checkNoUndo() // the only write is out of the window
		h.expect("UpdateContinuousBackups", recoveryOff, off)
		h.refused("UpdateContinuousBackups", strings.Replace(week, "true", "false", 1), "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.")
	})
}

// A table that is being restored is there, and is nobody's yet.
func TestTableBeingRestored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stalledStore{Store: kvmem.New()}
		h := openEngine(t, store)
		defer func() {
			if err := errors.Join(h.Close(), store.Close()); err != nil {
				t.Error(err)
			}
		}()
		h.mustDo("CreateTable", richTable)
		h.putRich("rich", "x", 1, "")
		arn := h.backup("rich", "first")
		release := store.stall()
		pending := h.details("CreateBackup", `{"TableName":"rich","BackupName":"second"}`).BackupDetails.BackupArn
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"again","BackupArn":%q}`, arn))
		synctest.Wait()
		if got := h.status("again"); got != "CREATING" {
			t.Errorf("status %s", got)
		}
		const missing = "ResourceNotFoundException: Requested resource not found"
		h.fails("Scan", `{"TableName":"again"}`, missing)
		h.fails("PutItem", `{"TableName":"again","Item":{"a":{"S":"x"},"b":{"N":"1"}}}`, missing)
		const inUse = "ResourceInUseException: Attempt to change a resource which is still in use: "
		h.fails("DeleteTable", `{"TableName":"again"}`, inUse+"Table is being created: again")
		h.fails("UpdateTable", `{"TableName":"again","DeletionProtectionEnabled":true}`, inUse+"Table is being created: again")
		h.fails("CreateBackup", `{"TableName":"again","BackupName":"third"}`, "ContinuousBackupsUnavailableException: Backups are being enabled for the table: again. Please retry later")
		h.fails("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"again","BackupArn":%q}`, arn), "TableInUseException: Table is being created: again")
		h.fails("DeleteBackup", fmt.Sprintf(`{"BackupArn":%q}`, arn), "BackupInUseException: Backup is being used to restore table again: "+arn)
		h.fails("DeleteBackup", fmt.Sprintf(`{"BackupArn":%q}`, pending), "BackupInUseException: Backup is in use: "+pending)
		h.fails("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"more","BackupArn":%q}`, pending), "BackupInUseException: Backup is in use: "+pending)
		h.fails("DeleteTable", `{"TableName":"rich"}`, inUse+"Table is being read by a backup, a restore or an export: rich")
		release()
		synctest.Wait()
		h.same("again", "rich")
		h.mustDo("DeleteTable", `{"TableName":"rich"}`)
		h.mustDo("DeleteBackup", fmt.Sprintf(`{"BackupArn":%q}`, arn))
	})
}

// stalledStore holds back what is not synced, which is what background work
// writes.
type stalledStore struct {
	kv.Store
	mu    sync.Mutex
	gates chan struct{} // nil: nothing is held back; guarded by mu
}

func (s *stalledStore) stall() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	s.gates = gate
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.gates = nil
		s.mu.Unlock()
		close(gate)
	}
}

func (s *stalledStore) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	s.mu.Lock()
	gate := s.gates
	s.mu.Unlock()
	if gate != nil && d == kv.NoSync && b.Len() > 1 {
		<-gate
	}
	return s.Store.Apply(b, d)
}

// TestInterruptedCopies closes the engine while backups and restores run, writes
// go on after it is open again, and each must come to what the table was when it
// was asked for.
func TestInterruptedCopies(t *testing.T) {
	dir := t.TempDir()
	open := func() *harness {
		store, err := kvpebble.Open(dir, kvpebble.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return openEngine(t, store)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	h := open()
	h.mustDo("CreateTable", richTable)
	h.mustDo("UpdateContinuousBackups", recoveryOn)
	for range 30 {
		h.writeRandom(rng)
	}
	want := map[string][]string{}
	var arns []string
	for i := range 12 {
		want[fmt.Sprint("backup", i)] = h.all("rich", "")
		arns = append(arns, h.details("CreateBackup", fmt.Sprintf(`{"TableName":"rich","BackupName":"backup%d"}`, i)).BackupDetails.BackupArn)
		h.writeRandom(rng)
		want[fmt.Sprint("latest", i)] = h.all("rich", "")
		h.mustDo("RestoreTableToPointInTime", fmt.Sprintf(`{"SourceTableName":"rich","TargetTableName":"latest%d","UseLatestRestorableTime":true}`, i))
		h.writeRandom(rng)
		if i%3 == 2 {
			if err := errors.Join(h.Close(), h.store.Close()); err != nil {
				t.Fatal(err)
			}
			h = open()
		}
	}
	defer func() {
		if err := errors.Join(h.Close(), h.store.Close()); err != nil {
			t.Error(err)
		}
	}()
	h.settle()
	for i, arn := range arns {
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"backup%d","BackupArn":%q}`, i, arn))
	}
	h.settle()
	for table, items := range want {
		if got := h.all(table, ""); !slices.Equal(got, items) {
			t.Errorf("%s\n got %v\nwant %v", table, got, items)
		}
	}
}

// TestCopiesWhileWriting copies a table while clients write pairs of items in
// transactions: no copy has half of one, nor an index that its items do not ask
// for.
func TestCopiesWhileWriting(t *testing.T) {
	h := newEngineWith(t, Options{Buckets: newBuckets()})
	h.mustDo("CreateTable", richTable)
	h.mustDo("UpdateContinuousBackups", recoveryOn)
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				_, err := h.do("TransactWriteItems", fmt.Sprintf(`{"TransactItems":[
					{"Put":{"TableName":"rich","Item":{"a":{"S":"left"},"b":{"N":"%[1]d"},"l":{"N":"%[2]d"},"g":{"S":"g%[2]d"}}}},
					{"Put":{"TableName":"rich","Item":{"a":{"S":"right"},"b":{"N":"%[1]d"},"l":{"N":"%[2]d"},"g":{"S":"g%[2]d"}}}}]}`, i, n))
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	var tables, arns []string
	for i := range 8 {
		tables = append(tables, fmt.Sprint("latest", i))
		h.mustDo("RestoreTableToPointInTime", fmt.Sprintf(`{"SourceTableName":"rich","TargetTableName":"latest%d","UseLatestRestorableTime":true}`, i))
		arns = append(arns, h.details("CreateBackup", `{"TableName":"rich","BackupName":"first"}`).BackupDetails.BackupArn)
		h.mustDo("ExportTableToPointInTime", `{"TableArn":"`+richARN+`","S3Bucket":"bucket"}`)
	}
	h.settle()
	stop()
	writers.Wait()
	for i, arn := range arns {
		tables = append(tables, fmt.Sprint("backup", i))
		h.mustDo("RestoreTableFromBackup", fmt.Sprintf(`{"TargetTableName":"backup%d","BackupArn":%q}`, i, arn))
	}
	h.settle()
	for _, table := range tables {
		items := h.all(table, "")
		if half := len(items) / 2; strings.Join(items[half:], "") != strings.ReplaceAll(strings.Join(items[:half], ""), "left", "right") {
			t.Errorf("%s has half a transaction: %v", table, items)
		}
		if !slices.Equal(h.all(table, "global"), items) {
			t.Errorf("%s: the index has %v", table, h.all(table, "global"))
		}
	}
}

// settle waits until no background work over whole tables is under way.
func (h *harness) settle() {
	h.t.Helper()
	for {
		busy := false
		for _, k := range h.backups.all() {
			busy = busy || k.At != 0
		}
		for _, t := range h.allTables() {
			t.alter.Lock()
			busy = busy || t.current.Load().Filling != nil || len(t.pins) > 0
			t.alter.Unlock()
		}
		if !busy {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
