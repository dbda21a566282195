package sqs

import (
	"encoding/json"
	"fmt"
	"path"

	"github.com/levee-io/levee/internal/salvage"
)

// salvagedMessage is a line that Salvage writes. The names are those of the API.
type salvagedMessage struct {
	MessageID              string                       `json:"MessageId"`
	SequenceNumber         uint64                       `json:"SequenceNumber"`
	MessageGroupID         string                       `json:"MessageGroupId,omitempty"`
	MessageDeduplicationID string                       `json:"MessageDeduplicationId,omitempty"`
	Body                   string                       `json:"MessageBody"`
	Attributes             map[string]salvagedAttribute `json:"MessageAttributes,omitempty"`
}

type salvagedAttribute struct {
	DataType    string `json:"DataType"`
	StringValue string `json:"StringValue,omitempty"`
	BinaryValue []byte `json:"BinaryValue,omitempty"`
}

// Salvage writes what can be read of the queues of a store, which may be damaged:
// for each account/region/queue a file queue.json, which describes the queue, and
// a file ndjson with a line for each message, in the order of sending. It returns the
// number of messages written.
func Salvage(run *salvage.Run) (messages int, err error) {
	err = run.Each("the catalog", []byte{space, kindQueue}, func(key, value []byte) error {
		d := new(descriptor)
		if err := json.Unmarshal(value, d); err != nil {
			run.Lost(fmt.Sprintf("descriptor %q: %v", key, err))
			return nil
		}
		n, err := run.Files(&salvage.Source{
			Name: path.Join("sqs", d.Account, d.Region, d.Name), Kind: "queue", Described: value,
			What: "queue " + d.arn().String(), Rows: appendQueue(nil, kindContent, d.ID),
			Line: salvageMessage, Row: func(key []byte) string { return fmt.Sprintf("number %d", seqOf(key)) },
		})
		messages += n
		return err
	})
	return messages, err
}

func salvageMessage(to, key, value []byte) ([]byte, error) {
	c, err := readContent(value)
	if err != nil {
		return nil, err
	}
	line, err := json.Marshal(c.salvaged(seqOf(key)))
	return append(to, line...), err
}

func (c *content) salvaged(seq uint64) salvagedMessage {
	m := salvagedMessage{MessageID: textID(c.id), SequenceNumber: seq, MessageGroupID: c.group, MessageDeduplicationID: c.dedup, Body: c.body}
	for i := range c.attributes {
		if m.Attributes == nil {
			m.Attributes = map[string]salvagedAttribute{}
		}
		v := &c.attributes[i].Value
		m.Attributes[c.attributes[i].Key] = salvagedAttribute{v.DataType.V, v.StringValue.V, v.BinaryValue.V}
	}
	return m
}
