package sqs

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/salvage"
)

// newVerified returns an engine with a FIFO and a standard queue, with messages
// that wait, that are in flight, and that are deleted.
func newVerified(t *testing.T) *rig {
	r := newRig(t)
	fifo, standard := r.fifo("q.fifo"), r.create("q")
	for _, body := range []string{"a", "b", "c", "d"} {
		r.send(fifo, body, "g")
		r.send(standard, body, "")
	}
	r.must(r.delete(fifo, r.receive(fifo, 1)[0]))
	r.receive(standard, 2)
	return r
}

func (r *rig) verify() (Verified, string) {
	r.Helper()
	var wrong []string
	total, err := Verify(r.Context(), r.store, func(text string) { wrong = append(wrong, text) })
	r.must(err)
	return total, strings.Join(wrong, "\n")
}

func TestVerify(t *testing.T) {
	total, wrong := newVerified(t).verify()
	if want := (Verified{Queues: 2, Messages: 7, DeduplicationIDs: 4}); total != want || wrong != "" {
		t.Errorf("%+v, want %+v\n%s", total, want, wrong)
	}
}

func TestVerifyNotices(t *testing.T) {
	row := func(kind byte) []byte { return appendRow(nil, kind, 1, 2) } // of b in the FIFO queue
	for name, tt := range map[string]struct {
		harm func(b kv.Batch)
		want string
	}{
		"state is lost":            {func(b kv.Batch) { b.Delete(row(kindMessage)) }, "contents: number 2: the state is missing"},
		"content is lost":          {func(b kv.Batch) { b.Delete(row(kindContent)) }, "messages: number 2: the content is missing"},
		"state is garbage":         {func(b kv.Batch) { b.Set(row(kindMessage), nil) }, "messages: number 2: sqs: damaged row"},
		"content is garbage":       {func(b kv.Batch) { b.Set(row(kindContent), []byte{7}) }, "contents: number 2: sqs: damaged row"},
		"body is another":          {func(b kv.Batch) { b.Set(row(kindContent), (&content{group: "g", body: "x"}).append(nil)) }, "the body has another MD5"},
		"group is another":         {func(b kv.Batch) { b.Set(row(kindMessage), (&state{sent: 1, group: "x"}).append(nil)) }, "differ in the message group"},
		"deduplication is garbage": {func(b kv.Batch) { b.Set(row(kindDedup), nil) }, "deduplication ids: number 2: sqs: damaged row"},
		"reservation is lost":      {func(b kv.Batch) { b.Delete(appendQueue(nil, kindSequence, 1)) }, "the number is not reserved"},
		"reservation is garbage":   {func(b kv.Batch) { b.Set(appendQueue(nil, kindSequence, 1), nil) }, "the reserved numbers: sqs: damaged row"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newVerified(t)
			b := r.store.NewBatch()
			tt.harm(b)
			_, err := r.store.Apply(b, kv.Sync)
			r.must(err)
			if _, wrong := r.verify(); !strings.Contains(wrong, tt.want) || !strings.Contains(wrong, "queue arn:aws:sqs:eu-west-1:111122223333:q.fifo: ") {
				t.Errorf("want %q in\n%s", tt.want, wrong)
			}
		})
	}
}

type salvagedFile struct{ bytes.Buffer }

func (*salvagedFile) Close() error { return nil }

func TestSalvage(t *testing.T) {
	r := newVerified(t)
	b := r.store.NewBatch()
	b.Set(appendRow(nil, kindContent, 1, 3), []byte{7})
	_, err := r.store.Apply(b, kv.Sync)
	r.must(err)
	files := map[string]*salvagedFile{}
	var lost []string
	n, err := Salvage(&salvage.Run{Store: r.store, Create: func(name string) (io.WriteCloser, error) {
		files[name] = new(salvagedFile)
		return files[name], nil
	}, Lost: func(text string) { lost = append(lost, text) }})
	if n != 6 || err != nil || len(lost) != 1 || !strings.Contains(lost[0], "q.fifo: number 3") {
		t.Errorf("%d messages, %v, lost %q", n, err, lost)
	}
	var got []string
	for d := json.NewDecoder(files["sqs/111122223333/eu-west-1/q.fifo.ndjson"]); d.More(); {
		var m salvagedMessage
		r.must(d.Decode(&m))
		got = append(got, m.MessageGroupID+m.Body)
	}
	if strings.Join(got, " ") != "gb gd" {
		t.Errorf("messages %q", got)
	}
	if about := files["sqs/111122223333/eu-west-1/q.fifo.queue.json"].String(); !strings.Contains(about, `"FifoQueue":"true"`) {
		t.Errorf("%s", about)
	}
}
