package transact

import (
	"encoding/binary"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x50

	kindToken      byte = 'k'
	kindCheckpoint byte = 'c'
)

// tokenLife is how long a ClientRequestToken is remembered.
const tokenLife = 10 * time.Minute

// tokenBucket is the part of the key space in which a token of that time stands.
// One that is still remembered stands in the present bucket or the one before, so
// that forgetting is a range of keys.
func tokenBucket(t time.Time) uint32 { return uint32(t.Unix() / int64(tokenLife/time.Second)) }

func tokenPrefix(bucket uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{space, kindToken}, bucket)
}

func tokenKey(bucket uint32, ns api.Namespace, text string) []byte {
	return append(appendNamespace(tokenPrefix(bucket), ns), text...)
}

// checkpointPrefix begins the keys of a consumer's checkpoints in one stream; the
// rest is the shard. None of the parts holds a zero byte.
func checkpointPrefix(ns api.Namespace, consumer, stream string) []byte {
	key := appendNamespace([]byte{space, kindCheckpoint}, ns)
	key = append(append(key, consumer...), 0)
	return append(append(key, stream...), 0)
}

func appendNamespace(key []byte, ns api.Namespace) []byte {
	key = append(append(key, ns.Account...), 0)
	return append(append(key, ns.Region...), 0)
}
