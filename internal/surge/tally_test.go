package surge

import (
	"slices"
	"strings"
	"testing"
)

// Each corruption of tables that were right must fail the line that is about it.
func TestAuditFindsEachCorruption(t *testing.T) {
	n := namesOf(1, FIFO)
	sent := append(chatMessages("a", 12), chatMessages("b", 3)...)
	key := func(seq int64) string { return keyOf(n.messages, item{"chat": str("co/a"), "seq": num(seq)}) }
	set := func(f *fakeTables, key, name string, value int64) {
		it := item{}
		for k, v := range f.items[key] {
			it[k] = v
		}
		it[name] = num(value)
		f.items[key] = it
	}
	for _, tc := range []struct {
		name   string
		damage func(*fakeTables)
		want   string
	}{
		{"nothing", func(*fakeTables) {}, ""},
		{"lost row", func(f *fakeTables) { delete(f.items, key(7)) }, "stored, lost, doubled, chat counts, chat badges, manager badges"},
		{"lost with its effects", func(f *fakeTables) {
			delete(f.items, key(12))
			set(f, n.chats+"|co/a", "messages", 11)
			for _, m := range []string{"a-customer", "m1", "m2"} {
				set(f, n.chatBadges+"|co/a|co/"+m, "unread", 11)
			}
			set(f, n.managerBadges+"|co/m1", "unread", 14)
			set(f, n.managerBadges+"|co/m2", "unread", 14)
		}, "stored, lost"},
		{"counted twice", func(f *fakeTables) { set(f, n.chats+"|co/a", "messages", 13) }, "doubled, chat counts"},
		{"stored under another number", func(f *fakeTables) {
			it := row(sent[0], 13)
			it["seq"] = num(13)
			f.items[key(13)] = it
		}, "stored"},
		{"stored in no known chat", func(f *fakeTables) {
			it := row(sent[0], 1)
			it["chat"] = str("co/z")
			f.items[keyOf(n.messages, it)] = it
		}, "stored"},
		{"reordered", func(f *fakeTables) { set(f, key(3), "position", 4); set(f, key(4), "position", 3) }, "order"},
		{"two in one position", func(f *fakeTables) { set(f, key(3), "position", 4) }, "order"},
		{"another text", func(f *fakeTables) {
			m := sent[4]
			m.Text = "something else"
			f.items[key(5)] = row(m, 5)
		}, "stored"},
		{"chat badge too high", func(f *fakeTables) { set(f, n.chatBadges+"|co/a|co/m1", "unread", 13) }, "chat badges"},
		{"chat badge missing", func(f *fakeTables) { delete(f.items, n.chatBadges+"|co/b|co/m2") }, "chat badges"},
		{"chat badge of a stranger", func(f *fakeTables) {
			f.items[n.chatBadges+"|co/b|co/m9"] = item{"chat": str("co/b"), "member": str("co/m9"), "unread": num(1)}
		}, "chat badges"},
		{"manager badge too low", func(f *fakeTables) { set(f, n.managerBadges+"|co/m1", "unread", 14) }, "manager badges"},
		{"manager badge missing", func(f *fakeTables) { delete(f.items, n.managerBadges+"|co/m2") }, "manager badges"},
		{"manager of nothing", func(f *fakeTables) {
			f.items[n.managerBadges+"|co/m9"] = item{"manager": str("co/m9"), "unread": num(1)}
		}, "manager badges"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFakeTables()
			mustStore(t, newTestConsumer(f), deliver(sent[:10], 1))
			mustStore(t, newTestConsumer(f), deliver(sent[10:], 1))
			tc.damage(f)
			// The fake has no search table of its own; the next test is about it.
			lines := slices.DeleteFunc(f.tally(n, sent).lines(int64(len(sent)), FIFO), func(l Line) bool { return l.Name == "propagated" })
			if got := failed(lines); got != tc.want {
				t.Errorf("failed lines: %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAuditComparesTheSearchTable(t *testing.T) {
	sent := chatMessages("a", 3)
	for _, tc := range []struct {
		name   string
		copies []item
		ok     bool
	}{
		{"equal", []item{row(sent[2], 3), row(sent[0], 1), row(sent[1], 2)}, true},
		{"one missing", []item{row(sent[0], 1), row(sent[1], 2)}, false},
		{"one more", []item{row(sent[0], 1), row(sent[1], 2), row(sent[2], 3), {"chat": str("co/z"), "seq": num(1)}}, false},
		{"another position", []item{row(sent[0], 1), row(sent[1], 2), row(sent[2], 4)}, false},
		{"one for another", []item{row(sent[0], 1), row(sent[1], 2), row(sent[1], 2)}, false},
	} {
		tl := newTally()
		for _, m := range sent {
			tl.addSent(m)
		}
		for i, m := range sent {
			tl.addRow(row(m, int64(i)+1))
		}
		for _, it := range tc.copies {
			tl.addCopy(it)
		}
		if got := tl.propagatedLine().OK; got != tc.ok {
			t.Errorf("%s: ok is %v", tc.name, got)
		}
	}
}

// A scan that returns an item twice is found, whatever the item says.
func TestAuditFindsRepeatedRows(t *testing.T) {
	sent := chatMessages("a", 2)
	tl := newTally()
	for _, m := range sent {
		tl.addSent(m)
	}
	for _, it := range []item{row(sent[0], 1), row(sent[1], 2), row(sent[1], 2)} {
		tl.addRow(it)
	}
	if n := tl.doubled().n; n != 1 {
		t.Errorf("%d doubled", n)
	}
}

func TestSentLine(t *testing.T) {
	tl := newTally()
	tl.addSent(chatMessages("a", 1)[0])
	if got := failed(tl.lines(0, FIFO)); !strings.HasPrefix(got, "sent, ") {
		t.Errorf("failed lines: %q, want sent among them", got)
	}
}

func TestQueueAndDuplicateLines(t *testing.T) {
	if !queueLine(depth{}, depth{}).OK || queueLine(depth{inFlight: 1}, depth{}).OK || queueLine(depth{}, depth{waiting: 1}).OK {
		t.Error("the queue's line does not tell an empty queue from another")
	}
	c := &counters{}
	c.resent.Store(10)
	c.suppressed.Store(9)
	if duplicatesLine(c, FIFO).OK {
		t.Error("a repeated send that was not suppressed is not found")
	}
}
