package integration

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

type streamItem = map[string]types.AttributeValue

// inStream is an item as a stream record has it.
func inStream(i item) streamItem {
	out := streamItem{}
	for name, v := range i {
		switch v := v.(type) {
		case *dbtypes.AttributeValueMemberS:
			out[name] = &types.AttributeValueMemberS{Value: v.Value}
		case *dbtypes.AttributeValueMemberN:
			out[name] = &types.AttributeValueMemberN{Value: v.Value}
		default:
			panic(fmt.Sprintf("no stream value for %T", v))
		}
	}
	return out
}

// shards are all shards of a stream.
func (c *client) shards(t testing.TB, arn string) (out []types.Shard) {
	t.Helper()
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	for {
		d := try(c.streams.DescribeStream(ctx(t), in)).must(t).StreamDescription
		out = append(out, d.Shards...)
		if d.LastEvaluatedShardId == nil {
			return out
		}
		in.ExclusiveStartShardId = d.LastEvaluatedShardId
	}
}

func (c *client) iterator(t testing.TB, arn, shard string, from types.ShardIteratorType, sequence *string) *string {
	t.Helper()
	return try(c.streams.GetShardIterator(ctx(t), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: &shard, ShardIteratorType: from, SequenceNumber: sequence})).must(t).ShardIterator
}

// drain reads from an iterator until there is nothing more for now.
func (c *client) drain(t testing.TB, it *string) (records []types.Record, next *string) {
	t.Helper()
	for it != nil {
		out := try(c.streams.GetRecords(ctx(t), &dynamodbstreams.GetRecordsInput{ShardIterator: it, Limit: aws.Int32(100)})).must(t)
		records = append(records, out.Records...)
		if len(out.Records) == 0 || out.NextShardIterator == nil {
			return records, out.NextShardIterator
		}
		it = out.NextShardIterator
	}
	return records, nil
}

// history is everything in a stream, shard by shard.
func (c *client) history(t testing.TB, arn string) (records []types.Record) {
	t.Helper()
	for _, s := range c.shards(t, arn) {
		r, _ := c.drain(t, c.iterator(t, arn, *s.ShardId, types.ShardIteratorTypeTrimHorizon, nil))
		records = append(records, r...)
	}
	return records
}

func TestStreamViews(t *testing.T) {
	k := key("a", "1")
	first, second := with(k, item{"v": num(1)}), with(k, item{"v": num(2)})
	onStores(t, func(t *testing.T, c *client) {
		for _, tt := range []struct {
			view     dbtypes.StreamViewType
			old, new bool
		}{
			{dbtypes.StreamViewTypeKeysOnly, false, false}, {dbtypes.StreamViewTypeNewImage, false, true},
			{dbtypes.StreamViewTypeOldImage, true, false}, {dbtypes.StreamViewTypeNewAndOldImages, true, true},
		} {
			t.Run(string(tt.view), func(t *testing.T) {
				table := "Viewed-" + string(tt.view)
				arn := *c.createTable(t, table, withStream(tt.view)).LatestStreamArn
				c.put(t, table, first, second, second) // the last changes nothing
				try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: &table, Key: k})).must(t)
				try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: &table, Key: k})).must(t)

				records := c.history(t, arn)
				want(t, "records", len(records), 3)
				if len(records) != 3 {
					return
				}
				images := []struct{ old, new item }{{nil, first}, {first, second}, {second, nil}}
				names := []types.OperationType{types.OperationTypeInsert, types.OperationTypeModify, types.OperationTypeRemove}
				for i, r := range records {
					want(t, "event", r.EventName, names[i])
					want(t, "source", aws.ToString(r.EventSource), "aws:dynamodb")
					want(t, "region", aws.ToString(r.AwsRegion), "us-east-1")
					want(t, "version", aws.ToString(r.EventVersion), "1.1")
					want(t, "keys", r.Dynamodb.Keys, inStream(k))
					want(t, "view", r.Dynamodb.StreamViewType, types.StreamViewType(tt.view))
					wantImage(t, "old", r.Dynamodb.OldImage, images[i].old, tt.old)
					wantImage(t, "new", r.Dynamodb.NewImage, images[i].new, tt.new)
					if r.UserIdentity != nil || r.Dynamodb.ApproximateCreationDateTime == nil || aws.ToInt64(r.Dynamodb.SizeBytes) == 0 || aws.ToString(r.EventID) == "" {
						t.Errorf("record %s", show(r))
					}
					if i > 0 && !ascending(*records[i-1].Dynamodb.SequenceNumber, *r.Dynamodb.SequenceNumber) {
						t.Errorf("sequence number %s after %s", *r.Dynamodb.SequenceNumber, *records[i-1].Dynamodb.SequenceNumber)
					}
				}
			})
		}
	})
}

func wantImage(t testing.TB, what string, got streamItem, expected item, shown bool) {
	t.Helper()
	if !shown || expected == nil {
		want(t, what+" image", len(got), 0)
		return
	}
	want(t, what+" image", got, inStream(expected))
}

// ascending compares sequence numbers, which are numbers of up to 40 digits.
func ascending(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func TestListAndDescribeStreams(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		arn := *c.createTable(t, "One", withStream(dbtypes.StreamViewTypeKeysOnly)).LatestStreamArn
		c.createTable(t, "Two", withStream(dbtypes.StreamViewTypeKeysOnly))
		c.createTable(t, "None")
		all := try(c.streams.ListStreams(ctx(t), &dynamodbstreams.ListStreamsInput{})).must(t)
		want(t, "streams", len(all.Streams), 2)
		one := try(c.streams.ListStreams(ctx(t), &dynamodbstreams.ListStreamsInput{TableName: aws.String("One")})).must(t)
		want(t, "streams of One", len(one.Streams), 1)
		want(t, "ARN", *one.Streams[0].StreamArn, arn)
		want(t, "table", *one.Streams[0].TableName, "One")

		d := try(c.streams.DescribeStream(ctx(t), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})).must(t).StreamDescription
		want(t, "status", d.StreamStatus, types.StreamStatusEnabled)
		want(t, "view", d.StreamViewType, types.StreamViewTypeKeysOnly)
		want(t, "label", aws.ToString(d.StreamLabel), *one.Streams[0].StreamLabel)
		want(t, "key schema", len(d.KeySchema), 2)
		for _, s := range d.Shards {
			if s.SequenceNumberRange == nil || s.SequenceNumberRange.StartingSequenceNumber == nil || s.SequenceNumberRange.EndingSequenceNumber != nil {
				t.Errorf("an open shard: %s", show(s))
			}
		}
		_, err := c.streams.DescribeStream(ctx(t), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(arn[:len(arn)-23] + "2020-01-01T00:00:00.000")})
		var missing *types.ResourceNotFoundException
		if !asError(err, &missing) {
			t.Errorf("got %v; want a ResourceNotFoundException", err)
		}
	})
}

func TestShardIterators(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := "Iterated"
		arn := *c.createTable(t, table, withStream(dbtypes.StreamViewTypeNewImage)).LatestStreamArn
		for i := range 10 {
			c.put(t, table, with(key("same", "key"), item{"v": num(i)}))
		}
		records := c.history(t, arn)
		want(t, "records", len(records), 10)
		for i, r := range records {
			want(t, "order of one key", r.Dynamodb.NewImage["v"], types.AttributeValue(&types.AttributeValueMemberN{Value: fmt.Sprint(i)}))
		}
		shard := ""
		var latest *string
		for _, s := range c.shards(t, arn) {
			if r, _ := c.drain(t, c.iterator(t, arn, *s.ShardId, types.ShardIteratorTypeTrimHorizon, nil)); len(r) > 0 {
				shard = *s.ShardId
				latest = c.iterator(t, arn, shard, types.ShardIteratorTypeLatest, nil)
			}
		}
		fifth := records[5].Dynamodb.SequenceNumber
		at, _ := c.drain(t, c.iterator(t, arn, shard, types.ShardIteratorTypeAtSequenceNumber, fifth))
		after, next := c.drain(t, c.iterator(t, arn, shard, types.ShardIteratorTypeAfterSequenceNumber, fifth))
		want(t, "from the fifth", len(at), 5)
		want(t, "after the fifth", len(after), 4)

		c.put(t, table, with(key("same", "key"), item{"v": num(10)}))
		later, _ := c.drain(t, next)
		want(t, "what came after the end was read", len(later), 1)
		newest, _ := c.drain(t, latest)
		want(t, "what came after LATEST", len(newest), 1)
	})
}

func TestStreamOfATableThatIsGoneOrOff(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := "Off"
		arn := *c.createTable(t, table, withStream(dbtypes.StreamViewTypeKeysOnly)).LatestStreamArn
		c.put(t, table, key("a", "1"))
		try(c.db.UpdateTable(ctx(t), &dynamodb.UpdateTableInput{TableName: &table, StreamSpecification: &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(false)}})).must(t)
		c.waitForTable(t, table)
		c.put(t, table, key("a", "2"))
		want(t, "records", len(c.history(t, arn)), 1)
		eventually(t, "the stream is disabled", func() bool {
			d := try(c.streams.DescribeStream(ctx(t), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})).must(t).StreamDescription
			return d.StreamStatus == types.StreamStatusDisabled
		})
		for _, s := range c.shards(t, arn) {
			if s.SequenceNumberRange.EndingSequenceNumber == nil {
				t.Errorf("a shard of a stream that is off is open: %s", show(s))
			}
			if _, next := c.drain(t, c.iterator(t, arn, *s.ShardId, types.ShardIteratorTypeTrimHorizon, nil)); next != nil {
				t.Error("a closed shard that was read to its end has a next iterator")
			}
		}
	})
}
