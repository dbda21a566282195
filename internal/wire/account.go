package wire

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
)

// accountOf returns the 12-digit account that an access key id stands for where
// no keys are configured. See the package comment.
func accountOf(accessKey string) string {
	if isAccount(accessKey) {
		return accessKey
	}
	if account, ok := encodedAccount(accessKey); ok {
		return account
	}
	sum := sha256.Sum256([]byte(accessKey))
	return fmt.Sprintf("%012d", binary.BigEndian.Uint64(sum[:])%1_000_000_000_000)
}

// isAccount reports whether s is a 12-digit account id.
func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// encodedAccount decodes the account that a real access key id carries: after the
// four letters of its type, bits 1 to 40 of the base32 digits. Keys from before
// 2019, which go on with I or J, carry none.
func encodedAccount(accessKey string) (string, bool) {
	if len(accessKey) != 20 || accessKey[:4] != "AKIA" && accessKey[:4] != "ASIA" {
		return "", false
	}
	if accessKey[4] == 'I' || accessKey[4] == 'J' {
		return "", false
	}
	raw, err := base32.StdEncoding.DecodeString(accessKey[4:])
	if err != nil {
		return "", false
	}
	account := binary.BigEndian.Uint64(raw) >> 23 & (1<<40 - 1)
	if account >= 1_000_000_000_000 {
		return "", false
	}
	return fmt.Sprintf("%012d", account), true
}
