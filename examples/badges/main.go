// Command badges shows unread messages per chat and member, and per manager over all
// chats, without a line that counts.
//
//	go run ./examples/badges
//
// A consumer turns each message of a queue into an item for everyone who has not read
// it, and each reading into their removal, exactly once. The badges are two counters
// of that table, which the engine moves in the same transaction.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/levee-io/levee"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "badges:", err)
		os.Exit(1)
	}
}

// event is what happens in a chat: From wrote message Seq, or has read all up to it.
type event struct {
	Chat, From string
	Seq        int
	Read       bool `json:",omitempty"`
}

// members are those of every chat; the value says who has a badge over all chats.
var members = map[string]bool{"customer": false, "ada": true, "bob": true}

// chats is what the example plays.
var chats = []event{
	{Chat: "shoes", From: "customer", Seq: 1}, {Chat: "shoes", From: "customer", Seq: 2}, {Chat: "hats", From: "customer", Seq: 1},
	{Chat: "shoes", From: "ada", Seq: 2, Read: true}, {Chat: "shoes", From: "ada", Seq: 3}, {Chat: "hats", From: "customer", Seq: 2},
	{Chat: "shoes", From: "customer", Seq: 3, Read: true}, {Chat: "hats", From: "bob", Seq: 1, Read: true},
}

// run plays the chats and prints the badges.
func run(ctx context.Context, w io.Writer) error {
	srv, err := levee.Open("")
	if err != nil {
		return err
	}
	defer func() { _ = srv.Close() }()
	d := &desk{Client: levee.NewClient(srv.AWSConfig())}
	if err := d.setUp(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	consumed := make(chan error, 1)
	go func() { consumed <- d.Consume(ctx, d.queue, d.handle) }()
	for i, e := range chats {
		body, err := json.Marshal(e)
		if err != nil {
			return err
		}
		_, err = d.Queues.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: &d.queue, MessageBody: aws.String(string(body)), MessageGroupId: &e.Chat, MessageDeduplicationId: aws.String(strconv.Itoa(i)),
		})
		if err != nil {
			return err
		}
	}
	if err := d.await(ctx); err != nil {
		return err
	}
	stop()
	<-consumed
	return d.print(context.WithoutCancel(ctx), w)
}

// desk is the service of the example.
type desk struct {
	*levee.Client
	queue string // URL
}

// setUp makes the table of unread messages, its two counters, and the queue.
func (d *desk) setUp(ctx context.Context) error {
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	_, err := d.Tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("unread"), BillingMode: types.BillingModePayPerRequest,
		KeySchema: []types.KeySchemaElement{key("chat", types.KeyTypeHash), key("id", types.KeyTypeRange)},
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("chat"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS},
		},
	})
	if err != nil {
		return err
	}
	for name, by := range map[string][]string{"chat-badge": {"chat", "member"}, "manager-badge": {"manager"}} {
		badge := levee.Counter{Name: name, Table: "unread"}
		for _, attribute := range by {
			badge.GroupBy = append(badge.GroupBy, types.AttributeDefinition{AttributeName: &attribute, AttributeType: types.ScalarAttributeTypeS})
		}
		if err := d.CreateCounter(ctx, badge); err != nil {
			return err
		}
		if err := d.AwaitCounter(ctx, name); err != nil {
			return err
		}
	}
	out, err := d.Queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("chat.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	if err == nil {
		d.queue = *out.QueueUrl
	}
	return err
}

// handle says what an event changes: who has not read what.
func (d *desk) handle(ctx context.Context, tx *levee.Tx, m sqstypes.Message) error {
	var e event
	if err := json.Unmarshal([]byte(*m.Body), &e); err != nil {
		return err
	}
	if e.Read {
		return d.read(ctx, tx, e)
	}
	for member, manager := range members {
		if member == e.From {
			continue
		}
		item := map[string]types.AttributeValue{"chat": text(e.Chat), "id": text(unreadID(member, e.Seq)), "member": text(member)}
		if manager {
			item["manager"] = text(member)
		}
		tx.Put(types.Put{TableName: aws.String("unread"), Item: item})
	}
	return nil
}

// read removes what a member has read by now.
func (d *desk) read(ctx context.Context, tx *levee.Tx, e event) error {
	out, err := d.Tables.Query(ctx, &dynamodb.QueryInput{
		TableName: aws.String("unread"), ConsistentRead: aws.Bool(true), Limit: aws.Int32(90), // a transaction has up to 100 actions
		KeyConditionExpression:    aws.String("chat = :chat AND id BETWEEN :first AND :last"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":chat": text(e.Chat), ":first": text(unreadID(e.From, 0)), ":last": text(unreadID(e.From, e.Seq))},
	})
	if err != nil {
		return err
	}
	for _, item := range out.Items {
		tx.Delete(types.Delete{TableName: aws.String("unread"), Key: map[string]types.AttributeValue{"chat": item["chat"], "id": item["id"]}})
	}
	return nil
}

func unreadID(member string, seq int) string { return fmt.Sprintf("%s/%06d", member, seq) }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// await waits until the queue is empty.
func (d *desk) await(ctx context.Context) error {
	for {
		out, err := d.Queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &d.queue, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil {
			return err
		}
		if out.Attributes["ApproximateNumberOfMessages"] == "0" && out.Attributes["ApproximateNumberOfMessagesNotVisible"] == "0" {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// print reads each badge: one read of one item.
func (d *desk) print(ctx context.Context, w io.Writer) error {
	for _, chat := range []string{"hats", "shoes"} {
		for _, member := range []string{"ada", "bob", "customer"} {
			badge, err := d.ReadCounter(ctx, "chat-badge", map[string]types.AttributeValue{"chat": text(chat), "member": text(member)})
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s has %d unread in %s\n", member, badge.Items, chat)
		}
	}
	for _, manager := range []string{"ada", "bob"} {
		badge, err := d.ReadCounter(ctx, "manager-badge", map[string]types.AttributeValue{"manager": text(manager)})
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s has %d unread in all chats\n", manager, badge.Items)
	}
	return nil
}
