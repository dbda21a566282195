package autoscaling

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: see crypto/rand
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newTargetID returns the id of a scalable target of DynamoDB: as the service's,
// 36 digits of which the first four say whose target it is.
func newTargetID() string {
	var b [16]byte
	rand.Read(b[:])
	return "0d26" + hex.EncodeToString(b[:])
}
