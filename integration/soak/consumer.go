package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

// A consumer is a process of this program with these in its environment: the URL
// of the server, and if set, which guard it goes without.
const (
	consumerURL   = "SOAK_CONSUMER"
	consumerGuard = "SOAK_CONSUMER_WITHOUT"
	withoutAtomic = "atomic" // it deletes a message after the transaction, not in it
)

// The places that a message comes by. Each has a row for each group and number: how
// many have come, and in which order.
const (
	placeDone     = "done"     // written by who consumes murder.fifo
	placeArrived  = "arrived"  // by who consumes murder-out.fifo, to which that sends on
	placeFollowed = "followed" // by who follows the stream of the table
)

const (
	murderTable = "murder"
	murderIn    = "murder.fifo"
	murderOut   = "murder-out.fifo"
)

// order is the body of a message: the number n of its group.
type order struct {
	Group string
	N     int
}

// worker does the same in three ways: what comes is written down, in the order
// in which it comes, with no regard to what may have come before.
type worker struct {
	*levee.Client
	out string // the URL of murderOut
}

// consume is what a consumer process does until it is killed.
func consume(url string) error {
	ctx := context.Background()
	c := &worker{Client: levee.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("000000000000", "soak", ""),
	})}
	urls := map[string]string{}
	for _, name := range []string{murderIn, murderOut} {
		found, err := c.Queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		if err != nil {
			return err
		}
		urls[name] = *found.QueueUrl
	}
	c.out = urls[murderOut]
	ended := make(chan error, 3)
	quick := func(o *levee.ConsumeOptions) { o.Concurrency, o.VisibilityTimeout = 3, time.Second }
	if os.Getenv(consumerGuard) == withoutAtomic {
		go func() { ended <- c.consumeWithout(ctx, urls[murderIn]) }()
	} else {
		go func() { ended <- c.Consume(ctx, urls[murderIn], c.done, quick) }()
	}
	go func() { ended <- c.Consume(ctx, urls[murderOut], c.arrived, quick) }()
	go func() { ended <- c.Follow(ctx, murderTable, "murder", c.followed) }()
	return <-ended
}

func (c *worker) done(ctx context.Context, tx *levee.Tx, m sqstypes.Message) error {
	o, err := c.receive(ctx, tx, placeDone, m)
	if err != nil {
		return err
	}
	tx.Send(&sqs.SendMessageInput{
		QueueUrl: &c.out, MessageBody: m.Body, MessageGroupId: &o.Group,
		// The same number sent twice must arrive twice.
		MessageDeduplicationId: aws.String(strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + strconv.Itoa(os.Getpid())),
	})
	return nil
}

func (c *worker) arrived(ctx context.Context, tx *levee.Tx, m sqstypes.Message) error {
	_, err := c.receive(ctx, tx, placeArrived, m)
	return err
}

func (c *worker) receive(ctx context.Context, tx *levee.Tx, place string, m sqstypes.Message) (o order, err error) {
	if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &o); err != nil {
		return o, err
	}
	again := m.Attributes["ApproximateReceiveCount"] != "1"
	return o, c.note(ctx, tx, place, o, again)
}

// followed takes the changes of the counts of placeDone.
func (c *worker) followed(ctx context.Context, tx *levee.Tx, r streamtypes.Record) error {
	image := r.Dynamodb.NewImage
	key, _ := image["k"].(*streamtypes.AttributeValueMemberS)
	n, _ := image["last"].(*streamtypes.AttributeValueMemberN)
	if key == nil || n == nil || !strings.HasPrefix(key.Value, placeDone+"/") {
		return nil
	}
	number, err := strconv.Atoi(n.Value)
	if err != nil {
		return err
	}
	return c.note(ctx, tx, placeFollowed, order{strings.TrimPrefix(key.Value, placeDone+"/"), number}, false)
}

// note writes down that a number has come: the next row of the place and group, and
// the count of its rows. There is no condition.
func (c *worker) note(ctx context.Context, tx *levee.Tx, place string, o order, again bool) error {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	num := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
	counts := map[string]types.AttributeValue{"k": text(place + "/" + o.Group)}
	out, err := c.Tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(murderTable), Key: counts, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	next := 1
	if n, ok := out.Item["count"].(*types.AttributeValueMemberN); ok {
		if next, err = strconv.Atoi(n.Value); err != nil {
			return err
		}
		next++
	}
	row := map[string]types.AttributeValue{"k": text(rowKey(place, o.Group, next)), "n": num(o.N)}
	if again {
		row["again"] = num(1)
	}
	tx.Put(types.Put{TableName: aws.String(murderTable), Item: row})
	tx.Update(types.Update{
		TableName: aws.String(murderTable), Key: counts,
		UpdateExpression:          aws.String("SET #last = :n ADD #count :one"),
		ExpressionAttributeNames:  map[string]string{"#last": "last", "#count": "count"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":n": num(o.N), ":one": num(1)},
	})
	return nil
}

func rowKey(place, group string, n int) string { return fmt.Sprintf("%s/%s/%d", place, group, n) }

// consumeWithout is Consume with the removal of the message outside of the
// transaction, as one would write it by hand.
func (c *worker) consumeWithout(ctx context.Context, url string) error {
	for {
		out, err := c.Queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &url, WaitTimeSeconds: 20, VisibilityTimeout: 1,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
		})
		if err != nil {
			continue // the server is being killed; the SDK has waited
		}
		for _, m := range out.Messages {
			tx := new(levee.Tx)
			if err := c.done(ctx, tx, m); err != nil {
				continue
			}
			if _, err := c.Transact(ctx, tx); err != nil {
				continue
			}
			_, _ = c.Queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
		}
	}
}
