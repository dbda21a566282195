package dynamodb

import (
	"fmt"
	"strconv"

	"github.com/levee-io/levee/internal/api"
)

// sequenceDigits is the length of a sequence number on the wire: a 1, so that
// it has no leading zero, then the number in 20 digits. Consumers compare them as
// numbers or as text; both are right.
const sequenceDigits = 21

func formatSequence(sequence uint64) string { return fmt.Sprintf("1%020d", sequence) }

func parseSequence(text string) (uint64, error) {
	if len(text) == sequenceDigits && text[0] == '1' {
		if sequence, err := strconv.ParseUint(text[1:], 10, 64); err == nil {
			return sequence, nil
		}
	}
	return 0, api.Validation("Invalid SequenceNumber")
}
