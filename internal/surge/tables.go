package surge

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// names are the tables and queues of one run.
type names struct {
	messages, chats, chatBadges, managerBadges, search, progress string
	queue, dead                                                  string // a FIFO queue's ends with .fifo
}

const runTable = "surge-run"

func namesOf(run int, d Design) names {
	suffix := ""
	if d.inFull().groups() {
		suffix = ".fifo"
	}
	p := "surge-" + strconv.Itoa(run)
	return names{
		messages: p + "-messages", chats: p + "-chats", chatBadges: p + "-chat-badges",
		managerBadges: p + "-manager-badges", search: p + "-search", progress: p + "-progress",
		queue: p + suffix, dead: p + "-dead" + suffix,
	}
}

func (n names) tables() []string {
	return []string{n.messages, n.chats, n.chatBadges, n.managerBadges, n.search, n.progress}
}

// keys are the key attributes of each table: the partition key, then the sort key if there is one.
func (n names) keys() map[string][]types.AttributeDefinition {
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	seq := types.AttributeDefinition{AttributeName: aws.String("seq"), AttributeType: types.ScalarAttributeTypeN}
	return map[string][]types.AttributeDefinition{
		n.messages:      {text("chat"), seq},
		n.chats:         {text("chat")},
		n.chatBadges:    {text("chat"), text("member")},
		n.managerBadges: {text("manager")},
		n.search:        {text("chat"), seq},
		n.progress:      {text("id")},
	}
}

// createTables makes the tables of a run that are not there yet, and waits until all can be used.
func (c *clients) createTables(ctx context.Context, n names) error {
	for name, keys := range n.keys() {
		if err := c.createTable(ctx, name, keys, name == n.messages); err != nil {
			return err
		}
	}
	for _, name := range n.tables() {
		if err := c.awaitTable(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// createTable makes an on-demand table, with a stream of new images if asked; an existing one is left as it is.
func (c *clients) createTable(ctx context.Context, name string, keys []types.AttributeDefinition, stream bool) error {
	in := &dynamodb.CreateTableInput{TableName: &name, AttributeDefinitions: keys, BillingMode: types.BillingModePayPerRequest}
	for i, kind := range []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}[:len(keys)] {
		in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: keys[i].AttributeName, KeyType: kind})
	}
	if stream {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewImage}
	}
	_, err := c.tables.CreateTable(ctx, in)
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return nil
}

func (c *clients) awaitTable(ctx context.Context, name string) error {
	for {
		out, err := c.tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if err != nil {
			return fmt.Errorf("describe table %s: %w", name, err)
		}
		if out.Table.TableStatus == types.TableStatusActive {
			return nil
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
}

// maxReceives is how often a message is tried before it goes to the dead-letter queue. It is far above what the
// trouble of a run can do to one message: a message there is a poison message.
const maxReceives = 50

// createQueues makes the queue of a run and its dead-letter queue, or finds them, and returns their URLs.
func (c *clients) createQueues(ctx context.Context, n names, visibility time.Duration) (queue, dead string, err error) {
	dead, err = c.createQueue(ctx, n.dead, nil)
	if err != nil {
		return "", "", err
	}
	arn, err := c.queueARN(ctx, dead)
	if err != nil {
		return "", "", err
	}
	queue, err = c.createQueue(ctx, n.queue, map[string]string{
		"VisibilityTimeout": strconv.Itoa(int(visibility / time.Second)),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"%d"}`, arn, maxReceives),
	})
	return queue, dead, err
}

func (c *clients) queueARN(ctx context.Context, url string) (string, error) {
	out, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", fmt.Errorf("attributes of queue %s: %w", url, err)
	}
	return out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)], nil
}

// createQueue makes a queue, unless it exists: a FIFO queue, whose throughput and deduplication are by message group, if
// its name says so.
func (c *clients) createQueue(ctx context.Context, name string, attributes map[string]string) (string, error) {
	found, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err == nil {
		return *found.QueueUrl, nil
	}
	var absent *sqstypes.QueueDoesNotExist
	if !errors.As(err, &absent) {
		return "", fmt.Errorf("find queue %s: %w", name, err)
	}
	all := map[string]string{}
	if strings.HasSuffix(name, ".fifo") {
		all["FifoQueue"] = "true"
		all["DeduplicationScope"] = "messageGroup"
		all["FifoThroughputLimit"] = "perMessageGroupId"
	}
	maps.Copy(all, attributes)
	out, err := c.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: all})
	if err != nil {
		return "", fmt.Errorf("create queue %s: %w", name, err)
	}
	return *out.QueueUrl, nil
}

// remove deletes what is left of a run's tables and queues.
func (c *clients) remove(ctx context.Context, n names) error {
	for _, name := range n.tables() {
		_, err := c.tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &name})
		var absent *types.ResourceNotFoundException
		if err != nil && !errors.As(err, &absent) {
			return fmt.Errorf("delete table %s: %w", name, err)
		}
	}
	for _, name := range []string{n.queue, n.dead} {
		found, err := c.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
		if err == nil {
			_, err = c.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: found.QueueUrl})
		}
		var absent *sqstypes.QueueDoesNotExist
		if err != nil && !errors.As(err, &absent) {
			return fmt.Errorf("delete queue %s: %w", name, err)
		}
	}
	return nil
}

// depth is how many messages a queue holds.
type depth struct {
	waiting  int64 // may be received
	inFlight int64 // received, not deleted
}

func (c *clients) depth(ctx context.Context, url string) (depth, error) {
	out, err := c.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url,
		AttributeNames: []sqstypes.QueueAttributeName{
			sqstypes.QueueAttributeNameApproximateNumberOfMessages,
			sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
		},
	})
	if err != nil {
		return depth{}, fmt.Errorf("depth of the queue: %w", err)
	}
	var d depth
	d.waiting, err = strconv.ParseInt(out.Attributes["ApproximateNumberOfMessages"], 10, 64)
	if err == nil {
		d.inFlight, err = strconv.ParseInt(out.Attributes["ApproximateNumberOfMessagesNotVisible"], 10, 64)
	}
	return d, err
}
