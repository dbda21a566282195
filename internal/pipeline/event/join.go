package event

// frame is what is around the records of an event.
const frame = `{"Records":[]}`

// Join returns the event of records.
func Join(records [][]byte) []byte {
	b := make([]byte, 0, size(records))
	b = append(b, `{"Records":`...)
	b = appendRecords(b, records)
	return append(b, '}')
}

func size(records [][]byte) int {
	n := len(frame)
	for _, r := range records {
		n += len(r) + 1
	}
	return n
}

func appendRecords(b []byte, records [][]byte) []byte {
	b = append(b, '[')
	for i, r := range records {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, r...)
	}
	return append(b, ']')
}
