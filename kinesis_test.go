package levee_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

// kinesisServer is as much of Kinesis as a streaming destination needs.
type kinesisServer struct {
	mu    sync.Mutex
	down  bool
	order map[string][]string // eventIDs by partition key, without what came again
	seen  map[string]bool
}

func (k *kinesisServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeStreamSummary") {
		fmt.Fprint(w, `{"StreamDescriptionSummary":{"StreamStatus":"ACTIVE"}}`)
		return
	}
	var in struct {
		StreamName string
		Records    []struct{ Data, PartitionKey string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.StreamName != "changes" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var answers []string
	for _, one := range in.Records {
		data, _ := base64.StdEncoding.DecodeString(one.Data)
		var change struct {
			EventID  string
			DynamoDB struct {
				NewImage struct{ N struct{ N string } }
			}
		}
		_ = json.Unmarshal(data, &change) // what is none has no number
		if !k.seen[change.EventID] {
			k.seen[change.EventID] = true
			k.order[one.PartitionKey] = append(k.order[one.PartitionKey], change.DynamoDB.NewImage.N.N)
		}
		answers = append(answers, `{"SequenceNumber":"1","ShardId":"shardId-000000000000"}`)
	}
	fmt.Fprintf(w, `{"FailedRecordCount":0,"Records":[%s]}`, strings.Join(answers, ","))
}

func (k *kinesisServer) set(down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
}

// got is what came, in order, of each item.
func (k *kinesisServer) got() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list []string
	for _, numbers := range k.order {
		list = append(list, strings.Join(numbers, ""))
	}
	return strings.Join(list, " ")
}

// The changes of a table come to the Kinesis data stream that it names, though that
// is away for a while and the server is started again meanwhile.
func TestKinesisStreamingDestination(t *testing.T) {
	k := &kinesisServer{order: map[string][]string{}, seen: map[string]bool{}}
	endpoint := httptest.NewServer(k)
	t.Cleanup(endpoint.Close)
	srv := &levee.Server{Dir: t.TempDir()}
	kinesis := srv.AWSConfig()
	kinesis.BaseEndpoint = &endpoint.URL
	srv.Kinesis = &kinesis
	start := func() *dynamodb.Client {
		if err := srv.Start(); err != nil {
			t.Fatal(err)
		}
		return dynamodb.NewFromConfig(srv.AWSConfig())
	}
	db := start()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	})
	table := aws.String("orders")
	if _, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: table, BillingMode: ddb.BillingModePayPerRequest,
		KeySchema:            []ddb.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: ddb.KeyTypeHash}},
		AttributeDefinitions: []ddb.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: ddb.ScalarAttributeTypeS}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.EnableKinesisStreamingDestination(t.Context(), &dynamodb.EnableKinesisStreamingDestinationInput{
		TableName: table, StreamArn: aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/changes"),
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		out, err := db.DescribeKinesisStreamingDestination(t.Context(), &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: table})
		return err == nil && out.KinesisDataStreamDestinations[0].DestinationStatus == ddb.DestinationStatusActive
	})
	for n := range 9 {
		for _, id := range []string{"a", "b"} {
			item := map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: id}, "n": &ddb.AttributeValueMemberN{Value: fmt.Sprint(n)}}
			if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
				t.Fatal(err)
			}
		}
		switch n {
		case 2:
			k.set(true)
		case 5:
			if err := srv.Close(); err != nil {
				t.Fatal(err)
			}
			db = start()
		case 7:
			k.set(false)
		}
	}
	eventually(t, func() bool { return k.got() == "012345678 012345678" })
}

// eventually waits until something is so.
func eventually(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not so after two minutes")
		}
	}
}
