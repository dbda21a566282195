package integration

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The SDK reads metrics in CBOR.
func TestMetrics(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		url := c.createQueue(t, "measured", nil)
		try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})).must(t)
		watch := cloudwatch.New(cloudwatch.Options{
			Region: c.region, BaseEndpoint: aws.String(c.server.url()), HTTPClient: transport, RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider(c.account, "secret", ""),
		})
		queue := []types.Dimension{{Name: aws.String("QueueName"), Value: aws.String("measured")}}
		list := try(watch.ListMetrics(ctx(t), &cloudwatch.ListMetricsInput{Namespace: aws.String("AWS/SQS")})).must(t)
		if !slices.ContainsFunc(list.Metrics, func(m types.Metric) bool { return *m.MetricName == "NumberOfMessagesSent" }) {
			t.Errorf("listed %v", list.Metrics)
		}
		now := time.Now()
		stats := try(watch.GetMetricStatistics(ctx(t), &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("AWS/SQS"), MetricName: aws.String("NumberOfMessagesSent"), Dimensions: queue,
			StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)), Period: aws.Int32(86400), Statistics: []types.Statistic{types.StatisticSum},
		})).must(t)
		if len(stats.Datapoints) != 1 || *stats.Datapoints[0].Sum != 1 || stats.Datapoints[0].Timestamp.After(now) {
			t.Errorf("statistics %v", stats.Datapoints)
		}
		data := try(watch.GetMetricData(ctx(t), &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)),
			MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("sent"), MetricStat: &types.MetricStat{
				Period: aws.Int32(86400), Stat: aws.String("Sum"),
				Metric: &types.Metric{Namespace: aws.String("AWS/SQS"), MetricName: aws.String("NumberOfMessagesSent"), Dimensions: queue},
			}}},
		})).must(t)
		if r := data.MetricDataResults; len(r) != 1 || len(r[0].Values) != 1 || r[0].Values[0] != 1 || len(r[0].Timestamps) != 1 {
			t.Errorf("data %v", r)
		}
		_, err := watch.GetMetricData(ctx(t), &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now),
			MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("e"), Expression: aws.String("1+1")}},
		})
		if err == nil {
			t.Error("an expression was evaluated")
		}
	})
}
