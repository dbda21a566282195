package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// patience is how many times something that must come is looked for.
const patience = 3000

// TestPipesAreExact has pipes from a queue to a queue, from a stream to a queue and
// from a stream to a table run while crashes leave of the disk what they may, at
// random moments. In the end each message and each change has had its effect once.
func TestPipesAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	disk := vfs.NewCrashableMem()
	const rounds = 25
	sent := 0
	h := &house{t: t, handlers: nil}
	for round := range rounds {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: disk})
		h.must(err)
		h.store = store
		h.open()
		if round == 0 {
			h.exactPipes()
		}
		for range 20 + rng.IntN(60) {
			h.send("http://levee/111122223333/in", strconv.Itoa(sent), "")
			h.put("tab", fmt.Sprintf("k%d", sent%5), sent)
			sent++
		}
		if round == rounds-1 {
			break
		}
		time.Sleep(time.Duration(rng.IntN(2000)) * time.Microsecond) // where in the work it crashes
		crashed := disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[round%3], RNG: rng})
		h.close()
		h.must(store.Close())
		disk = crashed
	}
	defer func() {
		h.close()
		h.must(h.store.Close())
	}()
	var want []string
	for i := range sent {
		want = append(want, strconv.Itoa(i))
	}
	slices.Sort(want)
	for _, name := range []string{"moved", "followed"} {
		got := h.exactly("http://levee/111122223333/"+name, sent)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %d messages of %d: %v", name, len(got), sent, got)
		}
	}
	if n := h.count("http://levee/111122223333/in"); n != 0 {
		t.Errorf("%d messages are left", n)
	}
	for i := 0; len(h.rows("counts")) < sent && i < patience; i++ {
		time.Sleep(10 * time.Millisecond)
	}
	if n := len(h.rows("counts")); n != sent {
		t.Errorf("%d changes of %d were counted", n, sent)
	}
	for id, n := range h.rows("counts") {
		if n != "1" {
			t.Errorf("change %s was counted %s times", id, n)
		}
	}
}

func (h *house) exactPipes() {
	h.t.Helper()
	_, arn := h.queue("in", "VisibilityTimeout", "1")
	h.queue("moved")
	h.queue("followed")
	stream := h.table("tab")
	h.table("counts")
	const begin = `,"SourceParameters":{"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON"}},"TargetParameters":{"InputTemplate":`
	h.pipe("move", arn, arnOf+"moved", `,"TargetParameters":{"InputTemplate":"<$.body>"}`)
	h.pipe("follow", stream, arnOf+"followed", begin+`"<$.dynamodb.NewImage.n.N>"}`)
	h.pipe("count", stream, "arn:aws:dynamodb:us-east-1:111122223333:table/counts",
		begin+`"{\"Update\":{\"Key\":{\"id\":{\"S\":<$.dynamodb.NewImage.n.N>}},\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"}}}}"}`)
}

// exactly takes messages out of a queue until there are enough, and what is there
// beyond.
func (h *house) exactly(url string, n int) []string {
	h.t.Helper()
	var list []string
	for i := 0; len(list) < n && i < patience; i++ {
		list = append(list, h.bodies(url)...)
		time.Sleep(10 * time.Millisecond)
	}
	return append(list, h.bodies(url)...)
}
