package conformance

import "context"

// readStream is the pseudo-operation of that name in cases: the records of all
// shards of a stream, from the oldest, as GetRecords returns them. A case cannot say
// which shard has the records of a key.
const readStream = "ReadStream"

// do sends a step, or the requests that a pseudo-operation stands for.
func (p *place) do(ctx context.Context, s *step) (*answer, error) {
	if s.op != readStream {
		return p.run.client.do(ctx, s, p.protocol, p.vars)
	}
	r := &streamReader{place: p, records: []any{}}
	arn, _ := s.body.get("StreamArn")
	r.stream(ctx, arn)
	if r.failed != nil || r.err != nil {
		return r.failed, r.err
	}
	return &answer{status: 200, decoded: map[string]any{"Records": r.records}}, nil
}

// streamReader gathers the records of a stream until a request fails.
type streamReader struct {
	*place
	records []any
	failed  *answer
	err     error
}

func (r *streamReader) stream(ctx context.Context, arn node) {
	var after node = &matcher{kind: "absent"}
	for more := true; more; {
		d := r.ask(ctx, "DescribeStream", record("StreamArn", arn, "ExclusiveStartShardId", after))
		description, _ := d["StreamDescription"].(map[string]any)
		shards, _ := description["Shards"].([]any)
		for _, s := range shards {
			if shard, ok := s.(map[string]any); ok {
				r.shard(ctx, arn, shard["ShardId"])
			}
		}
		last, ok := description["LastEvaluatedShardId"].(string)
		after, more = last, ok
	}
}

// shard reads a shard until there is nothing new.
func (r *streamReader) shard(ctx context.Context, arn, id node) {
	name, _ := id.(string)
	at := r.ask(ctx, "GetShardIterator", record("StreamArn", arn, "ShardId", name, "ShardIteratorType", "TRIM_HORIZON"))["ShardIterator"]
	for {
		it, ok := at.(string)
		if !ok {
			return
		}
		page := r.ask(ctx, "GetRecords", record("ShardIterator", it))
		records, _ := page["Records"].([]any)
		if len(records) == 0 {
			return
		}
		r.records, at = append(r.records, records...), page["NextShardIterator"]
	}
}

func (r *streamReader) ask(ctx context.Context, op string, body *object) map[string]any {
	if r.failed != nil || r.err != nil {
		return nil
	}
	a, err := r.run.client.do(ctx, &step{op: op, body: body}, jsonProtocol, r.vars)
	if err != nil || a.status != 200 {
		r.failed, r.err = a, err
		return nil
	}
	o, _ := a.decoded.(map[string]any)
	return o
}
