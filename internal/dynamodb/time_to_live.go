package dynamodb

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// expiredYears is how many years after its time an item is no longer deleted
// (Developer Guide, "Using time to live"), lest a wrong attribute empties a table.
const expiredYears = 5

const (
	// expiryInterval is the time between two looks for expired items of a table,
	// expiryStep the number that is deleted at once.
	expiryInterval = time.Second
	expiryStep     = 32
)

// timeToLive is the TTL setting of a table. It is immutable: a change replaces
// it.
type timeToLive struct {
	Attribute string    `json:"attribute,omitempty"` // "" while it is turned off
	Changed   time.Time `json:"changed"`             // also tells one setting from the next
	// Filling is true until the items that were there when it was turned on have
	// their expiry rows. Nothing is deleted before.
	Filling bool `json:"filling,omitempty"`
}

// expiry is what writes and the deletion of expired items need of a setting.
type expiry struct {
	*timeToLive
	prefix []byte // of the table's expiry rows
}

// newExpiry returns nil for a table without time to live.
func newExpiry(d *descriptor) *expiry {
	if d.TTL == nil || d.TTL.Attribute == "" {
		return nil
	}
	return &expiry{d.TTL, expiryPrefix(d.ID)}
}

// same reports whether x is the setting that other was, whatever has been filled
// meanwhile.
func (x *expiry) same(other *expiry) bool {
	return x != nil && other != nil && x.Changed.Equal(other.Changed)
}

// time returns when an encoded item expires, in seconds; ok is false for an item
// that never does.
func (x *expiry) time(raw []byte) (seconds int64, ok bool, err error) {
	if raw == nil {
		return 0, false, nil
	}
	value, ok, err := attr.LookupEncoded(raw, x.Attribute)
	if err != nil || !ok || value.Kind() != attr.KindN {
		return 0, false, err
	}
	whole, _, _ := strings.Cut(value.Num().String(), ".")
	seconds, tooLarge := strconv.ParseInt(whole, 10, 64)
	return seconds, tooLarge == nil && whole[0] != '-', nil
}

// from is where the expiry rows of a second begin.
func (x *expiry) from(seconds int64) []byte {
	return binary.BigEndian.AppendUint64(x.prefix[:len(x.prefix):len(x.prefix)], uint64(max(0, seconds)))
}

// key is the expiry row of an item.
func (x *expiry) key(seconds int64, row []byte) []byte {
	return append(x.from(seconds), row[len(x.prefix):]...)
}

// row is the row of the item that an expiry row stands for. The prefixes of both
// differ in their kind alone.
func (x *expiry) row(key []byte) []byte {
	row := make([]byte, 0, len(key)-8)
	row = append(row, x.prefix...)
	row[1] = kindItem
	return append(row, key[len(x.prefix)+8:]...)
}

func oldestDue(now time.Time) int64 { return now.AddDate(-expiredYears, 0, 0).Unix() }

// due is the range of the expiry rows of items to be deleted at now.
func (x *expiry) due(now time.Time) kv.Range {
	return kv.Range{Start: x.from(oldestDue(now)), End: x.from(now.Unix())}
}

// stageExpiry moves the expiry row of an item. A damaged item has none: reading
// it fails wherever it matters.
func (w *write) stageExpiry(b kv.Batch) {
	x := w.v.expiry
	before, had, _ := x.time(w.oldRaw)
	after, has, _ := x.time(w.newRaw)
	if had == has && before == after {
		return
	}
	if had {
		b.Delete(x.key(before, w.row))
	}
	if has {
		b.Set(x.key(after, w.row), nil)
	}
}

// decideExpired reports whether the item of a deletion by time to live is still
// to be deleted: it may have been changed since it was found. The key, which only
// the item tells, is filled in.
func (w *write) decideExpired(now time.Time) bool {
	x := w.v.expiry
	if x == nil || !w.existed {
		return false
	}
	seconds, ok, err := x.time(w.oldRaw)
	w.key = w.old
	return err == nil && ok && seconds >= oldestDue(now) && seconds < now.Unix()
}
