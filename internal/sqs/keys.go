package sqs

import (
	"encoding/binary"

	"github.com/levee-io/levee/internal/api"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x20

	kindIdentity byte = 'c' // receipt key
	kindQueue    byte = 'q' // catalog: account, region, name -> descriptor
	kindSequence byte = 's' // queue -> end of the reserved sequence numbers
	kindMessage  byte = 'm' // queue, sequence number -> state
	kindContent  byte = 'b' // queue, sequence number -> content
	kindDedup    byte = 'd' // queue, sequence number -> deduplication id
	kindTask     byte = 't' // queue, number -> move task
)

// The bytes of the engine's single rows.
var (
	receiptKeyKey = []byte{space, kindIdentity, 'k'}
	lastQueueKey  = []byte{space, kindIdentity, 'n'}
)

// catalogKey is the key of a queue's descriptor. Accounts, regions and names
// hold no zero byte.
func catalogKey(ns api.Namespace, name string) []byte {
	key := append([]byte{space, kindQueue}, ns.Account...)
	key = append(append(key, 0), ns.Region...)
	return append(append(key, 0), name...)
}

// appendRow appends the key of a message's row of one kind.
func appendRow(dst []byte, kind byte, queue uint32, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(appendQueue(dst, kind, queue), seq)
}

// appendQueue appends what all rows of one kind of a queue begin with.
func appendQueue(dst []byte, kind byte, queue uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, space, kind), queue)
}

// queueOf is the queue of a row's key.
func queueOf(key []byte) uint32 { return binary.BigEndian.Uint32(key[2:]) }

// seqOf is the sequence number at the end of a row's key.
func seqOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }
