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
		go func() { ended <- c.each(ctx, urls[murderIn], c.done, quick) }()
	}
	go func() { ended <- c.each(ctx, urls[murderOut], c.arrived, quick) }()
	go func() { ended <- c.Follow(ctx, murderTable, "murder", c.followed) }()
	return <-ended
}

// each consumes a queue message by message, or what is received together, as the
// process happens to be: consumers of both kinds share the queues.
func (c *worker) each(ctx context.Context, url string, handle func(context.Context, *levee.Tx, []sqstypes.Message) error, o func(*levee.ConsumeOptions)) error {
	if os.Getpid()%2 == 0 {
		return c.ConsumeBatch(ctx, url, handle, o)
	}
	return c.Consume(ctx, url, func(ctx context.Context, tx *levee.Tx, m sqstypes.Message) error {
		return handle(ctx, tx, []sqstypes.Message{m})
	}, o)
}

func (c *worker) done(ctx context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
	if err := c.receive(ctx, tx, placeDone, batch); err != nil {
		return err
	}
	for i, m := range batch {
		tx.Send(&sqs.SendMessageInput{
			QueueUrl: &c.out, MessageBody: m.Body, MessageGroupId: aws.String(m.Attributes["MessageGroupId"]),
			// The same number sent twice must arrive twice.
			MessageDeduplicationId: aws.String(fmt.Sprintf("%s-%d-%d", strconv.FormatInt(time.Now().UnixNano(), 36), os.Getpid(), i)),
		})
	}
	return nil
}

func (c *worker) arrived(ctx context.Context, tx *levee.Tx, batch []sqstypes.Message) error {
	return c.receive(ctx, tx, placeArrived, batch)
}

// receive notes messages by group, in their order.
func (c *worker) receive(ctx context.Context, tx *levee.Tx, place string, batch []sqstypes.Message) error {
	came := map[string][]arrival{}
	for _, m := range batch {
		var o order
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &o); err != nil {
			return err
		}
		came[o.Group] = append(came[o.Group], arrival{o.N, m.Attributes["ApproximateReceiveCount"] != "1"})
	}
	for group, list := range came {
		if err := c.note(ctx, tx, place, group, list...); err != nil {
			return err
		}
	}
	return nil
}

// arrival is a number that has come, and whether its message may have come before.
type arrival struct {
	n     int
	again bool
}

// followed takes the changes of the counts of placeDone: those that were noted together
// are one.
func (c *worker) followed(ctx context.Context, tx *levee.Tx, r streamtypes.Record) error {
	image := r.Dynamodb.NewImage
	key, _ := image["k"].(*streamtypes.AttributeValueMemberS)
	together, _ := image["together"].(*streamtypes.AttributeValueMemberL)
	if key == nil || together == nil || !strings.HasPrefix(key.Value, placeDone+"/") {
		return nil
	}
	var list []arrival
	for _, v := range together.Value {
		number, ok := v.(*streamtypes.AttributeValueMemberN)
		if !ok {
			return fmt.Errorf("%s is no number: %v", key.Value, v)
		}
		n, err := strconv.Atoi(number.Value)
		if err != nil {
			return err
		}
		list = append(list, arrival{n: n})
	}
	return c.note(ctx, tx, placeFollowed, strings.TrimPrefix(key.Value, placeDone+"/"), list...)
}

// note writes down that numbers have come: the next rows of the place and group, and
// the count of its rows. There is no condition.
func (c *worker) note(ctx context.Context, tx *levee.Tx, place, group string, list ...arrival) error {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	num := func(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
	counts := map[string]types.AttributeValue{"k": text(place + "/" + group)}
	out, err := c.Tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String(murderTable), Key: counts, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	have := 0
	if n, ok := out.Item["count"].(*types.AttributeValueMemberN); ok {
		if have, err = strconv.Atoi(n.Value); err != nil {
			return err
		}
	}
	together := new(types.AttributeValueMemberL)
	for i, a := range list {
		row := map[string]types.AttributeValue{"k": text(rowKey(place, group, have+i+1)), "n": num(a.n)}
		if a.again {
			row["again"] = num(1)
		}
		tx.Put(types.Put{TableName: aws.String(murderTable), Item: row})
		together.Value = append(together.Value, num(a.n))
	}
	tx.Update(types.Update{
		TableName: aws.String(murderTable), Key: counts,
		UpdateExpression:          aws.String("SET #together = :together ADD #count :n"),
		ExpressionAttributeNames:  map[string]string{"#together": "together", "#count": "count"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":together": together, ":n": num(len(list))},
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
			if err := c.done(ctx, tx, []sqstypes.Message{m}); err != nil {
				continue
			}
			if _, err := c.Transact(ctx, tx); err != nil {
				continue
			}
			_, _ = c.Queues.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
		}
	}
}
