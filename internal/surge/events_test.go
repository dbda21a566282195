package surge

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const goodEvent = `{"time":"2024-05-16T09:00:00Z","company":"c","chat":"x","member":"m","text":"hi"}`

func TestEventErrors(t *testing.T) {
	long := strings.Repeat("a", maxEventLine)
	for _, tc := range []struct{ name, file, want string }{
		{"not JSON", goodEvent + "\nhello\n", "f:2: invalid character"},
		{"cut off", goodEvent[:40], "f:1: unexpected end of JSON input"},
		{"array", "\n\n[]", "f:3: json: cannot unmarshal array"},
		{"no company", `{"time":"2024-05-16T09:00:00Z","chat":"x","member":"m"}`, "f:1: company is missing"},
		{"no chat", `{"time":"2024-05-16T09:00:00Z","company":"x","member":"m"}`, "f:1: chat is missing"},
		{"no member", `{"time":"2024-05-16T09:00:00Z","company":"x","chat":"m"}`, "f:1: member is missing"},
		{"long chat", strings.Replace(goodEvent, `"x"`, `"`+strings.Repeat("x", 129)+`"`, 1), "f:1: chat is longer than 128 bytes"},
		{"long text", strings.Replace(goodEvent, "hi", strings.Repeat("x", 32<<10+1), 1), "f:1: text is longer than 32768 bytes"},
		{"number for text", strings.Replace(goodEvent, `"hi"`, `1`, 1), "f:1: json: cannot unmarshal number"},
		{"no time", `{"company":"c","chat":"x","member":"m"}`, `f:1: time "" is not of the form`},
		{"bad time", strings.Replace(goodEvent, "2024-05-16T09:00:00Z", "yesterday", 1), `f:1: time "yesterday" is not of the form`},
		{"long line", goodEvent + "\n" + long + "a\n" + goodEvent, "f:2: line is longer than 65536 bytes"},
		{"long last line", goodEvent + "\n" + long + "aaa", "f:2: line is longer than 65536 bytes"},
		{"not UTF-8", strings.Replace(goodEvent, "hi", "\xff", 1), "f:1: not valid UTF-8"},
	} {
		var got error
		for _, err := range readEvents("f", strings.NewReader(tc.file)) {
			got = err
		}
		if got == nil || !strings.HasPrefix(got.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.name, got, tc.want)
		}
	}
}

func TestEventsRead(t *testing.T) {
	n := 0
	for e, err := range readEvents("f", strings.NewReader("\r\n"+goodEvent+"\r\n\n"+goodEvent)) {
		if err != nil || e.Text != "hi" {
			t.Fatal(e, err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d events", n)
	}
}

func writeEvents(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func eventLine(company, chat, member string) string {
	return fmt.Sprintf(`{"time":"2024-05-16T09:00:00Z","company":%q,"chat":%q,"member":%q,"text":"t"}`, company, chat, member)
}

func TestRecordedMembers(t *testing.T) {
	r, err := openRecorded(writeEvents(t,
		eventLine("a", "1", "eve"), eventLine("a", "1", "ann"), eventLine("a", "2", "ann"), eventLine("a", "2", "bob"), eventLine("b", "1", "bob")))
	if err != nil {
		t.Fatal(err)
	}
	var got []Message
	for m, err := range r.messages(0) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	first, third, last := got[0], got[2], got[4]
	if first.Chat != "a/1" || first.Seq != 1 || !slices.Equal(first.Members, []string{"a/eve", "a/ann"}) || !slices.Equal(first.Managers, []string{"a/ann"}) {
		t.Errorf("first message %+v", first)
	}
	if got[1].Seq != 2 || third.Chat != "a/2" || third.Seq != 1 {
		t.Errorf("sequence numbers %+v, %+v", got[1], third)
	}
	// Bob of company b is another person than bob of company a.
	if len(last.Managers) != 0 || !slices.Equal(last.Members, []string{"b/bob"}) {
		t.Errorf("last message %+v", last)
	}
}

func TestRecordedLimits(t *testing.T) {
	var lines []string
	for i := range maxMembers + 1 {
		lines = append(lines, eventLine("a", "1", fmt.Sprint("m", i)))
	}
	if _, err := openRecorded(writeEvents(t, lines...)); err == nil || !strings.Contains(err.Error(), "more than 32 members") {
		t.Errorf("error %v", err)
	}
	if _, err := openRecorded(writeEvents(t, "")); err == nil || !strings.Contains(err.Error(), "no events") {
		t.Errorf("error %v", err)
	}
	if _, err := openRecorded(filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("no error for a file that is not there")
	}
}

// The lanes of a file deal all its messages, each chat in one lane and in order, and go on where they stopped.
func TestRecordedLanes(t *testing.T) {
	var lines []string
	for i := range 2000 {
		lines = append(lines, eventLine("a", fmt.Sprint("chat", i%37), "m"))
	}
	r, err := openRecorded(writeEvents(t, lines...))
	if err != nil {
		t.Fatal(err)
	}
	const skip = 5
	var mu sync.Mutex
	last, n := map[string]int64{}, 0
	var wg sync.WaitGroup
	for _, l := range r.lanes(t.Context()) {
		from := l.from(skip)
		wg.Go(func() {
			for m, err := range from {
				mu.Lock()
				if prev, seen := last[m.Chat]; err != nil || seen && m.Seq != prev+1 {
					t.Errorf("chat %s: %d after %d, %v", m.Chat, m.Seq, prev, err)
				}
				last[m.Chat] = m.Seq
				n++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if n != 2000-skip*inputLanes {
		t.Errorf("%d messages after skipping %d of each of %d lanes", n, skip, inputLanes)
	}
}

func TestSampleFile(t *testing.T) {
	r, err := openRecorded(filepath.Join("..", "..", "examples", "surge", "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	managers := 0
	for _, room := range r.rooms {
		managers += len(room.managers)
	}
	if r.count < 150 || len(r.rooms) < 10 || managers == 0 {
		t.Errorf("%d events, %d chats, %d managers: too small a sample", r.count, len(r.rooms), managers)
	}
}
