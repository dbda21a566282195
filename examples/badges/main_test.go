package main

import (
	"bytes"
	"fmt"
	"testing"
)

// The badges that the example prints are those that one finds by counting its events.
func TestBadges(t *testing.T) {
	unread := map[[3]string]bool{} // chat, member, seq
	for _, e := range chats {
		for member := range members {
			for seq := 1; e.Read && member == e.From && seq <= e.Seq; seq++ {
				delete(unread, [3]string{e.Chat, member, fmt.Sprint(seq)})
			}
			if !e.Read && member != e.From {
				unread[[3]string{e.Chat, member, fmt.Sprint(e.Seq)}] = true
			}
		}
	}
	chat, all := map[[2]string]int{}, map[string]int{}
	for u := range unread {
		chat[[2]string{u[0], u[1]}]++
		all[u[1]]++
	}
	want := ""
	for _, c := range []string{"hats", "shoes"} {
		for _, m := range []string{"ada", "bob", "customer"} {
			want += fmt.Sprintf("%s has %d unread in %s\n", m, chat[[2]string{c, m}], c)
		}
	}
	for _, m := range []string{"ada", "bob"} {
		want += fmt.Sprintf("%s has %d unread in all chats\n", m, all[m])
	}
	var got bytes.Buffer
	if err := run(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
