package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kin "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// startMoto starts a stand-in for Kinesis that is not ours, and returns its URL.
func startMoto(t *testing.T) string {
	t.Helper()
	python := installed(t, "servers/bin/python")
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	startNeighbour(t, func(ctx context.Context, _ *neighbour) bool {
		req := try(http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/moto-api/", nil)).must(t)
		resp, err := transport.Do(req)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, python, "-m", "moto.server", "-H", "127.0.0.1", "-p", address[len("127.0.0.1:"):])
	return oneByOne(t, "http://"+address)
}

// oneByOne returns the URL of a proxy that has one request under way at a time: moto
// loses records that come to a shard at once.
func oneByOne(t *testing.T, to string) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(try(url.Parse(to)).must(t))
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// The changes of a table come to a data stream, over the death of the server, as those
// of a Kinesis streaming destination do: each with its id, those of an item in one shard
// and in order.
func TestPipeToKinesis(t *testing.T) {
	endpoint := startMoto(t)
	k := newDataStreams(t, endpoint)
	c := startWithSinks(t, `stream: {kinesis: {stream: changes, url: %q, records: dynamodb, aws: {region: eu-west-1, access_key: key, secret_key: secret}}}`, endpoint)
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	c.pipe(t, "p", *c.describe(t, "source").LatestStreamArn, "stream", "")
	const items, changes = 10, 20
	for n := range changes {
		c.putNumbered(t, items, n)
		if n == changes/2 {
			c.server.restart(t, os.Kill)
		}
	}
	k.expect(t, "changes", items, changes)
}

// A Kinesis streaming destination does without a pipe, and without a stream of the
// table, over the death of the server.
func TestKinesisStreamingDestination(t *testing.T) {
	endpoint := startMoto(t)
	k := newDataStreams(t, endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	c := newClient(startServer(t, "--data", t.TempDir(), "--kinesis-endpoint", endpoint), newAccount(), "eu-west-1")
	c.createTable(t, "source", hashOnly, keyedByID)
	status := func(stream string) string {
		for _, d := range try(c.db.DescribeKinesisStreamingDestination(ctx(t), &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: aws.String("source")})).must(t).KinesisDataStreamDestinations {
			if strings.HasSuffix(*d.StreamArn, "/"+stream) {
				return string(d.DestinationStatus) + aws.ToString(d.DestinationStatusDescription)
			}
		}
		return ""
	}
	enable := func(stream, want string) {
		arn := "arn:aws:kinesis:eu-west-1:" + c.account + ":stream/" + stream
		try(c.db.EnableKinesisStreamingDestination(ctx(t), &dynamodb.EnableKinesisStreamingDestinationInput{TableName: aws.String("source"), StreamArn: &arn})).must(t)
		eventually(t, stream+" is "+want, func() bool { return status(stream) == want })
	}
	enable("missing", "ENABLE_FAILEDthe Kinesis data stream missing does not exist")
	enable("changes", "ACTIVE")
	const items, changes = 10, 20
	for n := range changes {
		c.putNumbered(t, items, n)
		if n == changes/2 {
			c.server.restart(t, os.Kill)
		}
	}
	k.expect(t, "changes", items, changes)
}

// putNumbered writes some items of the table source with a number.
func (c *client) putNumbered(t *testing.T, items, n int) {
	t.Helper()
	for i := range items {
		try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: map[string]ddb.AttributeValue{
			"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint("item", i)}, "n": &ddb.AttributeValueMemberN{Value: fmt.Sprint(n)},
		}})).must(t)
	}
}

// dataStreams are streams of Kinesis.
type dataStreams struct{ *kinesis.Client }

// newDataStreams makes the stream changes.
func newDataStreams(t *testing.T, endpoint string) dataStreams {
	t.Helper()
	k := kinesis.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &endpoint, HTTPClient: transport, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	try(k.CreateStream(ctx(t), &kinesis.CreateStreamInput{StreamName: aws.String("changes"), ShardCount: aws.Int32(3)})).must(t)
	return dataStreams{k}
}

// expect waits until all changes of the table source are in a stream: each with its id,
// those of an item in one shard and in the order of their numbers.
func (k dataStreams) expect(t *testing.T, stream string, items, changes int) {
	t.Helper()
	eventually(t, "all changes are in the stream", func() bool {
		ids, last := map[string]bool{}, map[string]int{}
		for shard, records := range shardRecords(t, k.Client, stream) {
			for _, r := range records {
				var change struct {
					EventID, TableName, RecordFormat string

					DynamoDB struct {
						NewImage struct {
							N struct {
								N int `json:",string"`
							}
						}
					}
				}
				if err := json.Unmarshal(r.Data, &change); err != nil {
					t.Fatal(err)
				}
				want(t, "format", change.TableName+" "+change.RecordFormat, "source application/json")
				if at := shard + *r.PartitionKey; !ids[change.EventID] {
					want(t, "the next change of "+at, change.DynamoDB.NewImage.N.N, last[at])
					last[at]++
				}
				ids[change.EventID] = true
			}
		}
		return len(ids) == items*changes && len(last) == items
	})
}

// shardRecords returns the records of a stream, by shard.
func shardRecords(t *testing.T, k *kinesis.Client, stream string) map[string][]kin.Record {
	t.Helper()
	all := map[string][]kin.Record{}
	for _, shard := range try(k.ListShards(ctx(t), &kinesis.ListShardsInput{StreamName: &stream})).must(t).Shards {
		it := try(k.GetShardIterator(ctx(t), &kinesis.GetShardIteratorInput{StreamName: &stream, ShardId: shard.ShardId, ShardIteratorType: kin.ShardIteratorTypeTrimHorizon})).must(t).ShardIterator
		for {
			got := try(k.GetRecords(ctx(t), &kinesis.GetRecordsInput{ShardIterator: it})).must(t)
			all[*shard.ShardId] = append(all[*shard.ShardId], got.Records...)
			if it = got.NextShardIterator; len(got.Records) == 0 {
				break
			}
		}
	}
	return all
}
