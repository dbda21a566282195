package lambda

import (
	"encoding/binary"

	"github.com/levee-io/levee/internal/kv"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x40

	kindFunction byte = 'f'
	kindCode     byte = 'z'
	kindEvent    byte = 'e'
)

// functionKey is the key of a function. None of its parts holds a zero byte.
func functionKey(n Name) []byte {
	key := []byte{space, kindFunction}
	for _, part := range [2]string{n.Account, n.Region} {
		key = append(append(key, part...), 0)
	}
	return append(key, n.Function...)
}

// codeKey is the key of a piece of code, whose id is as many bytes as any other's.
func codeKey(id string, piece uint32) []byte {
	return binary.BigEndian.AppendUint32(codePrefix(id), piece)
}

func codePrefix(id string) []byte { return append([]byte{space, kindCode}, id...) }

func codeRange(id string) kv.Range { return kv.PrefixRange(codePrefix(id)) }

func eventKey(id string) []byte { return append([]byte{space, kindEvent}, id...) }
