package surge

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// record is the item of surge-run: which run is the current one, and what it plays.
type record struct {
	Run      int
	Finished bool
	Plan     Plan
	Reports  []*Report // of the runs of a series that are finished
}

// reportsOf are the reports of a series that is not finished, if a run with this plan is one of it.
func (r record) reportsOf(p Plan) []*Report {
	last := r.Plan
	last.Design = p.Design
	if !p.Series || last != p || len(r.Reports) == len(Designs) {
		return nil
	}
	return r.Reports
}

const currentRun = "current"

func (c *clients) loadRecord(ctx context.Context) (record, error) {
	out, err := c.tables.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(runTable), Key: item{"id": str(currentRun)}, ConsistentRead: aws.Bool(true),
	})
	if err != nil || out.Item == nil {
		return record{}, err
	}
	r := record{Run: int(intOf(out.Item["run"])), Finished: textOf(out.Item["state"]) == "finished"}
	if err := json.Unmarshal([]byte(textOf(out.Item["plan"])), &r.Plan); err != nil {
		return record{}, fmt.Errorf("plan in table %s: %w", runTable, err)
	}
	if reports := textOf(out.Item["reports"]); reports != "" {
		if err := json.Unmarshal([]byte(reports), &r.Reports); err != nil {
			return record{}, fmt.Errorf("reports in table %s: %w", runTable, err)
		}
	}
	return r, nil
}

func (c *clients) saveRecord(ctx context.Context, r record) error {
	plan, err := json.Marshal(r.Plan)
	if err != nil {
		return err
	}
	state := "running"
	if r.Finished {
		state = "finished"
	}
	it := item{"id": str(currentRun), "run": num(int64(r.Run)), "state": str(state), "plan": str(string(plan))}
	if len(r.Reports) > 0 {
		reports, err := json.Marshal(r.Reports)
		if err != nil {
			return err
		}
		it["reports"] = str(string(reports))
	}
	_, err = c.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(runTable), Item: it})
	return err
}

// laneProgress is how far a producer got.
type laneProgress struct {
	sent     int64 // accepted by the queue, at least
	reserved int64 // handed to the queue, at most; only everyday traffic, whose length is not planned
}

// checkpoint is how far the stream reader got in a shard.
type checkpoint struct {
	sequence string // of the last record that is in the search table; empty before the first
	count    int64  // records up to it
	ended    bool   // the shard has no more
}

// progress keeps what a run must remember when its process dies.
type progress struct {
	tables *dynamodb.Client
	table  string
}

const (
	lanePrefix  = "lane/"
	shardPrefix = "shard/"
)

func (p progress) saveLane(ctx context.Context, name string, l laneProgress) error {
	return p.put(ctx, item{"id": str(lanePrefix + name), "sent": num(l.sent), "reserved": num(l.reserved)})
}

func (p progress) saveShard(ctx context.Context, id string, c checkpoint) error {
	return p.put(ctx, item{
		"id": str(shardPrefix + id), "sequence": str(c.sequence), "count": num(c.count),
		"ended": &types.AttributeValueMemberBOOL{Value: c.ended},
	})
}

func (p progress) put(ctx context.Context, it item) error {
	_, err := p.tables.PutItem(ctx, &dynamodb.PutItemInput{TableName: &p.table, Item: it})
	if err != nil {
		return fmt.Errorf("note progress: %w", err)
	}
	return nil
}

func (p progress) load(ctx context.Context) (map[string]laneProgress, map[string]checkpoint, error) {
	lanes, shards := map[string]laneProgress{}, map[string]checkpoint{}
	pages := dynamodb.NewScanPaginator(p.tables, &dynamodb.ScanInput{TableName: &p.table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("read progress: %w", err)
		}
		for _, it := range page.Items {
			id := textOf(it["id"])
			if name, ok := strings.CutPrefix(id, lanePrefix); ok {
				lanes[name] = laneProgress{sent: intOf(it["sent"]), reserved: intOf(it["reserved"])}
			} else if name, ok := strings.CutPrefix(id, shardPrefix); ok {
				ended, _ := it["ended"].(*types.AttributeValueMemberBOOL)
				shards[name] = checkpoint{sequence: textOf(it["sequence"]), count: intOf(it["count"]), ended: ended != nil && ended.Value}
			}
		}
	}
	return lanes, shards, nil
}

// item is a table item as the SDK has it.
type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func strs(s []string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }

// textOf is the string in v, empty if v is something else.
func textOf(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

// intOf is the integer in v, -1 if v is something else: no counter of a run is negative, and none agrees with it.
func intOf(v types.AttributeValue) int64 {
	n, _ := v.(*types.AttributeValueMemberN)
	if n == nil {
		return -1
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return -1
	}
	return i
}
