package capacity

// Source of this file: Amazon DynamoDB Developer Guide, "DynamoDB read and write
// operations" and "Managing complex workflows with DynamoDB transactions".

// Block sizes in bytes: what one unit covers.
const (
	WriteBlock = 1024
	ReadBlock  = 4096
)

// TransactionFactor is how much more a transactional read or write costs.
const TransactionFactor = 2

// WriteUnits returns the units of writing an item of size bytes, the larger of
// before and after. A write of nothing (a delete of an absent item, a failed
// condition on one) costs one unit.
func WriteUnits(size int) float64 { return float64(blocks(size, WriteBlock)) }

// ReadUnits returns the units of reading size bytes at once: an item, or all
// items that one Query or Scan evaluated. A read that finds nothing costs the
// minimum.
func ReadUnits(size int, consistent bool) float64 {
	units := float64(blocks(size, ReadBlock))
	if !consistent {
		units /= 2
	}
	return units
}

func blocks(size, block int) int { return max(1, (size+block-1)/block) }
