package sqs

import (
	"testing"

	"github.com/levee-io/levee/internal/kv/kvmem"
)

// FuzzRows: rows of any bytes are refused or read as what they are written as.
func FuzzRows(f *testing.F) {
	c := content{group: "g", dedup: "d", sender: "s", attributes: attributes("n", text("v")), body: "body"}
	f.Add(c.append(nil))
	c.earlier, c.first = 3, 1<<40
	f.Add(c.append(nil))
	s := state{sent: 1 << 40, visibleAt: 1 << 41, receives: 3, first: 1 << 40, received: 1 << 40, group: "g"}
	f.Add(s.append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := readContent(b); err == nil {
			d, err := readContent(c.append(nil))
			if err != nil || d.body != c.body || d.group != c.group || d.earlier != c.earlier || len(d.attributes) != len(c.attributes) {
				t.Errorf("content %+v is read back as %+v, %v", c, d, err)
			}
		}
		if s, err := readState(b); err == nil {
			if r, err := readState(s.append(nil)); err != nil || r != s {
				t.Errorf("state %+v is read back as %+v, %v", s, r, err)
			}
		}
		_, _ = readDedup(1, b)
	})
}

// FuzzReceiptHandles: only handles that were made here are read.
func FuzzReceiptHandles(f *testing.F) {
	r, err := openReceipts(kvmem.New())
	if err != nil {
		f.Fatal(err)
	}
	genuine := r.handle(receipt{queue: 1, receives: 2, seq: 3})
	f.Add(genuine)
	f.Add("garbage")
	f.Fuzz(func(t *testing.T, handle string) {
		// The last character has two bits that say nothing.
		if got, err := r.read(handle, 1); err == nil && handle[:len(handle)-1] != genuine[:len(genuine)-1] {
			t.Errorf("%q is read as %+v", handle, got)
		}
	})
}
