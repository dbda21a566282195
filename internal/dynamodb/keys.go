package dynamodb

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x10

	kindCounter byte = 'c' // the next table and stream number
	kindTable   byte = 't' // catalog: account, region, name -> descriptor
	kindItem    byte = 'i' // items
	kindIndex   byte = 'x' // index rows
	kindStream  byte = 's' // stream records
	kindToken   byte = 'k' // idempotency tokens of transactions
	kindGone    byte = 'd' // deleted tables whose streams can be read
	kindUndo    byte = 'u' // what items were before a write
	kindBackup  byte = 'b' // records of backups
	kindExport  byte = 'p' // records of exports
	kindImport  byte = 'm' // records of imports
	kindExpiry  byte = 'e' // when items expire, of tables with time to live

	kindCollection byte = 'l' // sizes of item collections, of tables with local indexes

	// Of tables with replicas.
	kindVersion   byte = 'v' // when and where items were written last
	kindTombstone byte = 'r' // which items were deleted, by time
	kindOutbox    byte = 'o' // which items have to be sent to another replica
)

// hashBytes is the length of the partition hash at the start of a row key. It
// spreads partitions evenly over the key space, which is what parallel scans and
// the capacity model divide, and gives Scan an order that says nothing, as in
// the service.
const hashBytes = 4

var counterKey = []byte{space, kindCounter}

// catalogKey is the key of a table's descriptor. Names and accounts hold no
// zero byte.
func catalogKey(ns api.Namespace, name string) []byte {
	return append(catalogPrefix(ns), name...)
}

func catalogPrefix(ns api.Namespace) []byte {
	key := []byte{space, kindTable}
	key = append(append(key, ns.Account...), 0)
	return append(append(key, ns.Region...), 0)
}

// itemPrefix begins every item row of a table.
func itemPrefix(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindItem}, table)
}

// indexPrefix begins every row of an index; tableIndexPrefix those of all
// indexes of a table.
func indexPrefix(table uint64, number uint16) []byte {
	return binary.BigEndian.AppendUint16(tableIndexPrefix(table), number)
}

func tableIndexPrefix(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindIndex}, table)
}

// streamPrefix begins every record of a stream.
func streamPrefix(stream uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindStream}, stream)
}

// expiryPrefix begins every expiry row of a table.
func expiryPrefix(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindExpiry}, table)
}

// collectionPrefix begins the row of every item collection of a table.
func collectionPrefix(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindCollection}, table)
}

// undoPrefix begins every undo row of a table.
func undoPrefix(table uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{space, kindUndo}, table)
}

// partitionHash is the place of a partition key in the key space.
func partitionHash(partition []byte) uint32 {
	return uint32(xxhash.Sum64(partition) >> 32)
}

// appendPartition appends the hash and the bytes of a partition key, given by
// its values in schema order.
func appendPartition(dst []byte, values []attr.Value) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	for _, v := range values {
		dst = attr.AppendKey(dst, v)
	}
	binary.BigEndian.PutUint32(dst[at:], partitionHash(dst[at+hashBytes:]))
	return dst
}

// appendRow appends the row key of an item under schema k: hash, partition key,
// sort key. Every attribute of k must be in m with its kind.
func (k *keySchema) appendRow(dst []byte, m attr.Map) []byte {
	var few [4]attr.Value
	values := few[:0]
	for i := range k.Hash {
		v, _ := m.Get(k.Hash[i].Name)
		values = append(values, v)
	}
	dst = appendPartition(dst, values)
	for i := range k.Range {
		v, _ := m.Get(k.Range[i].Name)
		dst = attr.AppendKey(dst, v)
	}
	return dst
}
