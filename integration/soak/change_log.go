package main

// changeLog reads the stream of a table, from where it ended the last time.
type changeLog struct {
	c     *client
	arn   string
	after map[string]string // by shard, the last sequence number read
}

func newChangeLog(c *client, table string) (*changeLog, error) {
	var out struct {
		Table struct{ LatestStreamArn string }
	}
	err := c.call(tables+"DescribeTable", object{"TableName": table}, &out)
	return &changeLog{c: c, arn: out.Table.LatestStreamArn, after: map[string]string{}}, err
}

// read returns the new records of each key: the versions, 0 for a deletion.
func (l *changeLog) read() (map[string][]int, error) {
	versions, from := map[string][]int{}, ""
	for {
		in := object{"StreamArn": l.arn}
		if from != "" {
			in["ExclusiveStartShardId"] = from
		}
		var out struct {
			StreamDescription struct {
				Shards               []struct{ ShardId string }
				LastEvaluatedShardId string
			}
		}
		if err := l.c.call(streams+"DescribeStream", in, &out); err != nil {
			return nil, err
		}
		for _, shard := range out.StreamDescription.Shards { // parents before their children
			if err := l.readShard(shard.ShardId, versions); err != nil {
				return nil, err
			}
		}
		if from = out.StreamDescription.LastEvaluatedShardId; from == "" {
			return versions, nil
		}
	}
}

func (l *changeLog) readShard(shard string, versions map[string][]int) error {
	in := object{"StreamArn": l.arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
	if after := l.after[shard]; after != "" {
		in["ShardIteratorType"], in["SequenceNumber"] = "AFTER_SEQUENCE_NUMBER", after
	}
	var at struct{ ShardIterator string }
	if err := l.c.call(streams+"GetShardIterator", in, &at); err != nil {
		return err
	}
	for next := at.ShardIterator; next != ""; {
		var out struct {
			Records []struct {
				Dynamodb struct {
					Keys, NewImage item
					SequenceNumber string
				} `json:"dynamodb"`
			}
			NextShardIterator string
		}
		if err := l.c.call(streams+"GetRecords", object{"ShardIterator": next}, &out); err != nil {
			return err
		}
		for _, r := range out.Records {
			key := r.Dynamodb.Keys["k"].S
			versions[key] = append(versions[key], r.Dynamodb.NewImage.int("v"))
			l.after[shard] = r.Dynamodb.SequenceNumber
		}
		if next = out.NextShardIterator; len(out.Records) == 0 {
			break
		}
	}
	return nil
}
