package sqs

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// BenchmarkCycle sends, receives and deletes messages of 100 bytes, ten in a
// request; a message is one operation.
func BenchmarkCycle(b *testing.B) {
	for _, depth := range []int{0, 200_000} {
		b.Run(fmt.Sprintf("standard/depth=%d", depth), func(b *testing.B) { benchCycle(b, newRig(b), false, depth, 10) })
		b.Run(fmt.Sprintf("fifo/depth=%d", depth), func(b *testing.B) { benchCycle(b, newRig(b), true, depth, 10) })
	}
	b.Run("standard/single", func(b *testing.B) { benchCycle(b, newRig(b), false, 0, 1) })
	b.Run("fifo/single", func(b *testing.B) { benchCycle(b, newRig(b), true, 0, 1) })
}

// BenchmarkDurableCycle is BenchmarkCycle with every step on the disk, and enough
// clients to share its syncs.
func BenchmarkDurableCycle(b *testing.B) {
	for name, fifo := range map[string]bool{"standard": false, "fifo": true} {
		b.Run(name, func(b *testing.B) {
			store, err := kvpebble.Open(b.TempDir(), kvpebble.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
			b.SetParallelism(64)
			benchCycle(b, openRig(b, store, Options{}), fifo, 0, 10)
		})
	}
}

// BenchmarkOneGroup receives and deletes one message at a time of one group of a FIFO
// queue on the disk: whoever waits is woken when the group opens.
func BenchmarkOneGroup(b *testing.B) {
	for _, clients := range []int{1, 2, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			store, err := kvpebble.Open(b.TempDir(), kvpebble.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = store.Close() })
			r := openRig(b, store, Options{})
			url := r.create("q.fifo", "FifoQueue", "true")
			r.fill(url, b.N, 1)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var left atomic.Int64
			left.Store(int64(b.N))
			var wg sync.WaitGroup
			b.ResetTimer()
			for range clients {
				wg.Go(func() {
					in := receiveRequest(url, 1)
					in.WaitTimeSeconds = api.Some(int64(20))
					for ctx.Err() == nil {
						got, err := r.ReceiveMessage(ctx, caller, in)
						if ctx.Err() != nil {
							return
						}
						if err != nil {
							b.Error(err)
							return
						}
						for _, m := range got.Messages {
							if err := r.delete(url, m); err != nil {
								b.Error(err)
							}
							if left.Add(-1) == 0 {
								cancel()
							}
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func benchCycle(b *testing.B, r *rig, fifo bool, depth, size int) {
	url := ""
	if fifo {
		url = r.create("q.fifo", "FifoQueue", "true")
	} else {
		url = r.create("q")
	}
	next := new(atomic.Int64)
	for range depth / 10 {
		if err := r.sendMany(url, fifo, next, 10); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for {
			n := 0
			for n < size && p.Next() {
				n++
			}
			if n == 0 {
				return
			}
			if err := r.cycle(url, fifo, next, n); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

var benchBody = strings.Repeat("x", 100)

func (r *rig) sendMany(url string, fifo bool, next *atomic.Int64, n int) error {
	in := &model.SendMessageBatchRequest{QueueUrl: api.Some(url)}
	for i := range n {
		en := model.SendMessageBatchRequestEntry{Id: api.Some(fmt.Sprint(i)), MessageBody: api.Some(benchBody)}
		if fifo {
			k := next.Add(1)
			en.MessageDeduplicationId = api.Some(fmt.Sprint(k))
			en.MessageGroupId = api.Some(fmt.Sprint(k % 10_000))
		}
		in.Entries = append(in.Entries, en)
	}
	_, err := r.SendMessageBatch(context.Background(), caller, in)
	return err
}

func (r *rig) cycle(url string, fifo bool, next *atomic.Int64, n int) error {
	ctx := context.Background()
	if err := r.sendMany(url, fifo, next, n); err != nil {
		return err
	}
	got, err := r.ReceiveMessage(ctx, caller, receiveRequest(url, int64(n)))
	if err != nil || len(got.Messages) == 0 {
		return err
	}
	del := &model.DeleteMessageBatchRequest{QueueUrl: api.Some(url)}
	for i, m := range got.Messages {
		del.Entries = append(del.Entries, model.DeleteMessageBatchRequestEntry{
			Id: api.Some(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle,
		})
	}
	_, err = r.DeleteMessageBatch(ctx, caller, del)
	return err
}

// BenchmarkReceive receives and gives back ten messages at a time, at several
// depths and numbers of groups, none of which should matter.
func BenchmarkReceive(b *testing.B) {
	for _, depth := range []int{1_000, 100_000, 1_000_000} {
		for _, groups := range []int{0, 1, 100, 100_000, 1_000_000} {
			if groups <= depth {
				b.Run(fmt.Sprintf("standard/depth=%d/groups=%d", depth, groups), func(b *testing.B) { benchReceive(b, false, depth, groups) })
			}
			if groups > 0 && groups <= depth {
				b.Run(fmt.Sprintf("fifo/depth=%d/groups=%d", depth, groups), func(b *testing.B) { benchReceive(b, true, depth, groups) })
			}
		}
	}
}

func benchReceive(b *testing.B, fifo bool, depth, groups int) {
	r := newRig(b)
	name, attributes := "q", []string{"VisibilityTimeout", "43200"}
	if fifo {
		name, attributes = "q.fifo", append(attributes, "FifoQueue", "true")
	}
	url := r.create(name, attributes...)
	r.fill(url, depth, groups)
	r.must(r.setVisibility(url, r.receive(url, 1)[0], 0)) // reads the queue
	in := &model.ChangeMessageVisibilityBatchRequest{QueueUrl: api.Some(url)}
	b.ReportAllocs()
	for b.Loop() {
		in.Entries = in.Entries[:0]
		for i, m := range r.receive(url, 10) {
			in.Entries = append(in.Entries, model.ChangeMessageVisibilityBatchRequestEntry{
				Id: api.Some(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: api.Some(int64(0)),
			})
		}
		if _, err := r.ChangeMessageVisibilityBatch(b.Context(), caller, in); err != nil {
			b.Fatal(err)
		}
	}
}

// fill writes the rows of waiting messages, which is faster than sending them. The
// queue must not have been used yet.
func (r *rig) fill(url string, messages, groups int) {
	r.Helper()
	q, err := r.queue(caller, url)
	r.must(err)
	what := content{id: newID(), sender: caller.Account, body: benchBody}
	now := time.Now().UnixMilli()
	for seq := 1; seq <= messages; {
		batch := r.store.NewBatch()
		for end := min(seq+9999, messages); seq <= end; seq++ {
			st := state{sent: now}
			if groups > 0 {
				st.group = fmt.Sprint("group-", seq%groups)
			}
			what.group = st.group
			q.setState(batch, uint64(seq), st)
			batch.Set(q.row(kindContent, uint64(seq)), what.append(nil))
		}
		batch.Set(appendQueue(nil, kindSequence, q.id), binary.BigEndian.AppendUint64(nil, uint64(messages+1)))
		_, err := r.store.Apply(batch, kv.NoSync)
		r.must(err)
	}
}

// BenchmarkOpen opens an engine and counts the messages of one queue, on a disk. A
// message is one operation.
func BenchmarkOpen(b *testing.B) {
	for _, groups := range []int{0, 1000} {
		b.Run(fmt.Sprintf("standard/groups=%d", groups), func(b *testing.B) { benchOpen(b, false, groups) })
	}
	b.Run("fifo/groups=1000", func(b *testing.B) { benchOpen(b, true, 1000) })
}

func benchOpen(b *testing.B, fifo bool, groups int) {
	dir := b.TempDir()
	open := func() *rig {
		store, err := kvpebble.Open(dir, kvpebble.Options{})
		if err != nil {
			b.Fatal(err)
		}
		return openRig(b, store, Options{})
	}
	r := open()
	var url string
	if fifo {
		url = r.create("q.fifo", "FifoQueue", "true")
	} else {
		url = r.create("q")
	}
	r.fill(url, b.N, groups)
	r.must(r.store.Close())
	b.ReportAllocs()
	b.ResetTimer()
	r = open()
	r.wantCounts(url, fmt.Sprint(b.N), "0", "0")
	b.StopTimer()
	r.must(r.store.Close())
}
