package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee/internal/rehearse"
)

// liveScale is how many times faster than time capacity comes to the server.
const liveScale = 60

// What levee serve throttles under --capacity enforce and --time-scale is what the
// rehearsal of the same requests says. When they were sent is noted in the time of the
// model, so that it does not matter how fast this machine is: the rehearsal is of the
// log. (More scenarios, without a socket, are in leveetest.)
func TestServeAsRehearsed(t *testing.T) {
	s := startServe(t, "--memory", "--capacity", "enforce", "--time-scale", fmt.Sprint(liveScale))
	defer s.end(t)
	db := dynamodb.New(dynamodb.Options{
		BaseEndpoint: aws.String(s.url), Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("000000000000", "any", ""), RetryMaxAttempts: 1,
	})
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("table"), ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(30)},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const requests, units = 1500, 8 // two times in three more than 30 a second
	var log strings.Builder
	throttled, began := 0, time.Now()
	for i := range requests {
		at := began.Add(time.Duration(i) * 100 * time.Millisecond / liveScale)
		time.Sleep(time.Until(at)) // or later: then there is more capacity by then
		_, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("table"), Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: fmt.Sprint(i)}, "x": &types.AttributeValueMemberS{Value: strings.Repeat("x", units<<10-20)},
		}})
		var e *types.ProvisionedThroughputExceededException
		switch {
		case errors.As(err, &e):
			throttled++
		case err != nil:
			t.Fatal(err)
		}
		fmt.Fprintln(&log, time.Unix(0, 0).UTC().Add(liveScale*time.Since(began)).Format(time.RFC3339Nano))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "requests.log"), []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario, err := rehearse.Read(strings.NewReader(`
traffic: [{log: {file: requests.log}, items: [{size: 8KB}]}]
designs: [{table: {mode: provisioned, provisioned: {write: 30, read: 1}}, client: {attempts: 1}}]`), rehearse.FilesIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	r, err := rehearse.Run(t.Context(), scenario)
	if err != nil {
		t.Fatal(err)
	}
	want := r.Designs[0].Throttles()
	t.Logf("of %d requests: rehearsed %d throttles, live %d", r.Designs[0].All.Arrived, want, throttled)
	if want < requests/4 || math.Abs(float64(throttled)-float64(want)) > 0.03*float64(want) {
		t.Errorf("rehearsed %d throttles, live there are %d", want, throttled)
	}
}
