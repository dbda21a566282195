package sqs

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvpebble"
)

// waitingMessages says how many messages BenchmarkLoad puts into a queue.
func waitingMessages() int {
	if n, err := strconv.Atoi(os.Getenv("LEVEE_WAITING_MESSAGES")); err == nil {
		return n
	}
	return 100_000
}

// BenchmarkLoad reads the waiting messages of a queue from a store that was just
// opened. LEVEE_WAITING_MESSAGES says how many; B/message is what memory then holds
// of one.
func BenchmarkLoad(b *testing.B) {
	n := waitingMessages()
	now := time.Now().UnixMilli()
	for _, c := range []struct {
		name   string
		fifo   bool
		groups int
		age    time.Duration // of the messages and of what is remembered of their ids
	}{
		{"standard", false, 0, time.Hour},
		{"standard/groups=1000", false, 1000, time.Hour},
		{"fifo/groups=1", true, 1, time.Hour},
		{"fifo/groups=1000", true, 1000, time.Hour},
		{"fifo/groups=all", true, n, time.Hour},
		{"fifo/groups=1000/remembered", true, 1000, -time.Hour}, // so that none is forgotten meanwhile
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			name, attributes := "q", []string{}
			if c.fifo {
				name, attributes = "q.fifo", []string{"FifoQueue", "true"}
			}
			fillQueue(b, dir, name, attributes, n, c.groups, now-c.age.Milliseconds())
			for b.Loop() {
				b.StopTimer()
				store, err := kvpebble.Open(dir, kvpebble.Options{})
				if err != nil {
					b.Fatal(err)
				}
				before := heapBytes()
				b.StartTimer()
				r := openRig(b, store, Options{})
				if got := r.attribute("http://localhost:4566/111122223333/"+name, "ApproximateNumberOfMessages"); got != strconv.Itoa(n) {
					b.Fatalf("%s messages, want %d", got, n)
				}
				b.StopTimer()
				b.ReportMetric(float64(heapBytes()-before)/float64(n), "B/message")
				r.must(r.Close())
				r.must(store.Close())
				b.StartTimer()
			}
		})
	}
}

func heapBytes() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fillQueue writes the rows of messages that were sent one after the other and never
// received, as send.go writes them.
func fillQueue(b *testing.B, dir, name string, attributes []string, n, groups int, sent int64) {
	b.Helper()
	store, err := kvpebble.Open(dir, kvpebble.Options{})
	if err != nil {
		b.Fatal(err)
	}
	r := openRig(b, store, Options{})
	r.create(name, attributes...)
	const step = 10_000
	body := content{body: benchBody}
	for at := 0; at < n; at += step {
		batch := store.NewBatch()
		for i := at; i < min(at+step, n); i++ {
			seq := uint64(i + 1)
			s := state{sent: sent + int64(i/1000)}
			if groups > 0 {
				s.group = fmt.Sprintf("group-%d", i%groups)
			}
			body.group = s.group
			batch.Set(appendRow(nil, kindMessage, 1, seq), s.append(nil))
			batch.Set(appendRow(nil, kindContent, 1, seq), body.append(nil))
			if name != "q" {
				d := dedupRow{seq: seq, sent: s.sent}
				binary.BigEndian.PutUint64(d.key[:], seq*0x9E3779B97F4A7C15)
				batch.Set(appendRow(nil, kindDedup, 1, seq), appendDedup(nil, d, [16]byte{}))
			}
		}
		batch.Set(appendQueue(nil, kindSequence, 1), binary.BigEndian.AppendUint64(nil, uint64(n)+sequenceBlock))
		apply(b, store, batch)
	}
	r.must(r.Close())
	r.must(store.Close())
}

func apply(b *testing.B, store kv.Store, batch kv.Batch) {
	b.Helper()
	commit, err := store.Apply(batch, kv.NoSync)
	if err == nil {
		err = commit.Wait()
	}
	if err != nil {
		b.Fatal(err)
	}
}
