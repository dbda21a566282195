package event_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/pipeline/event"
)

// want is a case without the space of its file.
func want(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func check(t *testing.T, name string, got []byte) {
	t.Helper()
	if want := want(t, name); string(got) != want {
		t.Errorf("%s:\n got %s\nwant %s", name, got, want)
	}
}

func attributes(pairs ...string) (m api.Map[string]) {
	for i := 0; i < len(pairs); i += 2 {
		m = append(m, api.Entry[string]{Key: pairs[i], Value: pairs[i+1]})
	}
	return m
}

func TestMessages(t *testing.T) {
	md5 := api.Some("e4e68fb7bd0e697a0ae8f1bb342846b3")
	const queue, fifo = "arn:aws:sqs:us-east-2:123456789012:my-queue", "arn:aws:sqs:us-east-2:123456789012:fifo.fifo"
	check(t, "sqs-standard.json", event.Join([][]byte{
		event.Message(&sqsapi.Message{
			MessageId: api.Some("059f36b4-87a3-44ab-83d2-661975830a7d"), ReceiptHandle: api.Some("AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a"),
			Body: api.Some("Test message."), MD5OfBody: md5,
			Attributes: attributes("SenderId", "AIDAIENQZJOLO23YVJ4VO", "SentTimestamp", "1545082649183", "ApproximateReceiveCount", "1", "ApproximateFirstReceiveTimestamp", "1545082649185"),
			MessageAttributes: api.Map[sqsapi.MessageAttributeValue]{{Key: "myAttribute", Value: sqsapi.MessageAttributeValue{
				StringValue: api.Some("myValue"), DataType: api.Some("String"),
			}}},
		}, queue),
		event.Message(&sqsapi.Message{
			MessageId: api.Some("2e1424d4-f796-459a-8184-9c92662be6da"), ReceiptHandle: api.Some("AQEBzWwaftRI0KuVm4tP+/7q1rGgNqicHq"),
			Body: api.Some("Test message."), MD5OfBody: md5,
			Attributes: attributes("SenderId", "AIDAIENQZJOLO23YVJ4VO", "SentTimestamp", "1545082650636", "ApproximateReceiveCount", "1", "ApproximateFirstReceiveTimestamp", "1545082650649"),
		}, queue),
	}))
	check(t, "sqs-fifo.json", event.Join([][]byte{event.Message(&sqsapi.Message{
		MessageId: api.Some("11d6ee51-4cc7-4302-9e22-7cd8afdaadf5"), ReceiptHandle: api.Some("AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw"),
		Body: api.Some("Test message."), MD5OfBody: md5,
		Attributes: attributes("SenderId", "AIDAIO23YVJENQZJOL4VO", "SentTimestamp", "1573251510774", "ApproximateReceiveCount", "1", "ApproximateFirstReceiveTimestamp", "1573251510774",
			"SequenceNumber", "18849496460467696128", "MessageDeduplicationId", "1", "MessageGroupId", "1"),
	}, fifo)}))
}

func item(t *testing.T, text string) attr.Item {
	t.Helper()
	var d jsontok.Decoder
	d.Reset([]byte(text))
	i := attr.ItemOf(attr.ReadMap(&d))
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return i
}

const table = "arn:aws:dynamodb:us-east-2:123456789012:table/my-table/stream/2024-06-10T19:26:16.525"

func TestRecords(t *testing.T) {
	record := func(id, name, sequence string, second, size int64) *streamsapi.Record {
		return &streamsapi.Record{
			EventID: api.Some(id), EventName: api.Some(name), EventVersion: api.Some("1.0"), EventSource: api.Some("aws:dynamodb"), AwsRegion: api.Some("us-east-2"),
			Dynamodb: &streamsapi.StreamRecord{
				ApproximateCreationDateTime: api.Some(time.Unix(second, 0)), Keys: item(t, `{"Id":{"N":"101"}}`),
				SequenceNumber: api.Some(sequence), SizeBytes: api.Some(size), StreamViewType: api.Some("NEW_AND_OLD_IMAGES"),
			},
		}
	}
	insert, remove := record("1", "INSERT", "111", 1428537600, 26), record("2", "REMOVE", "222", 1428537601, 59)
	insert.Dynamodb.NewImage = item(t, `{"Id":{"N":"101"},"Message":{"S":"New item!"}}`)
	remove.Dynamodb.OldImage = insert.Dynamodb.NewImage
	remove.UserIdentity = &streamsapi.Identity{PrincipalId: api.Some("dynamodb.amazonaws.com"), Type: api.Some("Service")}
	check(t, "dynamodb.json", event.Join([][]byte{event.Record(insert, table), event.Record(remove, table)}))
}

func TestWindow(t *testing.T) {
	check(t, "dynamodb-window.json", event.JoinWindow(nil, &event.Window{
		Start: time.Date(2020, 7, 30, 17, 0, 0, 0, time.UTC), End: time.Date(2020, 7, 30, 17, 5, 0, 0, time.UTC),
		State: []byte(`{"1":"state1"}`), Shard: "shard123456789", StreamARN: "stream-ARN",
	}))
}

func TestFailure(t *testing.T) {
	arrival := event.Arrival(time.Date(2019, 11, 14, 0, 13, 19, 0, time.UTC))
	got, err := (&event.Failure{
		RequestContext:  &event.RequestContext{RequestID: "316aa6d0-8154-xmpl-9af7-85d5f4a6bc81", FunctionARN: "arn:aws:lambda:us-east-2:123456789012:function:myfunction", Condition: event.RetryAttemptsExhausted, Invocations: 1},
		ResponseContext: &event.ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: "Unhandled"},
		Version:         "1.0", Timestamp: event.Instant(time.Date(2019, 11, 14, 0, 13, 49, 717e6, time.UTC)),
		Batch: &event.StreamBatch{
			ShardID: "shardId-00000001573689847184-864758bb", First: "800000000003126276362", Last: "800000000003126276362", FirstTime: arrival, LastTime: arrival,
			Size: 1, StreamARN: "arn:aws:dynamodb:us-east-2:123456789012:table/mytable/stream/2019-11-14T00:04:06.388",
		},
	}).AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	check(t, "failure.json", got)
}
