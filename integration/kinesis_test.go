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
	k := kinesis.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &endpoint, HTTPClient: transport, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
	try(k.CreateStream(ctx(t), &kinesis.CreateStreamInput{StreamName: aws.String("changes"), ShardCount: aws.Int32(3)})).must(t)
	c := startWithSinks(t, `stream: {kinesis: {stream: changes, url: %q, records: dynamodb, aws: {region: eu-west-1, access_key: key, secret_key: secret}}}`, endpoint)
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	c.pipe(t, "p", *c.describe(t, "source").LatestStreamArn, "stream", "")
	const items, changes = 10, 20
	for n := range changes {
		for i := range items {
			try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: map[string]ddb.AttributeValue{
				"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint("item", i)}, "n": &ddb.AttributeValueMemberN{Value: fmt.Sprint(n)},
			}})).must(t)
		}
		if n == changes/2 {
			c.server.restart(t, os.Kill)
		}
	}
	eventually(t, "all changes are in the stream", func() bool {
		ids, last := map[string]bool{}, map[string]int{}
		for shard, records := range shardRecords(t, k, "changes") {
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
