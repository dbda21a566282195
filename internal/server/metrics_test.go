package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"
)

// asker puts requests to a server in this process.
type asker struct {
	*testing.T
	*Server
}

func (a *asker) ask(path, contentType, target, scope, body string) *httptest.ResponseRecorder {
	a.Helper()
	r := httptest.NewRequestWithContext(a.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=000000000000/20260301/us-east-1/"+scope+"/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("X-Amz-Date", "20260301T000000Z")
	w := httptest.NewRecorder()
	a.endpoint.ServeHTTP(w, r)
	return w
}

func (a *asker) json(target, body string) string {
	a.Helper()
	scope := "dynamodb"
	if strings.HasPrefix(target, "Granite") {
		scope = "monitoring"
	}
	return a.ask("/", "application/x-amz-json-1.0", target, scope, body).Body.String()
}

// Changes on their way to Kinesis have the metrics that the service documents.
func TestMetricsOfADestination(t *testing.T) {
	kinesis := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"StreamDescriptionSummary":{"StreamStatus":"ACTIVE"}}`)
	}))
	defer kinesis.Close()
	srv, err := Open(Config{Kinesis: &aws.Config{BaseEndpoint: &kinesis.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	a := &asker{t, srv}
	a.json("DynamoDB_20120810.CreateTable", `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"}`)
	a.json("DynamoDB_20120810.EnableKinesisStreamingDestination", `{"TableName":"abc","StreamArn":"arn:aws:kinesis:us-east-1:000000000000:stream/s"}`)
	for !strings.Contains(a.json("DynamoDB_20120810.DescribeKinesisStreamingDestination", `{"TableName":"abc"}`), "ACTIVE") {
		time.Sleep(time.Millisecond)
	}
	got := ""
	for _, f := range srv.Figures() {
		got += fmt.Sprint(f.Namespace, " ", f.Name, " ", f.Unit, " ", f.Counter, " ", f.Dimensions, "\n")
	}
	const of = ` [{TableName abc} {DelegatedOperation ChangeDataCaptureForKinesisDataStreams}]`
	if want := "AWS/DynamoDB AgeOfOldestUnreplicatedRecord Milliseconds false" + of + "\nAWS/DynamoDB FailedToReplicateRecordCount Count true" + of + "\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// What a table consumes and what of it is throttled can be read from CloudWatch, in each
// of its protocols.
func TestMetricsOfATable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := Open(Config{EnforceCapacity: true})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close(context.Background())
		a := &asker{t, srv}
		a.json("DynamoDB_20120810.CreateTable", `{"TableName":"tight","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
			"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":5}}`)
		for range 7 {
			a.json("DynamoDB_20120810.PutItem", `{"TableName":"tight","Item":{"pk":{"S":"1"}}}`)
		}
		began := time.Now().UTC()
		end := began.Add(time.Hour)

		const dimensions = `"Namespace":"AWS/DynamoDB","Dimensions":[{"Name":"TableName","Value":"tight"}]`
		got := a.json("GraniteServiceVersion20100801.GetMetricStatistics", fmt.Sprintf(`{%s,"MetricName":"ConsumedWriteCapacityUnits","StartTime":%d,"EndTime":%d,"Period":60,"Statistics":["Sum","SampleCount"]}`, dimensions, began.Unix(), end.Unix()))
		if want := fmt.Sprintf(`{"Label":"ConsumedWriteCapacityUnits","Datapoints":[{"Timestamp":%d,"SampleCount":5.0,"Sum":5.0,"Unit":"Count"}]}`, began.Unix()); got != want {
			t.Errorf("statistics %s\nwant %s", got, want)
		}
		data := func(metric string) string {
			return fmt.Sprintf(`{"StartTime":%d,"EndTime":%d,"MetricDataQueries":[{"Id":"a","MetricStat":{"Stat":"Sum","Period":60,"Metric":{%s,"MetricName":"%s"}}}]}`, began.Unix(), end.Unix(), dimensions, metric)
		}
		for metric, want := range map[string]string{
			"WriteThrottleEvents": "2.0", "WriteProvisionedThroughputThrottleEvents": "2.0", "ProvisionedWriteCapacityUnits": "5.0", "ReadThrottleEvents": "",
		} {
			if got := a.json("GraniteServiceVersion20100801.GetMetricData", data(metric)); !strings.Contains(got, `"Values":[`+want+`]`) {
				t.Errorf("%s: %s, want %q", metric, got, want)
			}
		}

		form := "Action=GetMetricStatistics&Version=2010-08-01&Namespace=AWS%2FDynamoDB&MetricName=WriteThrottleEvents&Period=60&Statistics.member.1=Sum" +
			"&Dimensions.member.1.Name=TableName&Dimensions.member.1.Value=tight&StartTime=" + began.Format(time.RFC3339) + "&EndTime=" + end.Format(time.RFC3339)
		if got := a.ask("/", "application/x-www-form-urlencoded", "", "monitoring", form).Body.String(); !strings.Contains(got, `<GetMetricStatisticsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><GetMetricStatisticsResult><Datapoints><member>`) ||
			!strings.Contains(got, "<Sum>2.0</Sum>") {
			t.Errorf("in XML: %s", got)
		}
		list := a.ask("/", "application/x-www-form-urlencoded", "", "monitoring", "Action=ListMetrics&Version=2010-08-01&MetricName=WriteThrottleEvents").Body.String()
		if !strings.Contains(list, "<member><Namespace>AWS/DynamoDB</Namespace><MetricName>WriteThrottleEvents</MetricName><Dimensions><member><Name>TableName</Name><Value>tight</Value>") {
			t.Errorf("listed %s", list)
		}
		w := a.ask("/service/GraniteServiceVersion20100801/operation/ListMetrics", "application/cbor", "", "monitoring", "\xa1\x6aMetricName\x73WriteThrottleEvents")
		if w.Code != 200 || w.Header().Get("Smithy-Protocol") != "rpc-v2-cbor" || !strings.Contains(w.Body.String(), "WriteThrottleEvents") {
			t.Errorf("in CBOR: %d %v %q", w.Code, w.Header(), w.Body)
		}
		w = a.ask("/service/GraniteServiceVersion20100801/operation/GetMetricData", "application/cbor", "", "monitoring", "")
		if w.Code != 400 || !strings.Contains(w.Body.String(), "InvalidParameterValueException") {
			t.Errorf("an error in CBOR: %d %q", w.Code, w.Body)
		}
	})
}

func TestMetricsOfAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := Open(Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close(context.Background())
		a := &asker{t, srv}
		a.ask("/", "application/x-amz-json-1.0", "AmazonSQS.CreateQueue", "sqs", `{"QueueName":"q"}`)
		began := time.Now().UTC()
		time.Sleep(time.Second) // not at the turn of a minute
		for range 3 {
			a.ask("/", "application/x-amz-json-1.0", "AmazonSQS.SendMessage", "sqs", `{"QueueUrl":"http://localhost/000000000000/q","MessageBody":"x"}`)
			time.Sleep(time.Minute)
		}
		got := a.json("GraniteServiceVersion20100801.GetMetricData", fmt.Sprintf(`{"StartTime":%d,"EndTime":%d,"ScanBy":"TimestampAscending","MetricDataQueries":[
			{"Id":"sent","MetricStat":{"Stat":"Sum","Period":60,"Metric":{"Namespace":"AWS/SQS","MetricName":"NumberOfMessagesSent","Dimensions":[{"Name":"QueueName","Value":"q"}]}}},
			{"Id":"depth","MetricStat":{"Stat":"Maximum","Period":300,"Metric":{"Namespace":"AWS/SQS","MetricName":"ApproximateNumberOfMessagesVisible","Dimensions":[{"Name":"QueueName","Value":"q"}]}}}]}`,
			began.Unix(), began.Add(time.Hour).Unix()))
		for _, want := range []string{`"Values":[1.0,1.0,1.0]`, `"Label":"ApproximateNumberOfMessagesVisible"`, `"Values":[3.0]`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
}

// A FIFO queue has figures of its groups, a standard one of its quiet groups.
func TestFiguresOfKindsOfQueues(t *testing.T) {
	srv, err := Open(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	a := &asker{t, srv}
	ask := func(operation, body string) {
		a.ask("/", "application/x-amz-json-1.0", "AmazonSQS."+operation, "sqs", body)
	}
	ask("CreateQueue", `{"QueueName":"q"}`)
	ask("CreateQueue", `{"QueueName":"q.fifo","Attributes":{"FifoQueue":"true"}}`)
	ask("SendMessage", `{"QueueUrl":"http://localhost/000000000000/q","MessageBody":"x"}`)
	for range 3 {
		ask("SendMessage", `{"QueueUrl":"http://localhost/000000000000/q.fifo","MessageBody":"x","MessageGroupId":"g","MessageDeduplicationId":"d"}`)
	}
	ask("ReceiveMessage", `{"QueueUrl":"http://localhost/000000000000/q.fifo"}`)
	got := map[string]float64{}
	for _, f := range srv.Figures() {
		got[f.Dimensions[0].Value+" "+f.Name] = f.Value
	}
	for name, want := range map[string]float64{
		"q.fifo NumberOfDeduplicatedSentMessages":              2,
		"q.fifo ApproximateNumberOfGroupsWithInflightMessages": 1,
		"q ApproximateNumberOfMessagesVisibleInQuietGroups":    1,
		"q ApproximateNumberOfNoisyGroups":                     0,
	} {
		if n, ok := got[name]; !ok || n != want {
			t.Errorf("%s: %v (%t), want %v", name, n, ok, want)
		}
	}
	for _, name := range []string{"q NumberOfDeduplicatedSentMessages", "q.fifo ApproximateNumberOfNoisyGroups"} {
		if _, ok := got[name]; ok {
			t.Errorf("%s is no figure of its kind of queue", name)
		}
	}
}

// Prometheus has what a table consumes and what is throttled, by the reason; of a table
// that is not held to its capacity it has nothing.
func TestCapacityForPrometheus(t *testing.T) {
	for _, enforce := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) { capacityForPrometheus(t, enforce) })
	}
}

func capacityForPrometheus(t *testing.T, enforce bool) {
	srv, err := Open(Config{EnforceCapacity: enforce})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	a := &asker{t, srv}
	a.json("DynamoDB_20120810.CreateTable", `{"TableName":"tight","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":1}}`)
	for range 3 {
		a.json("DynamoDB_20120810.PutItem", `{"TableName":"tight","Item":{"pk":{"S":"1"}}}`)
	}
	_, text := get(t, srv.Admin(prometheus.NewRegistry(), slog.New(slog.DiscardHandler)), "/metrics")
	const labels = `account="000000000000",class="write",index="",`
	for _, want := range []string{
		`levee_table_consumed_units_total{` + labels + `region="us-east-1",table="tight"} 1`,
		`levee_table_provisioned_units{` + labels + `region="us-east-1",table="tight"} 1`,
		`levee_table_throttles_total{` + labels + `reason="ProvisionedThroughputExceeded",region="us-east-1",table="tight"} 2`,
		`levee_table_throttles_total{` + labels + `reason="KeyRangeThroughputExceeded",region="us-east-1",table="tight"} 0`,
	} {
		if strings.Contains(text, want) != enforce {
			t.Errorf("enforced %v: %q is in the metrics: %v", enforce, want, !enforce)
		}
	}
}
