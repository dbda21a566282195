package sqs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/levee-io/levee/internal/kv"
)

// Salvaged is where Salvage writes: it returns a new file of a path.
type Salvaged func(name string) (io.WriteCloser, error)

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
// a file ndjson with a line for each message, in the order of sending. lost is
// told of what cannot be read. It returns the number of messages written.
func Salvage(store kv.Reader, to Salvaged, lost func(text string)) (messages int, err error) {
	s := salvager{store: store, to: to, lost: lost}
	catalog := []byte{space, kindQueue}
	err = s.each("the catalog", catalog, func(key, value []byte) error {
		d := new(descriptor)
		if err := json.Unmarshal(value, d); err != nil {
			lost(fmt.Sprintf("descriptor %q: %v", key, err))
			return nil
		}
		return s.queue(d, value)
	})
	return s.messages, err
}

type salvager struct {
	store    kv.Reader
	to       Salvaged
	lost     func(string)
	messages int
}

func (s *salvager) each(what string, prefix []byte, each func(key, value []byte) error) error {
	return kv.Salvage(s.store, kv.PrefixRange(prefix), len(prefix), each, func(err error) { s.lost(what + ": " + err.Error()) })
}

// queue writes the two files of a queue.
func (s *salvager) queue(d *descriptor, described []byte) (err error) {
	name := path.Join("sqs", d.Account, d.Region, d.Name)
	about, err := s.to(name + ".queue.json")
	if err != nil {
		return err
	}
	_, err = about.Write(append(described[:len(described):len(described)], '\n'))
	if err = errors.Join(err, about.Close()); err != nil {
		return err
	}
	out, err := s.to(name + ".ndjson")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	lines := json.NewEncoder(out)
	return s.each("queue "+d.arn().String(), appendQueue(nil, kindContent, d.ID), func(key, value []byte) error {
		c, err := readContent(value)
		if err != nil {
			s.lost(fmt.Sprintf("queue %s: number %d: %v", d.arn(), seqOf(key), err))
			return nil
		}
		s.messages++
		return lines.Encode(c.salvaged(seqOf(key)))
	})
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
