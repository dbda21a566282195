package surge

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
)

func smallPlan() generated {
	c := DefaultConfig()
	c.Messages, c.Companies, c.Segment = 1003, 7, 20
	return newGenerated(c)
}

func TestPlanIsAFunctionOfItsSeed(t *testing.T) {
	all := func(g generated) string {
		var ms []Message
		for m := range g.messages(100) {
			ms = append(ms, m)
		}
		b, err := json.Marshal(ms)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	g := smallPlan()
	if all(g) != all(smallPlan()) {
		t.Error("the same seed gives other messages")
	}
	g.Seed++
	if all(g) == all(smallPlan()) {
		t.Error("another seed gives the same messages")
	}
}

// What the lanes send is what the audit expects: the same messages, each chat in one lane, numbered from 1.
func TestLanesAreTheMessages(t *testing.T) {
	const everyday = 300
	g := smallPlan()
	want := map[string]Message{}
	for m := range g.messages(everyday) {
		want[m.Chat+"#"+deduplicationID(m.Chat, m.Seq)] = m
	}
	if len(want) != g.Messages+everyday {
		t.Fatalf("%d different messages", len(want))
	}
	laneOf, last := map[string]string{}, map[string]int64{}
	n := 0
	for _, l := range g.lanes(context.Background()) {
		sent := int64(0)
		for m := range l.from(0) {
			if l.everyday && sent == everyday {
				break
			}
			if in, seen := laneOf[m.Chat]; seen && in != l.name {
				t.Fatalf("chat %s is in lanes %s and %s", m.Chat, in, l.name)
			}
			laneOf[m.Chat] = l.name
			if last[m.Chat]++; m.Seq != last[m.Chat] {
				t.Fatalf("chat %s: message %d after %d", m.Chat, m.Seq, last[m.Chat]-1)
			}
			same := want[m.Chat+"#"+deduplicationID(m.Chat, m.Seq)]
			if same.Text != m.Text || same.Member != m.Member || !slices.Equal(same.Members, m.Members) {
				t.Fatalf("lane %s sends %+v, the audit expects %+v", l.name, m, same)
			}
			sent++
			n++
		}
		if !l.everyday && sent != l.total {
			t.Errorf("lane %s: %d messages, total %d", l.name, sent, l.total)
		}
	}
	if n != len(want) {
		t.Errorf("the lanes send %d messages, want %d", n, len(want))
	}
}

func TestLaneGoesOn(t *testing.T) {
	l := smallPlan().lanes(context.Background())[2]
	var all, rest []string
	for m := range l.from(0) {
		all = append(all, m.Chat+m.Text)
	}
	for m := range l.from(37) {
		rest = append(rest, m.Chat+m.Text)
	}
	if !slices.Equal(all[37:], rest) {
		t.Error("a lane that goes on after 37 messages sends others than the rest")
	}
}

func TestMembersOfAChat(t *testing.T) {
	for m := range smallPlan().messages(200) {
		if len(m.Members) != 3 || len(m.Managers) != 2 || m.Managers[0] == m.Managers[1] {
			t.Fatalf("members %q, managers %q", m.Members, m.Managers)
		}
	}
}

func TestIdentifiersOfTheQueue(t *testing.T) {
	if got := groupID("co001/c00002"); got != "co001/c00002" {
		t.Errorf("group id %q", got)
	}
	for _, chat := range []string{"with space", "café", string(make([]byte, 200))} {
		if got := groupID(chat); len(got) != 64 {
			t.Errorf("group id of %q is %q", chat, got)
		}
	}
	if deduplicationID("a", 12) == deduplicationID("b", 12) || deduplicationID("a", 1) == deduplicationID("a", 2) {
		t.Error("different messages have the same deduplication id")
	}
}

func TestMessageBody(t *testing.T) {
	m := chatMessages("a", 1)[0]
	body, err := m.body()
	if err != nil {
		t.Fatal(err)
	}
	back, err := parseMessage(body)
	if err != nil || back.Text != m.Text || back.Sent != m.Sent || !slices.Equal(back.Members, m.Members) {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{"", "{", "[]", "{}", `{"chat":"a","seq":0,"member":"b","members":["b"]}`, `{"chat":"a","seq":1,"member":"b"}`} {
		if _, err := parseMessage(bad); err == nil {
			t.Errorf("body %q is accepted", bad)
		}
	}
}
