package levee

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// maxActions is how many actions a transaction has at most.
const maxActions = 100

// Tx collects the actions of a transaction, up to 100 of them, at most one on each
// item. Consume and Follow add one of their own. The zero Tx is empty. Nothing happens until it is committed: reads go to the
// clients of the services and do not see it; conditions say what must still be so.
type Tx struct {
	tables []types.TransactWriteItem
	sends  []*sqs.SendMessageInput
	steps  []step
}

// step is one action: the next one on a table, or this one.
type step struct {
	name  string // "": on a table
	value any
}

func (tx *Tx) table(item types.TransactWriteItem) {
	tx.tables = append(tx.tables, item)
	tx.steps = append(tx.steps, step{})
}

// Put puts an item.
func (tx *Tx) Put(in types.Put) { tx.table(types.TransactWriteItem{Put: &in}) }

// Update updates an item.
func (tx *Tx) Update(in types.Update) { tx.table(types.TransactWriteItem{Update: &in}) }

// Delete deletes an item.
func (tx *Tx) Delete(in types.Delete) { tx.table(types.TransactWriteItem{Delete: &in}) }

// Check makes the transaction fail unless a condition on an item holds.
func (tx *Tx) Check(in types.ConditionCheck) { tx.table(types.TransactWriteItem{ConditionCheck: &in}) }

// Send sends a message.
func (tx *Tx) Send(in *sqs.SendMessageInput) {
	tx.sends = append(tx.sends, in)
	tx.add("SendMessage", sendMessage{
		QueueUrl: aws.ToString(in.QueueUrl), MessageBody: aws.ToString(in.MessageBody), DelaySeconds: in.DelaySeconds,
		MessageGroupId: in.MessageGroupId, MessageDeduplicationId: in.MessageDeduplicationId,
		MessageAttributes: in.MessageAttributes, MessageSystemAttributes: in.MessageSystemAttributes,
	})
}

// DeleteMessage deletes a message that was received. Unless the receipt handle is
// still valid, the transaction fails.
func (tx *Tx) DeleteMessage(queueURL, receiptHandle string) {
	tx.add("DeleteMessage", map[string]string{"QueueUrl": queueURL, "ReceiptHandle": receiptHandle})
}

// ChangeVisibility makes a message visible again after so many seconds. Unless the
// receipt handle is still valid, the transaction fails.
func (tx *Tx) ChangeVisibility(queueURL, receiptHandle string, seconds int32) {
	tx.add("ChangeMessageVisibility", map[string]any{"QueueUrl": queueURL, "ReceiptHandle": receiptHandle, "VisibilityTimeout": seconds})
}

// ReturnMessage makes a message visible again as if it had not been received: this
// receive does not count. Unless the receipt handle is still valid, the transaction
// fails.
func (tx *Tx) ReturnMessage(queueURL, receiptHandle string) {
	tx.add("ReturnMessage", map[string]string{"QueueUrl": queueURL, "ReceiptHandle": receiptHandle})
}

// Checkpoint moves the checkpoint of a consumer in a shard of a stream from one
// sequence number to another; "" stands for no checkpoint. Unless it stands where
// it is moved from, the transaction fails.
func (tx *Tx) Checkpoint(consumer, streamARN, shardID, from, to string) {
	value := map[string]string{"Consumer": consumer, "StreamArn": streamARN, "ShardId": shardID}
	if from != "" {
		value["PreviousSequenceNumber"] = from
	}
	if to != "" {
		value["SequenceNumber"] = to
	}
	tx.add("Checkpoint", value)
}

func (tx *Tx) add(name string, value any) { tx.steps = append(tx.steps, step{name, value}) }

// Len is the number of actions.
func (tx *Tx) Len() int { return len(tx.steps) }

// clone returns a transaction to which more can be added without changing tx.
func (tx *Tx) clone() *Tx {
	return &Tx{tables: slices.Clip(tx.tables), sends: slices.Clip(tx.sends), steps: slices.Clip(tx.steps)}
}

// sendMessage is the action as it is written.
type sendMessage struct {
	QueueUrl, MessageBody                  string
	DelaySeconds                           int32                                           `json:",omitempty"`
	MessageGroupId, MessageDeduplicationId *string                                         `json:",omitempty"`
	MessageAttributes                      map[string]sqstypes.MessageAttributeValue       `json:",omitempty"`
	MessageSystemAttributes                map[string]sqstypes.MessageSystemAttributeValue `json:",omitempty"`
}

// request makes the body of Transact out of that of a TransactWriteItems with the
// actions on tables.
func (tx *Tx) request(body []byte) ([]byte, error) {
	var in struct {
		ClientRequestToken string
		TransactItems      []json.RawMessage
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	if len(in.TransactItems) != len(tx.tables) {
		return nil, errors.New("levee: actions on tables are missing")
	}
	ofTables := in.TransactItems
	in.TransactItems = make([]json.RawMessage, 0, len(tx.steps))
	for _, s := range tx.steps {
		if s.name == "" {
			in.TransactItems = append(in.TransactItems, ofTables[0])
			ofTables = ofTables[1:]
			continue
		}
		item, err := json.Marshal(map[string]any{s.name: s.value})
		if err != nil {
			return nil, fmt.Errorf("levee: %s: %w", s.name, err)
		}
		in.TransactItems = append(in.TransactItems, item)
	}
	return json.Marshal(in)
}
