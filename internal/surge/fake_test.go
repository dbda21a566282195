package surge

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fakeTables understands the transactions of a parcel, and no others.
type fakeTables struct {
	mu     sync.Mutex
	items  map[string]item // by table and key
	tokens map[string]bool
	// before, if set, is asked before each transaction; an error is answered as it is.
	before func(*dynamodb.TransactWriteItemsInput) error
}

func newFakeTables() *fakeTables {
	return &fakeTables{items: map[string]item{}, tokens: map[string]bool{}}
}

func keyOf(table string, it item) string {
	key := table
	for _, name := range []string{"chat", "manager"} {
		if it[name] != nil {
			key += "|" + textOf(it[name])
		}
	}
	switch {
	case strings.HasSuffix(table, "-chat-badges"):
		key += "|" + textOf(it["member"])
	case strings.HasSuffix(table, "-messages"):
		key += fmt.Sprint("|", intOf(it["seq"]))
	}
	return key
}

func (f *fakeTables) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.before != nil {
		if err := f.before(in); err != nil {
			return nil, err
		}
	}
	if f.tokens[*in.ClientRequestToken] {
		return &dynamodb.TransactWriteItemsOutput{}, nil
	}
	reasons := make([]types.CancellationReason, len(in.TransactItems))
	failed := false
	for i, a := range in.TransactItems {
		reasons[i] = f.check(a)
		failed = failed || *reasons[i].Code != "None"
	}
	if failed {
		return nil, &types.TransactionCanceledException{CancellationReasons: reasons}
	}
	for _, a := range in.TransactItems {
		f.apply(a)
	}
	f.tokens[*in.ClientRequestToken] = true
	return &dynamodb.TransactWriteItemsOutput{}, nil
}

func (f *fakeTables) check(a types.TransactWriteItem) types.CancellationReason {
	ok, old := true, item(nil)
	if p := a.Put; p != nil {
		ok = p.ConditionExpression == nil || f.items[keyOf(*p.TableName, p.Item)] == nil
	} else if u := a.Update; u.ConditionExpression != nil {
		old = f.items[keyOf(*u.TableName, u.Key)]
		if *u.ConditionExpression == "attribute_not_exists(chat)" {
			ok = old == nil
		} else {
			ok = old != nil && intOf(old["messages"]) == intOf(u.ExpressionAttributeValues[":before"])
		}
	}
	if ok {
		return types.CancellationReason{Code: aws.String("None")}
	}
	return types.CancellationReason{Code: aws.String("ConditionalCheckFailed"), Item: old}
}

func (f *fakeTables) apply(a types.TransactWriteItem) {
	if p := a.Put; p != nil {
		f.items[keyOf(*p.TableName, p.Item)] = p.Item
		return
	}
	u := a.Update
	key := keyOf(*u.TableName, u.Key)
	it := item{}
	for k, v := range u.Key {
		it[k] = v
	}
	for k, v := range f.items[key] {
		it[k] = v
	}
	counter := "unread"
	if strings.HasSuffix(*u.TableName, "-chats") {
		counter = "messages"
		it["members"] = u.ExpressionAttributeValues[":members"]
		if m := u.ExpressionAttributeValues[":managers"]; m != nil {
			it["managers"] = m
		}
	}
	it[counter] = num(max(intOf(it[counter]), 0) + intOf(u.ExpressionAttributeValues[":n"]))
	f.items[key] = it
}

// scan calls add for each item of a table.
func (f *fakeTables) scan(table string, add func(item)) {
	for key, it := range f.items {
		if strings.HasPrefix(key, table+"|") {
			add(it)
		}
	}
}

// tally audits the fake as the audit does a real endpoint, with the messages table for the search table.
func (f *fakeTables) tally(n names, sent []Message) *tally {
	t := newTally()
	for _, m := range sent {
		t.addSent(m)
	}
	f.scan(n.messages, t.addRow)
	f.scan(n.messages, t.addCopy)
	f.scan(n.chats, t.addChat)
	f.scan(n.chatBadges, t.addChatBadge)
	f.scan(n.managerBadges, t.addManagerBadge)
	return t
}

// failed are the names of the lines that are not OK.
func failed(lines []Line) string {
	var names []string
	for _, l := range lines {
		if !l.OK {
			names = append(names, l.Name)
		}
	}
	return strings.Join(names, ", ")
}

// chatMessages are the messages 1 to n of a chat of company co with a customer and two managers.
func chatMessages(chat string, n int64) []Message {
	ms := make([]Message, n)
	for i := range ms {
		ms[i] = Message{
			Chat: "co/" + chat, Seq: int64(i) + 1, Member: "co/bot", Text: fmt.Sprint("text ", i), Sent: 1_000_000 + int64(i),
			Members: []string{"co/" + chat + "-customer", "co/m1", "co/m2"}, Managers: []string{"co/m1", "co/m2"},
		}
	}
	return ms
}

func deliver(ms []Message, receives int) []*delivery {
	ds := make([]*delivery, len(ms))
	for i, m := range ms {
		ds[i] = &delivery{Message: m, id: fmt.Sprint(m.Chat, m.Seq), receives: receives}
	}
	return ds
}
