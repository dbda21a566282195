package surge

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// delivery is a message as a consumer received it.
type delivery struct {
	Message
	id       string // of the queue
	handle   string
	receives int // how often it was received, this time included
}

// parcel is what one transaction stores: the messages of one receive, or of as many of its chats as fit. Whatever
// the table already holds is taken out when the table says so, and the rest is tried again.
type parcel struct {
	names names
	chats []*chatRun
	// bare actions have no conditions: whoever carries them out sees to it that they are carried out once.
	bare bool

	stored     []*delivery // by the transaction that succeeded
	duplicates []*delivery // stored by another transaction, or twice in the parcel
}

// chatRun is the messages of one chat in a parcel, in order of delivery.
type chatRun struct {
	chat     string
	messages []*delivery
	// before is how many messages the chat is taken to hold. At first: as many as were sent before, so nothing has
	// to be read in the usual case. If it is wrong the transaction is cancelled, and the cancellation tells.
	before int64
}

// maxActions is the limit of actions in one transaction.
const maxActions = 100

// parcels sorts deliveries by chat, in order of appearance, and packs the chats.
func parcels(n names, deliveries []*delivery) []*parcel {
	var packed []*parcel
	room := 0
	for _, run := range chatRuns(deliveries) {
		need := run.actions()
		if len(packed) == 0 || need > room {
			packed = append(packed, &parcel{names: n})
			room = maxActions
		}
		room -= need
		last := packed[len(packed)-1]
		last.chats = append(last.chats, run)
	}
	for _, p := range packed {
		p.dropRepeated()
	}
	return packed
}

func chatRuns(deliveries []*delivery) []*chatRun {
	var runs []*chatRun
	for _, d := range deliveries {
		i := slices.IndexFunc(runs, func(r *chatRun) bool { return r.chat == d.Chat })
		if i < 0 {
			i = len(runs)
			runs = append(runs, &chatRun{chat: d.Chat, before: d.Seq - 1})
		}
		runs[i].messages = append(runs[i].messages, d)
	}
	return runs
}

// actions is at least the number of actions that the run needs.
func (r *chatRun) actions() int {
	n := 1 + len(r.messages)
	if len(r.messages) > 0 {
		n += len(r.messages[0].Members) + len(r.messages[0].Managers)
	}
	return n
}

// dropRepeated takes out a message that is in the parcel twice: sent again when the queue had forgotten it.
func (p *parcel) dropRepeated() {
	for _, run := range p.chats {
		seen := map[int64]bool{}
		p.take(run, func(d *delivery) bool {
			again := seen[d.Seq]
			seen[d.Seq] = true
			return again
		})
	}
}

// take moves messages of a run to the duplicates.
func (p *parcel) take(run *chatRun, duplicate func(*delivery) bool) {
	run.messages = slices.DeleteFunc(run.messages, func(d *delivery) bool {
		if !duplicate(d) {
			return false
		}
		p.duplicates = append(p.duplicates, d)
		return true
	})
}

// owner tells which part of the parcel an action is for: a message, or the row of a chat (message is nil), or
// a badge (both are nil).
type owner struct {
	run     *chatRun
	message *delivery
}

// actions is the transaction: for each chat its row and its messages, then the badges, in the order of their names.
func (p *parcel) actions() ([]types.TransactWriteItem, []owner) {
	var items []types.TransactWriteItem
	var owners []owner
	unread, managed := map[badge]int64{}, map[badge]int64{}
	for _, run := range p.chats {
		if len(run.messages) == 0 {
			continue
		}
		items, owners = append(items, p.chatAction(run)), append(owners, owner{run: run})
		for i, d := range run.messages {
			items = append(items, p.messageAction(d, run.before+int64(i)+1))
			owners = append(owners, owner{run, d})
			raise(d, unread, managed)
		}
	}
	for _, b := range slices.SortedFunc(maps.Keys(unread), badge.compare) {
		items = append(items, badgeAction(p.names.chatBadges, item{"chat": str(b.chat), "member": str(b.member)}, unread[b]))
	}
	for _, b := range slices.SortedFunc(maps.Keys(managed), badge.compare) {
		items = append(items, badgeAction(p.names.managerBadges, item{"manager": str(b.member)}, managed[b]))
	}
	return items, append(owners, make([]owner, len(items)-len(owners))...)
}

// badge is a counter of unread messages: of a member in a chat, or of a manager (chat is empty).
type badge struct{ chat, member string }

func (b badge) compare(c badge) int {
	return cmp.Or(cmp.Compare(b.chat, c.chat), cmp.Compare(b.member, c.member))
}

// raise counts the message as unread for everyone in the chat but its sender.
func raise(d *delivery, unread, managed map[badge]int64) {
	for _, m := range d.Members {
		if m != d.Member {
			unread[badge{d.Chat, m}]++
		}
	}
	for _, m := range d.Managers {
		if m != d.Member {
			managed[badge{"", m}]++
		}
	}
}

// chatAction moves the chat's count from what it is taken to be.
func (p *parcel) chatAction(run *chatRun) types.TransactWriteItem {
	first := run.messages[0]
	set, values := "SET members = :members", item{
		":members": strs(first.Members), ":n": num(int64(len(run.messages))),
	}
	if len(first.Managers) > 0 {
		set += ", managers = :managers"
		values[":managers"] = strs(first.Managers)
	}
	condition := p.condition("attribute_not_exists(chat)")
	if run.before > 0 && !p.bare {
		condition = p.condition("messages = :before")
		values[":before"] = num(run.before)
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &p.names.chats, Key: item{"chat": str(run.chat)},
		UpdateExpression: aws.String(set + " ADD messages :n"), ConditionExpression: condition, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// messageAction puts the message's row if it is not there.
func (p *parcel) messageAction(d *delivery, position int64) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &p.names.messages, Item: row(d.Message, position),
		ConditionExpression: p.condition("attribute_not_exists(chat)"),
	}}
}

// condition is nil for bare actions.
func (p *parcel) condition(text string) *string {
	if p.bare {
		return nil
	}
	return &text
}

// row is the message as the tables hold it.
func row(m Message, position int64) item {
	it := item{
		"chat": str(m.Chat), "seq": num(m.Seq), "position": num(position),
		"member": str(m.Member), "text": str(m.Text), "sent": num(m.Sent),
	}
	if m.Time != "" {
		it["time"] = str(m.Time)
	}
	return it
}

func badgeAction(table string, key item, n int64) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: key,
		UpdateExpression: aws.String("ADD unread :n"), ExpressionAttributeValues: item{":n": num(n)},
	}}
}

// token is the ClientRequestToken, derived from the messages and from which delivery of them this is: the same for
// every try of the SDK to get this transaction through, another one for a redelivery, which the conditions stop.
func (p *parcel) token() string {
	h := sha256.New()
	var b [16]byte
	for _, run := range p.chats {
		for _, d := range run.messages {
			h.Write([]byte(d.id))
			binary.BigEndian.PutUint64(b[:8], uint64(run.before))
			binary.BigEndian.PutUint64(b[8:], uint64(d.receives))
			h.Write(b[:])
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// errCancelled is a cancellation for a reason that trying again does not mend.
var errCancelled = errors.New("transaction cancelled")

// revise corrects the parcel by what a cancelled transaction told. It returns whether another transaction was in the
// way, so that it is worth waiting before the next attempt.
func (p *parcel) revise(reasons []types.CancellationReason, owners []owner) (conflict bool, err error) {
	if len(reasons) != len(owners) {
		return false, errors.Join(errCancelled, errors.New("a reason for each action is missing"))
	}
	there := map[*delivery]bool{}
	for i, r := range reasons {
		switch code := aws.ToString(r.Code); code {
		case "None", "":
		case "ConditionalCheckFailed":
			if d := owners[i].message; d != nil {
				there[d] = true
			} else if run := owners[i].run; run != nil {
				run.before = max(intOf(r.Item["messages"]), 0)
			}
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			conflict = true
		default:
			return false, errors.Join(errCancelled, errors.New(code+": "+aws.ToString(r.Message)))
		}
	}
	for _, run := range p.chats {
		p.take(run, func(d *delivery) bool { return there[d] })
	}
	return conflict, nil
}

// settle notes that the last transaction went through, or that nothing was left to store.
func (p *parcel) settle() {
	for _, run := range p.chats {
		p.stored = append(p.stored, run.messages...)
		run.messages = nil
	}
}
