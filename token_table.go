package levee

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What a Client does at endpoints without Transact: a row in a table of tokens is
// written in the same TransactWriteItems as the effects of a message or a record.

// tokenLife is how long a token is kept: longer than any queue keeps a message.
const tokenLife = 15 * 24 * time.Hour

func (c *Client) tokenTable() string { return cmp.Or(c.TokenTable, "levee-tokens") }

// commitOnce carries out the actions on tables unless it has done so under the same
// token, and then sends the messages, in any case: it cannot know whether they were.
func (c *Client) commitOnce(ctx context.Context, tx *Tx, token string) error {
	row := types.Put{
		TableName: aws.String(c.tokenTable()),
		Item: map[string]types.AttributeValue{
			"id":      &types.AttributeValueMemberS{Value: token},
			"expires": &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().Add(tokenLife).Unix(), 10)},
		},
		ConditionExpression: aws.String("attribute_not_exists(id)"),
	}
	err := c.write(ctx, append(tx.tables[:len(tx.tables):len(tx.tables)], types.TransactWriteItem{Put: &row}))
	if err != nil && !lastFailed(err) {
		return err
	}
	return c.send(ctx, tx, token)
}

// moveCheckpoint carries out the actions on tables together with the move of a
// checkpoint, and then sends the messages.
func (c *Client) moveCheckpoint(ctx context.Context, tx *Tx, id, from, to string) error {
	row := types.Put{
		TableName:           aws.String(c.tokenTable()),
		Item:                map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}, "at": &types.AttributeValueMemberS{Value: to}},
		ConditionExpression: aws.String("attribute_not_exists(id)"),
	}
	if from != "" {
		row.ConditionExpression = aws.String("#at = :from")
		row.ExpressionAttributeNames = map[string]string{"#at": "at"}
		row.ExpressionAttributeValues = map[string]types.AttributeValue{":from": &types.AttributeValueMemberS{Value: from}}
	}
	err := c.write(ctx, append(tx.tables[:len(tx.tables):len(tx.tables)], types.TransactWriteItem{Put: &row}))
	if lastFailed(err) {
		return errMoved
	}
	if err != nil {
		return err
	}
	return c.send(ctx, tx, id+"#"+to)
}

// storedCheckpoint reads a checkpoint from the table of tokens, "" if there is none.
func (c *Client) storedCheckpoint(ctx context.Context, id string) (string, error) {
	out, err := c.Tables.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(c.tokenTable()), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: id}},
	})
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		return "", nil
	case err != nil:
		return "", err
	}
	at, _ := out.Item["at"].(*types.AttributeValueMemberS)
	if at == nil {
		return "", nil
	}
	return at.Value, nil
}

// lastFailed reports whether the condition of a transaction's last action did not
// hold, whatever else did not.
func lastFailed(err error) bool { return lastReason(err) == "ConditionalCheckFailed" }

// write is TransactWriteItems, which makes the table of tokens if it is not there.
func (c *Client) write(ctx context.Context, items []types.TransactWriteItem) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
	_, err := c.Tables.TransactWriteItems(ctx, in)
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		return err
	}
	if created := c.createTokenTable(ctx); created != nil {
		return errors.Join(err, created)
	}
	_, err = c.Tables.TransactWriteItems(ctx, in)
	return err
}

// createTokenTable makes the table of tokens unless it exists.
func (c *Client) createTokenTable(ctx context.Context) error {
	name := aws.String(c.tokenTable())
	_, err := c.Tables.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	})
	var exists *types.ResourceInUseException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("levee: create the table of tokens: %w", err)
	}
	if err := dynamodb.NewTableExistsWaiter(c.Tables).Wait(ctx, &dynamodb.DescribeTableInput{TableName: name}, 5*time.Minute); err != nil {
		return fmt.Errorf("levee: wait for the table of tokens: %w", err)
	}
	_, err = c.Tables.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: name, TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("expires"), Enabled: aws.Bool(true)},
	})
	if err != nil {
		c.log().Warn("let tokens expire", "table", *name, "err", err)
	}
	return nil
}

// send sends the messages of a transaction. On a FIFO queue, one without a
// deduplication id gets that of its place, so that a repeat is dropped.
func (c *Client) send(ctx context.Context, tx *Tx, token string) error {
	for i, in := range tx.sends {
		if in.MessageGroupId != nil && in.MessageDeduplicationId == nil && isFIFO(aws.ToString(in.QueueUrl)) {
			same := *in
			same.MessageDeduplicationId = aws.String(dedupID(token, i))
			in = &same
		}
		if _, err := c.Queues.SendMessage(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func isFIFO(queueURL string) bool { return strings.HasSuffix(queueURL, ".fifo") }

// dedupID is the deduplication id of message i of a transaction.
func dedupID(token string, i int) string {
	sum := sha256.Sum256([]byte(token + "#" + strconv.Itoa(i)))
	return hex.EncodeToString(sum[:])
}
