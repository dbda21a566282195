package wire

import (
	"encoding/hex"
	"math/rand/v2"
)

// coralID returns a request id as DynamoDB's: 52 upper-case letters and digits.
func coralID() string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
	var id [52]byte
	var bits uint64
	for i := range id {
		if i%12 == 0 {
			bits = rand.Uint64()
		}
		id[i] = digits[bits&31]
		bits >>= 5
	}
	return string(id[:])
}

// uuid returns a request id as SQS's: a random UUID (RFC 9562, version 4).
func uuid() string {
	var raw [16]byte
	for i, bits := 0, uint64(0); i < len(raw); i++ {
		if i%8 == 0 {
			bits = rand.Uint64()
		}
		raw[i] = byte(bits)
		bits >>= 8
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	var id [36]byte
	hex.Encode(id[0:8], raw[0:4])
	hex.Encode(id[9:13], raw[4:6])
	hex.Encode(id[14:18], raw[6:8])
	hex.Encode(id[19:23], raw[8:10])
	hex.Encode(id[24:36], raw[10:16])
	id[8], id[13], id[18], id[23] = '-', '-', '-', '-'
	return string(id[:])
}
