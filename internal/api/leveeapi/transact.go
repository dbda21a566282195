package leveeapi

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// TransactInput is the request of Transact.
type TransactInput struct {
	TransactItems      []TransactItem
	ClientRequestToken api.Opt[string]
}

// TransactItem is one action: exactly one of its members is there. The action on
// a table is as in TransactWriteItems, that on a queue as the operation of its
// name.
type TransactItem struct {
	ddb.TransactWriteItem
	SendMessage             *sqsapi.SendMessageRequest
	DeleteMessage           *sqsapi.DeleteMessageRequest
	ChangeMessageVisibility *sqsapi.ChangeMessageVisibilityRequest
	ReturnMessage           *ReturnMessage
	Checkpoint              *Checkpoint
}

// OfTable reports whether it is an action on a table.
func (s *TransactItem) OfTable() bool {
	return s.ConditionCheck != nil || s.Put != nil || s.Delete != nil || s.Update != nil
}

// Kinds is a set of bits, one for each member that is there.
func (s *TransactItem) Kinds() (set uint16) {
	for i, there := range []bool{s.ConditionCheck != nil, s.Put != nil, s.Delete != nil, s.Update != nil,
		s.SendMessage != nil, s.DeleteMessage != nil, s.ChangeMessageVisibility != nil, s.Checkpoint != nil, s.ReturnMessage != nil} {
		if there {
			set |= 1 << i
		}
	}
	return set
}

// ReturnMessage makes a message visible again as if it had not been received.
type ReturnMessage struct {
	QueueUrl      api.Opt[string]
	ReceiptHandle api.Opt[string]
}

// Checkpoint moves the place in a shard up to which a consumer has come.
type Checkpoint struct {
	Consumer  api.Opt[string]
	StreamArn api.Opt[string]
	ShardId   api.Opt[string]
	// PreviousSequenceNumber is where it must stand; absent: nowhere yet.
	PreviousSequenceNumber api.Opt[string]
	// SequenceNumber is where it goes; absent: it is deleted.
	SequenceNumber api.Opt[string]
}

// ReadJSON implements api.Input.
func (s *TransactInput) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("TransactInput")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "TransactItems":
			s.TransactItems = api.ReadList(d, func(d *jsontok.Decoder) (e TransactItem) { e.ReadJSON(d); return })
		case "ClientRequestToken":
			s.ClientRequestToken = api.ReadString(d)
		default:
			d.Skip()
		}
	}
}

// ReadJSON reads the structure.
func (s *TransactItem) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("TransactItem")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "ConditionCheck":
			read(d, &s.ConditionCheck)
		case "Put":
			read(d, &s.Put)
		case "Delete":
			read(d, &s.Delete)
		case "Update":
			read(d, &s.Update)
		case "SendMessage":
			read(d, &s.SendMessage)
		case "DeleteMessage":
			read(d, &s.DeleteMessage)
		case "ChangeMessageVisibility":
			read(d, &s.ChangeMessageVisibility)
		case "ReturnMessage":
			read(d, &s.ReturnMessage)
		case "Checkpoint":
			read(d, &s.Checkpoint)
		default:
			d.Skip()
		}
	}
}

// read reads a structure that may be absent.
func read[T any, P interface {
	*T
	ReadJSON(*jsontok.Decoder)
}](d *jsontok.Decoder, into *P) {
	if d.Null() {
		return
	}
	*into = new(T)
	(*into).ReadJSON(d)
}

// ReadJSON reads the structure.
func (s *ReturnMessage) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("ReturnMessage")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "QueueUrl":
			s.QueueUrl = api.ReadString(d)
		case "ReceiptHandle":
			s.ReceiptHandle = api.ReadString(d)
		default:
			d.Skip()
		}
	}
}

// ReadJSON reads the structure.
func (s *Checkpoint) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("Checkpoint")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "Consumer":
			s.Consumer = api.ReadString(d)
		case "StreamArn":
			s.StreamArn = api.ReadString(d)
		case "ShardId":
			s.ShardId = api.ReadString(d)
		case "PreviousSequenceNumber":
			s.PreviousSequenceNumber = api.ReadString(d)
		case "SequenceNumber":
			s.SequenceNumber = api.ReadString(d)
		default:
			d.Skip()
		}
	}
}

// Validate implements api.Input. The actions on tables, their number and the token
// are checked as those of a request of the service, which has them at the same
// places.
func (s *TransactInput) Validate(v *api.Violations) {
	tables := ddb.TransactWriteItemsInput{ClientRequestToken: s.ClientRequestToken}
	if s.TransactItems != nil {
		tables.TransactItems = make([]ddb.TransactWriteItem, len(s.TransactItems))
	}
	for i := range s.TransactItems {
		tables.TransactItems[i] = s.TransactItems[i].TransactWriteItem
	}
	tables.Validate(v)
	at := new(api.Path).Member("transactItems")
	for i := range s.TransactItems {
		at := at.Element(i)
		s.TransactItems[i].check(v, &at)
	}
}

func (s *TransactItem) check(v *api.Violations, at *api.Path) {
	if m := s.SendMessage; m != nil {
		at := at.Member("sendMessage")
		v.Required(m.QueueUrl.OK, at.Member("queueUrl"))
		v.Required(m.MessageBody.OK, at.Member("messageBody"))
	}
	if m := s.DeleteMessage; m != nil {
		at := at.Member("deleteMessage")
		v.Required(m.QueueUrl.OK, at.Member("queueUrl"))
		v.Required(m.ReceiptHandle.OK, at.Member("receiptHandle"))
	}
	if m := s.ChangeMessageVisibility; m != nil {
		at := at.Member("changeMessageVisibility")
		v.Required(m.QueueUrl.OK, at.Member("queueUrl"))
		v.Required(m.ReceiptHandle.OK, at.Member("receiptHandle"))
		v.Required(m.VisibilityTimeout.OK, at.Member("visibilityTimeout"))
	}
	if m := s.ReturnMessage; m != nil {
		at := at.Member("returnMessage")
		v.Required(m.QueueUrl.OK, at.Member("queueUrl"))
		v.Required(m.ReceiptHandle.OK, at.Member("receiptHandle"))
	}
	if m := s.Checkpoint; m != nil {
		at := at.Member("checkpoint")
		checkConsumer(m.Consumer, v, &at)
		checkStream(m.StreamArn, v, &at)
		checkShard(m.ShardId, v, &at)
		v.Match(m.PreviousSequenceNumber, patternSequence, at.Member("previousSequenceNumber"))
		v.Match(m.SequenceNumber, patternSequence, at.Member("sequenceNumber"))
	}
}

var (
	patternConsumer = api.NewPattern(`[a-zA-Z0-9_.-]+`)
	patternStream   = api.NewPattern(`arn:[!-~]+`)
	patternShard    = api.NewPattern(`[a-zA-Z0-9_.-]+`)
	patternSequence = api.NewPattern(`[0-9]{1,40}|SHARD_END`)
)

func checkConsumer(name api.Opt[string], v *api.Violations, at *api.Path) {
	v.Required(name.OK, at.Member("consumer"))
	v.Length(name, 1, 255, at.Member("consumer"))
	v.Match(name, patternConsumer, at.Member("consumer"))
}

func checkStream(arn api.Opt[string], v *api.Violations, at *api.Path) {
	v.Required(arn.OK, at.Member("streamArn"))
	v.Length(arn, 1, 1024, at.Member("streamArn"))
	v.Match(arn, patternStream, at.Member("streamArn"))
}

func checkShard(id api.Opt[string], v *api.Violations, at *api.Path) {
	v.Required(id.OK, at.Member("shardId"))
	v.Length(id, 1, 128, at.Member("shardId"))
	v.Match(id, patternShard, at.Member("shardId"))
}

// TransactOutput is the answer of Transact.
type TransactOutput struct {
	// Results has an element for each action; those other than SendMessage are
	// empty.
	Results []TransactResult
}

// TransactResult is what there is to tell of one action.
type TransactResult struct {
	SendMessage *sqsapi.SendMessageResult
}

// AppendJSON implements api.Output.
func (s *TransactOutput) AppendJSON(b []byte) []byte {
	b = append(b, `{"Results":`...)
	b = api.AppendList(b, s.Results, func(b []byte, r TransactResult) []byte { return r.AppendJSON(b) })
	return append(b, '}')
}

// AppendJSON appends the structure.
func (s *TransactResult) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	if s.SendMessage != nil {
		b = append(b, `"SendMessage":`...)
		b = s.SendMessage.AppendJSON(b)
	}
	return append(b, '}')
}
