package sqs

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// BenchmarkCycle sends, receives and deletes messages of 100 bytes, ten in a
// request; a message is one operation.
func BenchmarkCycle(b *testing.B) {
	for _, depth := range []int{0, 200_000} {
		b.Run(fmt.Sprintf("standard/depth=%d", depth), func(b *testing.B) { benchCycle(b, false, depth, 10) })
		b.Run(fmt.Sprintf("fifo/depth=%d", depth), func(b *testing.B) { benchCycle(b, true, depth, 10) })
	}
	b.Run("standard/single", func(b *testing.B) { benchCycle(b, false, 0, 1) })
	b.Run("fifo/single", func(b *testing.B) { benchCycle(b, true, 0, 1) })
}

func benchCycle(b *testing.B, fifo bool, depth, size int) {
	r := newRig(b)
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
