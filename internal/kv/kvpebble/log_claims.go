package kvpebble

import (
	"encoding/binary"
	"hash/crc32"
)

// A chunk of a log, which is a record or a part of one, says in its header how much of the
// log was durable when it was written: 4 bytes of a checksum, 2 of the length of what
// follows the header, 1 of the kind, 4 of the log's number, 8 of that. By it a record that
// is damaged can be told from one that was being written when the power failed (record.go
// of Pebble).
const (
	chunkHeader             = 19
	chunkLength             = 4 // where in the header
	chunkKind               = 6
	chunkClaim              = 11
	leastClaim, newestClaim = 9, 12 // the kinds that have such a header
)

// claim has chunks that are about to be written say that so much of their log is durable.
// Pebble has them say that all is for whose sync it has asked, which may not have ended,
// and a log that lost a part of that would seem to be damaged.
func claim(chunks []byte, durable int64) {
	for len(chunks) >= chunkHeader {
		size := chunkHeader + int(binary.LittleEndian.Uint16(chunks[chunkLength:]))
		if kind := chunks[chunkKind]; kind < leastClaim || kind > newestClaim || size > len(chunks) {
			return // what fills a block, or ends a log
		}
		if binary.LittleEndian.Uint64(chunks[chunkClaim:]) != uint64(durable) {
			binary.LittleEndian.PutUint64(chunks[chunkClaim:], uint64(durable))
			binary.LittleEndian.PutUint32(chunks, chunkSum(chunks[chunkKind:size]))
		}
		chunks = chunks[size:]
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunkSum returns the checksum of a chunk from its kind on, masked as in LevelDB's logs.
func chunkSum(p []byte) uint32 {
	sum := crc32.Checksum(p, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}
