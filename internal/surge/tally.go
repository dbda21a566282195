package surge

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tally compares what was sent with what the tables hold. It is filled in this order: every message of the
// script, then every row of the messages and search tables, of the chats, of the badges. Its memory is 4 bytes a
// message and a few hundred a chat. It is not safe for concurrent use.
type tally struct {
	seed     maphash.Seed
	chats    map[string]*chatTally
	managers map[string]int64 // manager badges as the table has them

	sent, rows, copies int64
	foreign            examples // rows that nobody sent
	repeated           examples // rows that were read twice
	badBadge           examples
	chatBadges         int64 // that were read
}

// chatTally is a chat's share of the tally.
type chatTally struct {
	sent, rows, copies int64
	// positions by sequence number, from 1; zero where no row was found.
	positions []uint32
	// Sums over messages of the digests of what was sent and stored; and of whole rows and their copies. The
	// order of reading does not matter to a sum.
	sentSum, rowSum, wholeSum, copySum uint64
	senders                            []senderCount

	held              int64 // messages, as the chat's row has it
	members, managers []string
	badges            map[string]bool // members whose badge was read
}

type senderCount struct {
	member string
	rows   int64
}

func newTally() *tally {
	return &tally{seed: maphash.MakeSeed(), chats: map[string]*chatTally{}, managers: map[string]int64{}}
}

// addSent counts a message of the script.
func (t *tally) addSent(m Message) {
	c := t.chats[m.Chat]
	if c == nil {
		c = &chatTally{}
		t.chats[m.Chat] = c
	}
	t.sent++
	c.sent++
	c.sentSum += t.digest(m, 0, false)
}

// addRow counts a row of the messages table.
func (t *tally) addRow(it item) {
	m, position := messageOf(it)
	c := t.chats[m.Chat]
	t.rows++
	if c == nil || m.Seq < 1 || m.Seq > c.sent {
		t.foreign.add("chat %s, message %d", m.Chat, m.Seq)
		return
	}
	if c.positions == nil {
		c.positions = make([]uint32, c.sent)
	}
	if c.positions[m.Seq-1] != 0 {
		t.repeated.add("chat %s, message %d", m.Chat, m.Seq)
		return
	}
	c.positions[m.Seq-1] = uint32(min(max(position, 1), math.MaxUint32))
	c.rows++
	c.rowSum += t.digest(m, 0, false)
	c.wholeSum += t.digest(m, position, true)
	c.countSender(m.Member)
}

func (c *chatTally) countSender(member string) {
	i := slices.IndexFunc(c.senders, func(s senderCount) bool { return s.member == member })
	if i < 0 {
		i = len(c.senders)
		c.senders = append(c.senders, senderCount{member: member})
	}
	c.senders[i].rows++
}

// addCopy counts a row of the search table.
func (t *tally) addCopy(it item) {
	m, position := messageOf(it)
	t.copies++
	if c := t.chats[m.Chat]; c != nil {
		c.copies++
		c.copySum += t.digest(m, position, true)
	}
}

// addChat takes a row of the chats table.
func (t *tally) addChat(it item) {
	c := t.chats[textOf(it["chat"])]
	if c == nil {
		t.foreign.add("chat %s", textOf(it["chat"]))
		return
	}
	c.held = intOf(it["messages"])
	c.members, c.managers = setOf(it["members"]), setOf(it["managers"])
}

// addChatBadge compares a chat badge with the rows of its chat.
func (t *tally) addChatBadge(it item) {
	chat, member, unread := textOf(it["chat"]), textOf(it["member"]), intOf(it["unread"])
	t.chatBadges++
	c := t.chats[chat]
	if c == nil || !slices.Contains(c.members, member) {
		t.badBadge.add("chat %s has no member %s", chat, member)
		return
	}
	if c.badges == nil {
		c.badges = map[string]bool{}
	}
	c.badges[member] = true
	if want := c.unread(member); unread != want {
		t.badBadge.add("chat %s, member %s: unread is %d, recounted %d", chat, member, unread, want)
	}
}

// unread is the number of the chat's messages that others than member sent.
func (c *chatTally) unread(member string) int64 {
	n := c.rows
	for _, s := range c.senders {
		if s.member == member {
			n -= s.rows
		}
	}
	return n
}

// addManagerBadge takes a manager badge.
func (t *tally) addManagerBadge(it item) { t.managers[textOf(it["manager"])] = intOf(it["unread"]) }

// lost is how many messages were sent and not stored.
func (t *tally) lost() (e examples) {
	for name, c := range t.chats {
		missing := c.sent - c.rows
		if missing == 0 {
			continue
		}
		first := 1 + max(slices.Index(c.positions, 0), 0)
		e.addN(missing, "chat %s lacks %d, the first is message %d", name, missing, first)
	}
	return e
}

// doubled is how many messages took effect more than once: stored twice, or counted twice by the chat.
func (t *tally) doubled() examples {
	e := t.repeated
	for name, c := range t.chats {
		if more := c.held - c.rows; more > 0 {
			e.addN(more, "chat %s counts %d messages and has %d", name, c.held, c.rows)
		}
	}
	return e
}

// altered is how many chats hold another content than was sent.
func (t *tally) altered() (e examples) {
	for name, c := range t.chats {
		if c.rows == c.sent && c.rowSum != c.sentSum {
			e.add("chat %s", name)
		}
	}
	return e
}

// miscounted is how many chats do not hold as many messages as they say.
func (t *tally) miscounted() (e examples) {
	for name, c := range t.chats {
		if c.held != c.rows {
			e.add("chat %s counts %d messages and has %d", name, c.held, c.rows)
		}
	}
	return e
}

// reordered is how many messages were stored at or before the position of one that was sent earlier.
func (t *tally) reordered() (e examples) {
	for name, c := range t.chats {
		var last uint32
		for i, p := range c.positions {
			if p == 0 {
				continue
			}
			if p <= last {
				e.add("chat %s: message %d was stored as number %d, after number %d", name, i+1, p, last)
			}
			last = max(last, p)
		}
	}
	return e
}

// wrongChatBadges is how many chat badges differ from the recount, missing ones included.
func (t *tally) wrongChatBadges() examples {
	e := t.badBadge
	for name, c := range t.chats {
		for _, m := range c.members {
			if n := c.unread(m); n != 0 && !c.badges[m] {
				e.add("chat %s, member %s: no badge, recounted %d", name, m, n)
			}
		}
	}
	return e
}

// wrongManagerBadges is how many manager badges differ from the sum over the manager's chats.
func (t *tally) wrongManagerBadges() (e examples) {
	want := map[string]int64{}
	for _, c := range t.chats {
		for _, m := range c.managers {
			want[m] += c.unread(m)
		}
	}
	for m, n := range want {
		if got := t.managers[m]; got != n {
			e.add("manager %s: unread is %d, recounted %d", m, got, n)
		}
	}
	for m, n := range t.managers {
		if _, known := want[m]; !known {
			e.add("manager %s: unread is %d, but manages no chat", m, n)
		}
	}
	return e
}

// unpropagated is how many chats have other rows in the search table than in the messages table.
func (t *tally) unpropagated() (e examples) {
	for name, c := range t.chats {
		if c.copies != c.rows {
			e.add("chat %s has %d rows and %d copies", name, c.rows, c.copies)
		} else if c.copySum != c.wholeSum {
			e.add("chat %s: the copies differ from the rows", name)
		}
	}
	return e
}

// digest is a hash of what a producer decides about a message, or of the whole row.
func (t *tally) digest(m Message, position int64, whole bool) uint64 {
	type sent struct {
		seq                int64
		member, text, time string
	}
	s := sent{m.Seq, m.Member, m.Text, m.Time}
	if !whole {
		return maphash.Comparable(t.seed, s)
	}
	return maphash.Comparable(t.seed, struct {
		sent
		at, position int64
	}{s, m.Sent, position})
}

// messageOf reads a row back.
func messageOf(it item) (m Message, position int64) {
	return Message{
		Chat: textOf(it["chat"]), Seq: intOf(it["seq"]), Member: textOf(it["member"]),
		Text: textOf(it["text"]), Time: textOf(it["time"]), Sent: intOf(it["sent"]),
	}, intOf(it["position"])
}

func setOf(v types.AttributeValue) []string {
	s, _ := v.(*types.AttributeValueMemberSS)
	if s == nil {
		return nil
	}
	return s.Value
}

// examples counts faults and keeps the first few.
type examples struct {
	n     int64
	texts []string
}

const maxExamples = 5

func (e *examples) add(format string, args ...any) { e.addN(1, format, args...) }

func (e *examples) addN(n int64, format string, args ...any) {
	e.n += n
	if len(e.texts) < maxExamples {
		e.texts = append(e.texts[:len(e.texts):len(e.texts)], fmt.Sprintf(format, args...))
	}
}
