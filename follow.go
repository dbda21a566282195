package levee

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// FollowOptions say how Follow goes about its work.
type FollowOptions struct {
	// Poll is how long a shard that has nothing new is left alone. The default is 250 ms.
	Poll time.Duration
	// Shards is how often the stream is asked for new shards. The default is 10 seconds.
	Shards time.Duration
	// Backoff is how long a record on which the function failed waits, by how often
	// it did. The default is 1 second, doubled each time, at most 5 minutes.
	Backoff func(failures int) time.Duration
}

// Follow calls handle for the records of a table's stream until ctx ends, from the
// oldest one that is there or from where the consumer, which has a name of its own,
// has come before. stream is the ARN of a stream, or the name of a table, whose
// latest stream is meant. It returns the error of ctx, or why the stream cannot be
// read.
//
// What handle collects in tx and the move of the consumer's checkpoint are one
// transaction. So whatever happens to this process, to others that follow under the
// same name and to the server, each record has its effects once, and the records of
// an item in their order. Shards are worked on at the same time, each after its
// parent. handle itself may be called more than once for a record; it should do
// nothing but read and collect.
//
// While handle fails for a record, the shard of the record waits for it.
func (c *Client) Follow(ctx context.Context, stream, consumer string, handle func(ctx context.Context, tx *Tx, r types.Record) error, options ...func(*FollowOptions)) error {
	o := FollowOptions{Poll: 250 * time.Millisecond, Shards: 10 * time.Second, Backoff: backoff}
	for _, f := range options {
		f(&o)
	}
	arn, err := c.streamARN(ctx, stream)
	if err != nil {
		return err
	}
	f := &follower{Client: c, stream: arn, consumer: consumer, handle: handle, options: o, ended: make(chan struct{}, 1), running: map[string]bool{}, failures: map[string]int{}}
	ctx, stop := context.WithCancel(ctx)
	defer f.readers.Wait()
	defer stop()
	for failures := 0; ctx.Err() == nil; {
		wait := o.Shards
		if err := f.start(ctx); err != nil && ctx.Err() == nil {
			var gone *types.ResourceNotFoundException
			if errors.As(err, &gone) {
				return err
			}
			failures++
			wait = reconnects(failures)
			c.log().Warn("follow a stream", "stream", arn, "consumer", consumer, "err", err)
		} else {
			failures = 0
		}
		f.await(ctx, wait)
	}
	return ctx.Err()
}

// streamARN returns the ARN of a stream that may be given by its table.
func (c *Client) streamARN(ctx context.Context, stream string) (string, error) {
	if strings.HasPrefix(stream, "arn:") {
		return stream, nil
	}
	out, err := c.Tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &stream})
	if err != nil {
		return "", err
	}
	if out.Table.LatestStreamArn == nil {
		return "", fmt.Errorf("levee: table %s has no stream", stream)
	}
	return *out.Table.LatestStreamArn, nil
}

// shardEnd is the checkpoint of a shard that was followed to its end.
const shardEnd = "SHARD_END"

// errMoved says that a checkpoint is not where it was: somebody else has moved it.
var errMoved = errors.New("levee: the checkpoint was moved")

// follower is one call of Follow.
type follower struct {
	*Client
	stream, consumer string
	handle           func(context.Context, *Tx, types.Record) error
	options          FollowOptions

	ended   chan struct{} // has room for one: a shard ended
	readers sync.WaitGroup

	mu       sync.Mutex
	running  map[string]bool // shards that have a reader; guarded by mu
	failures map[string]int  // by shard, since it was last read; guarded by mu
}

// await waits for the end of a shard, for a time.
func (f *follower) await(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-f.ended:
	}
}

// start gives a reader to each shard that is not at its end, has none, and whose
// parent is at its end or gone. Checkpoints of shards that are gone are forgotten.
func (f *follower) start(ctx context.Context) error {
	shards, err := f.shards(ctx)
	if err != nil {
		return err
	}
	at, err := f.places(ctx, shards)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, s := range shards {
		there[aws.ToString(s.ShardId)] = true
	}
	for _, s := range shards {
		id, parent := aws.ToString(s.ShardId), aws.ToString(s.ParentShardId)
		if at[id] != shardEnd && (!there[parent] || at[parent] == shardEnd) {
			f.read(ctx, id, at[id])
		}
	}
	for id, place := range at {
		if !there[id] && place == shardEnd {
			tx := new(Tx)
			tx.Checkpoint(f.consumer, f.stream, id, shardEnd, "")
			if _, err := f.Transact(ctx, tx); err != nil && !has(err, "CheckpointMoved") {
				return err
			}
		}
	}
	return nil
}

// shards lists the shards of the stream.
func (f *follower) shards(ctx context.Context) (list []types.Shard, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &f.stream}
	for {
		out, err := f.Streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, err
		}
		list = append(list, out.StreamDescription.Shards...)
		if in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId; in.ExclusiveStartShardId == nil {
			return list, nil
		}
	}
}

// places returns how far the consumer has come, by shard.
func (f *follower) places(ctx context.Context, shards []types.Shard) (map[string]string, error) {
	at, err := f.checkpoints(ctx, f.consumer, f.stream)
	if !errors.Is(err, ErrNoTransact) {
		return at, err
	}
	at = map[string]string{}
	for _, s := range shards {
		id := aws.ToString(s.ShardId)
		place, err := f.storedCheckpoint(ctx, f.rowOf(id))
		if err != nil {
			return nil, err
		}
		if place != "" {
			at[id] = place
		}
	}
	return at, nil
}

// rowOf is the id of a shard's checkpoint in the table of tokens.
func (f *follower) rowOf(shard string) string { return f.consumer + "#" + f.stream + "#" + shard }

// read starts a reader of a shard, unless it has one.
func (f *follower) read(ctx context.Context, shard, from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running[shard] {
		return
	}
	f.running[shard] = true
	f.readers.Go(func() {
		err := f.readShard(ctx, shard, from)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errMoved) {
			f.log().Warn("follow a shard", "stream", f.stream, "shard", shard, "consumer", f.consumer, "err", err)
			pause(ctx, reconnects(f.failed(shard)))
		}
		f.mu.Lock()
		delete(f.running, shard)
		f.mu.Unlock()
		select {
		case f.ended <- struct{}{}:
		default: // it is known that some shard ended
		}
	})
}

// failed counts a failure of a shard, and returns how many there were in a row.
func (f *follower) failed(shard string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failures[shard]++
	return f.failures[shard]
}

// wasRead forgets the failures of a shard.
func (f *follower) wasRead(shard string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.failures, shard)
}

// readShard reads a shard to its end.
func (f *follower) readShard(ctx context.Context, shard, at string) error {
	in := &dynamodbstreams.GetShardIteratorInput{StreamArn: &f.stream, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if at != "" {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &at
	}
	first, err := f.Streams.GetShardIterator(ctx, in)
	var trimmed *types.TrimmedDataAccessException
	if errors.As(err, &trimmed) {
		f.log().Error("records were trimmed before they were followed", "stream", f.stream, "shard", shard, "consumer", f.consumer, "after", at)
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeTrimHorizon, nil
		first, err = f.Streams.GetShardIterator(ctx, in)
	}
	if err != nil {
		return err
	}
	for iterator := first.ShardIterator; iterator != nil; {
		out, err := f.Streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			return err
		}
		f.wasRead(shard)
		for _, r := range out.Records {
			if at, err = f.process(ctx, shard, at, r); err != nil {
				return err
			}
		}
		if iterator = out.NextShardIterator; iterator != nil && len(out.Records) == 0 {
			pause(ctx, f.options.Poll)
		}
	}
	return f.move(ctx, new(Tx), shard, at, shardEnd)
}

// process calls the function for one record until what it collected is committed,
// and returns the new checkpoint.
func (f *follower) process(ctx context.Context, shard, from string, r types.Record) (string, error) {
	to := aws.ToString(r.Dynamodb.SequenceNumber)
	for failures, conflicts := 0, 0; ; {
		tx := new(Tx)
		err := guarded(func() error { return f.handle(ctx, tx, r) })
		if err == nil {
			err = f.move(ctx, tx, shard, from, to)
		}
		switch {
		case err == nil:
			return to, nil
		case errors.Is(err, errMoved):
			return from, err
		case ctx.Err() != nil:
			return from, ctx.Err()
		case has(err, "TransactionConflict") && conflicts < conflictAttempts:
			conflicts++
			pause(ctx, time.Duration(conflicts)*5*time.Millisecond)
			continue
		}
		failures++
		wait := f.options.Backoff(failures)
		if errors.As(err, new(*smithyhttp.RequestSendError)) { // nobody answers: the record is not to blame
			wait = reconnects(failures)
		}
		f.log().Warn("follow a record", "stream", f.stream, "shard", shard, "record", to, "consumer", f.consumer, "retry", wait, "err", err)
		pause(ctx, wait)
	}
}

// move commits what was collected together with the move of the checkpoint.
func (f *follower) move(ctx context.Context, tx *Tx, shard, from, to string) error {
	whole := tx.clone()
	whole.Checkpoint(f.consumer, f.stream, shard, from, to)
	_, err := f.Transact(ctx, whole)
	switch {
	case errors.Is(err, ErrNoTransact):
		return f.moveCheckpoint(ctx, tx, f.rowOf(shard), from, to)
	case has(err, "CheckpointMoved"):
		return errMoved
	}
	return err
}
