package pipeline

import "time"

// record is a message of a queue, or a change of a stream, on its way.
type record struct {
	id      string    // of the message, or the sequence number of the change
	data    []byte    // as functions get it; nil if a lane only has to note it
	receipt string    // of a message
	created time.Time // when the change was made
	handled bool      // guarded by the tracker
}

// wantedOf returns the records that were not filtered out.
func wantedOf(batch []*record) []*record {
	var list []*record
	for _, r := range batch {
		if r.data != nil {
			list = append(list, r)
		}
	}
	return list
}
