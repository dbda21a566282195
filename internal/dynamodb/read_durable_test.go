package dynamodb

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// slowDisk is a store whose batches become durable only once sync is called.
type slowDisk struct {
	kv.Store
	disk atomic.Pointer[chan struct{}] // nil: everything is durable at once
}

func (s *slowDisk) hold() {
	c := make(chan struct{})
	s.disk.Store(&c)
}

func (s *slowDisk) sync() { close(*s.disk.Swap(nil)) }

func (s *slowDisk) Apply(b kv.Batch, d kv.Durability) (kv.Commit, error) {
	commit, err := s.Store.Apply(b, d)
	if held := s.disk.Load(); held != nil && err == nil {
		return slowCommit(*held), nil
	}
	return commit, err
}

type slowCommit chan struct{}

func (c slowCommit) Wait() error { <-c; return nil }

// What a read that is to be consistent reports is on disk; other reads and
// writers do not wait for the disk of anyone else.
func TestConsistentReadsReportWhatIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowDisk{Store: kvmem.New()}
		defer store.Close()
		h := openEngine(t, store)
		defer h.Close()
		h.mustDo("CreateTable", rangedTable)
		arn := streamTable(h, "table", "NEW_IMAGE")
		var iterators []string
		for _, shard := range h.shards(arn) {
			iterators = append(iterators, h.iterator(arn, shard, trimHorizonType))
		}

		store.hold()
		go h.do("PutItem", `{"TableName":"ranged","Item":{"a":{"S":"x"},"b":{"S":"y"}}}`)
		go h.do("PutItem", `{"TableName":"table","Item":{"a":{"S":"x"}}}`)
		synctest.Wait()

		const key = `"TableName":"ranged","Key":{"a":{"S":"x"},"b":{"S":"y"}}`
		const query = `"TableName":"ranged","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}}`
		for op, in := range map[string]string{
			"GetItem": `{` + key + `}`, "Query": `{` + query + `}`, "Scan": `{"TableName":"ranged"}`,
			"BatchGetItem": `{"RequestItems":{"ranged":{"Keys":[{"a":{"S":"x"},"b":{"S":"y"}}]}}}`,
		} {
			if out := h.mustDo(op, in); !strings.Contains(out, `"b":{"S":"y"}`) {
				t.Errorf("%s does not see the write: %s", op, out)
			}
		}
		waiting := []string{
			`GetItem {"ConsistentRead":true,` + key + `}`,
			`Query {"ConsistentRead":true,` + query + `}`,
			`Scan {"ConsistentRead":true,"TableName":"ranged"}`,
			`BatchGetItem {"RequestItems":{"ranged":{"ConsistentRead":true,"Keys":[{"a":{"S":"x"},"b":{"S":"y"}}]}}}`,
			`TransactGetItems {"TransactItems":[{"Get":{` + key + `}}]}`,
		}
		answered := make([]atomic.Bool, len(waiting))
		for i, request := range waiting {
			op, in, _ := strings.Cut(request, " ")
			go func() {
				if out, err := h.do(op, in); err != nil || !strings.Contains(out, `"b":{"S":"y"}`) {
					t.Errorf("%s: %s %v", op, out, err)
				}
				answered[i].Store(true)
			}()
		}
		var polled, records atomic.Int32
		for _, it := range iterators {
			go func() {
				out, err := h.do("GetRecords", fmt.Sprintf(`{"ShardIterator":%q}`, it))
				if err != nil {
					t.Error(err)
				}
				records.Add(int32(strings.Count(out, "eventID")))
				polled.Add(1)
			}()
		}
		synctest.Wait()
		for i, request := range waiting {
			if answered[i].Load() {
				t.Errorf("answered before the write was durable: %s", request)
			}
		}
		if polled.Load() != streamShards-1 || records.Load() != 0 {
			t.Errorf("%d shards and %d records before the write was durable", polled.Load(), records.Load())
		}
		store.sync()
		synctest.Wait()
		for i, request := range waiting {
			if !answered[i].Load() {
				t.Errorf("not answered: %s", request)
			}
		}
		if polled.Load() != streamShards || records.Load() != 1 {
			t.Errorf("%d shards and %d records at the end", polled.Load(), records.Load())
		}
	})
}

// That a table exists is told once it would survive a crash.
func TestTablesAreToldOfOnceTheyAreDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &slowDisk{Store: kvmem.New()}
		defer store.Close()
		h := openEngine(t, store)
		defer h.Close()
		store.hold()
		go h.do("CreateTable", rangedTable)
		synctest.Wait()
		var told atomic.Int32
		go func() {
			h.do("CreateTable", rangedTable)
			told.Add(1)
		}()
		go func() {
			h.do("DescribeTable", `{"TableName":"ranged"}`)
			told.Add(1)
		}()
		synctest.Wait()
		if n := told.Load(); n != 0 {
			t.Errorf("%d of 2 answers came before the table was on disk", n)
		}
		store.sync()
		synctest.Wait()
		if n := told.Load(); n != 2 {
			t.Errorf("%d of 2 answers", n)
		}
	})
}
