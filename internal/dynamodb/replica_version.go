package dynamodb

import (
	"encoding/binary"
	"time"

	"github.com/levee-io/levee/internal/kv"
)

// A version says when and where an item was last written: 8 bytes of time, in
// nanoseconds, and the region. Of two versions the greater is the later, whatever
// replica compares them, so all of them come to the same item (last writer wins).
// A write is later than what it replaces, even if the clock is not.
//
// Versions stand beside the items. One that has been there since before the first
// replica has none, which is less than any. That of a deleted item stays, so that
// an older write which is still on its way does not bring the item back.

const versionTime = 8

// nextVersion is the version of a write in a region over an item of a version.
func nextVersion(old []byte, now time.Time, region string) []byte {
	nanos := uint64(max(0, now.UnixNano()))
	if len(old) >= versionTime {
		nanos = max(nanos, binary.BigEndian.Uint64(old)+1)
	}
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, versionTime+len(region)), nanos), region...)
}

// versionKey is the key of the version of the item at row.
func versionKey(row []byte) []byte {
	key := append([]byte(nil), row...)
	key[1] = kindVersion
	return key
}

// tombstoneKey is the key of the note that the item at row was deleted in a
// version. Notes are in the order of time, for who clears them away.
func tombstoneKey(row, version []byte) []byte {
	const at = 2 + 8 // the table ends there
	key := make([]byte, 0, len(row)+versionTime)
	key = append(key, row[:at]...)
	key[1] = kindTombstone
	key = append(key, version[:versionTime]...)
	return append(key, row[at:]...)
}

// tombstoneRow is the row of the item that a note is about.
func tombstoneRow(key []byte) []byte {
	const at = 2 + 8
	row := append([]byte(nil), key[:at]...)
	row[1] = kindItem
	return append(row, key[at+versionTime:]...)
}

// outboxKey is the key of the note that the item at row has to be sent to a
// table.
func outboxKey(row []byte, to uint64) []byte {
	const at = 2 + 8
	key := make([]byte, 0, len(row)+8)
	key = append(key, row[:at]...)
	key[1] = kindOutbox
	key = binary.BigEndian.AppendUint64(key, to)
	return append(key, row[at:]...)
}

// tablePrefix begins every row of a kind that a table has.
func tablePrefix(kind byte, table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kind}, table)
}

// outboxPrefix begins the notes of what one table has to send to another.
func outboxPrefix(from, to uint64) []byte {
	return binary.BigEndian.AppendUint64(tablePrefix(kindOutbox, from), to)
}

// eraseReplication deletes what a table has for the sake of its replicas.
func eraseReplication(b kv.Batch, table uint64) {
	for _, kind := range [3]byte{kindVersion, kindTombstone, kindOutbox} {
		erasePrefix(b, tablePrefix(kind, table))
	}
}
