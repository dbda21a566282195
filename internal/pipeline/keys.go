package pipeline

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x60

	kindMapping    byte = 'm'
	kindCheckpoint byte = 'c'
)

// mappingKey is the key of a mapping. None of its parts holds a zero byte.
func mappingKey(ns api.Namespace, id string) []byte {
	key := []byte{space, kindMapping}
	for _, part := range [2]string{ns.Account, ns.Region} {
		key = append(append(key, part...), 0)
	}
	return append(key, id...)
}

func checkpointKey(mapping, shard string) []byte {
	return append(append(append([]byte{space, kindCheckpoint}, mapping...), 0), shard...)
}

func checkpointRange(mapping string) kv.Range {
	return kv.PrefixRange(append(append([]byte{space, kindCheckpoint}, mapping...), 0))
}
