// Package event writes the events that functions get from event source mappings:
// the messages of a queue and the records of a change stream, byte for byte as the
// service does. testdata has a case for each kind, from the Lambda guide.
//
// A record is written once and kept as bytes: filters look at it, its length
// counts towards the payload, and batches are joined of it.
package event
