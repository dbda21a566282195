package surge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	streamPage     = 1000 // records of one GetRecords, the limit
	writeBatch     = 25   // rows of one BatchWriteItem, the limit
	writersPerPage = 4    // BatchWriteItem requests at once, for one shard
	streamPoll     = 200 * time.Millisecond
	shardPoll      = time.Second
)

// propagator follows the stream of the messages table and copies each message to the search table. It reads a shard
// after its parent, so that changes of one item are copied in order, and goes on after the checkpoints of
// earlier processes.
type propagator struct {
	clients  *clients
	names    names
	counters *counters
	progress progress

	mu struct {
		sync.Mutex
		shards map[string]checkpoint // how far each shard was copied; guarded by mu
	}
}

func newPropagator(c *clients, n names, k *counters, p progress, shards map[string]checkpoint) *propagator {
	r := &propagator{clients: c, names: n, counters: k, progress: p}
	r.mu.shards = shards
	for _, s := range shards {
		k.propagated.Add(s.count)
	}
	return r
}

// run follows all shards, those that appear later included, until the context ends.
func (r *propagator) run(ctx context.Context) error {
	arn, err := r.streamARN(ctx)
	if err != nil {
		return err
	}
	readers := newCrew(ctx)
	following := map[string]bool{}
	for err == nil {
		var shards []streamtypes.Shard
		if shards, err = r.shards(readers.ctx, arn); err != nil {
			break
		}
		for _, id := range r.ready(shards, following) {
			following[id] = true
			readers.start(func(ctx context.Context) error { return r.follow(ctx, arn, id) })
		}
		err = sleep(readers.ctx, shardPoll)
	}
	if failed := readers.dismiss(); failed != nil {
		return failed
	}
	return err
}

func (r *propagator) streamARN(ctx context.Context) (string, error) {
	out, err := r.clients.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &r.names.messages})
	if err != nil {
		return "", fmt.Errorf("find the stream: %w", err)
	}
	if out.Table.LatestStreamArn == nil {
		return "", fmt.Errorf("table %s has no stream", r.names.messages)
	}
	return *out.Table.LatestStreamArn, nil
}

// shards lists the shards of the stream, over all pages.
func (r *propagator) shards(ctx context.Context, arn string) ([]streamtypes.Shard, error) {
	var all []streamtypes.Shard
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &arn}
	for {
		out, err := r.clients.streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("describe the stream: %w", err)
		}
		all = append(all, out.StreamDescription.Shards...)
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
		if in.ExclusiveStartShardId == nil {
			return all, nil
		}
	}
}

// ready are the shards that can be followed now: their parent is copied to its end, or has left the stream.
func (r *propagator) ready(shards []streamtypes.Shard, following map[string]bool) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	listed := map[string]bool{}
	for _, s := range shards {
		listed[aws.ToString(s.ShardId)] = true
	}
	var ids []string
	for _, s := range shards {
		id, parent := aws.ToString(s.ShardId), aws.ToString(s.ParentShardId)
		waits := listed[parent] && !r.mu.shards[parent].ended
		if !waits && !following[id] && !r.mu.shards[id].ended {
			ids = append(ids, id)
		}
	}
	return ids
}

// follow copies one shard from its checkpoint to its end.
func (r *propagator) follow(ctx context.Context, arn, id string) error {
	r.mu.Lock()
	at := r.mu.shards[id]
	r.mu.Unlock()
	iterator, err := r.iterator(ctx, arn, id, at)
	for err == nil && iterator != nil {
		var out *dynamodbstreams.GetRecordsOutput
		out, err = r.clients.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator, Limit: aws.Int32(streamPage)})
		if errors.As(err, new(*streamtypes.ExpiredIteratorException)) {
			iterator, err = r.iterator(ctx, arn, id, at)
			continue
		}
		if err != nil {
			break
		}
		iterator = out.NextShardIterator
		if at, err = r.advance(ctx, id, at, out.Records, iterator == nil); err == nil && len(out.Records) == 0 && iterator != nil {
			err = sleep(ctx, streamPoll)
		}
	}
	if err != nil {
		return fmt.Errorf("follow the stream: %w", err)
	}
	return nil
}

func (r *propagator) iterator(ctx context.Context, arn, id string, at checkpoint) (*string, error) {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &arn, ShardId: &id, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon}
	if at.sequence != "" {
		in.ShardIteratorType, in.SequenceNumber = streamtypes.ShardIteratorTypeAfterSequenceNumber, &at.sequence
	}
	out, err := r.clients.streams.GetShardIterator(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}

// advance copies a page of records and then notes the position and the count in one write, so that after a crash the
// count is that of the records before the position, however often some of them were copied.
func (r *propagator) advance(ctx context.Context, id string, at checkpoint, records []streamtypes.Record, ended bool) (checkpoint, error) {
	if len(records) == 0 && !ended {
		return at, nil
	}
	if err := r.copy(ctx, records); err != nil {
		return at, err
	}
	if n := len(records); n > 0 {
		at.sequence = aws.ToString(records[n-1].Dynamodb.SequenceNumber)
		at.count += int64(n)
	}
	at.ended = ended
	if err := r.progress.saveShard(ctx, id, at); err != nil {
		return at, err
	}
	r.mu.Lock()
	r.mu.shards[id] = at
	r.mu.Unlock()
	r.counters.propagated.Add(int64(len(records)))
	return at, nil
}

// copy writes the messages of a page. They are never changed once stored, so each is one put, and the order of
// the puts does not matter.
func (r *propagator) copy(ctx context.Context, records []streamtypes.Record) error {
	writers := newCrew(ctx)
	batches := make(chan []types.WriteRequest)
	for range writersPerPage {
		writers.start(func(ctx context.Context) error {
			for b := range batches {
				if err := r.write(ctx, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	batch := make([]types.WriteRequest, 0, writeBatch)
	for i, rec := range records {
		if rec.Dynamodb != nil && rec.Dynamodb.NewImage != nil {
			batch = append(batch, types.WriteRequest{PutRequest: &types.PutRequest{Item: fromStream(rec.Dynamodb.NewImage)}})
		}
		if len(batch) < writeBatch && (i < len(records)-1 || len(batch) == 0) {
			continue
		}
		select {
		case batches <- batch:
		case <-writers.ctx.Done():
		}
		batch = make([]types.WriteRequest, 0, writeBatch)
	}
	close(batches)
	if err := writers.wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// write puts one batch, and what the service left unprocessed again.
func (r *propagator) write(ctx context.Context, batch []types.WriteRequest) error {
	left := map[string][]types.WriteRequest{r.names.search: batch}
	for attempt := range maxAttempts {
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return err
		}
		out, err := r.clients.tables.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			return fmt.Errorf("write to the search table: %w", err)
		}
		if left = out.UnprocessedItems; len(left) == 0 {
			return nil
		}
		r.counters.retried.Add(1)
	}
	return fmt.Errorf("write to the search table: rows were left unprocessed %d times", maxAttempts)
}

// fromStream turns an image of the streams client into an item of the tables client. Messages hold strings and
// numbers only.
func fromStream(image map[string]streamtypes.AttributeValue) item {
	it := make(item, len(image))
	for name, v := range image {
		switch v := v.(type) {
		case *streamtypes.AttributeValueMemberS:
			it[name] = &types.AttributeValueMemberS{Value: v.Value}
		case *streamtypes.AttributeValueMemberN:
			it[name] = &types.AttributeValueMemberN{Value: v.Value}
		}
	}
	return it
}
