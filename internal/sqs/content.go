package sqs

import (
	"crypto/md5"
	"encoding/binary"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// content is what of a message only its consumers see. It stays in the store
// and is read when the message is received.
type content struct {
	id         [16]byte
	md5        [md5.Size]byte // of the body
	group      string
	dedup      string
	sender     string
	trace      string // AWSTraceHeader
	deadSource string // ARN of the queue that gave the message up
	// earlier is how often a dead letter was received before it became one, first
	// when that began, in unix milliseconds.
	earlier    uint32
	first      int64
	attributes api.Map[model.MessageAttributeValue]
	body       string
}

// The first byte of a content is its version. Only dead letters that were received
// have one that is not plain.
const (
	contentPlain  = 1
	contentCounts = 2 // tells of the receives before the message became a dead letter
)

// The two ways in which a message attribute holds its value, as in the MD5 of
// message attributes.
const (
	holdsString byte = 1
	holdsBinary byte = 2
)

// append appends the bytes of the row.
func (c *content) append(dst []byte) []byte {
	version := byte(contentPlain)
	if c.earlier > 0 {
		version = contentCounts
	}
	dst = append(dst, version)
	dst = append(dst, c.id[:]...)
	dst = append(dst, c.md5[:]...)
	for _, s := range [...]string{c.group, c.dedup, c.sender, c.trace, c.deadSource} {
		dst = appendText(dst, s)
	}
	if version == contentCounts {
		dst = binary.AppendUvarint(dst, uint64(c.earlier))
		dst = binary.AppendUvarint(dst, uint64(c.first))
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.attributes)))
	for i := range c.attributes {
		v := &c.attributes[i].Value
		dst = appendText(dst, c.attributes[i].Key)
		dst = appendText(dst, v.DataType.V)
		if v.BinaryValue.OK {
			dst = appendText(append(dst, holdsBinary), v.BinaryValue.V)
		} else {
			dst = appendText(append(dst, holdsString), v.StringValue.V)
		}
	}
	return append(dst, c.body...)
}

// readContent reads the bytes of a row. The content shares no memory with b; its
// texts share one copy.
func readContent(b []byte) (c content, err error) {
	r := reader{data: b, copy: string(b)}
	version := r.bytes(1)
	if version == nil || version[0] != contentPlain && version[0] != contentCounts {
		return content{}, errRow
	}
	copy(c.id[:], r.bytes(uint64(len(c.id))))
	copy(c.md5[:], r.bytes(uint64(len(c.md5))))
	for _, s := range [...]*string{&c.group, &c.dedup, &c.sender, &c.trace, &c.deadSource} {
		*s = r.text()
	}
	if version[0] == contentCounts {
		c.earlier, c.first = uint32(r.uvarint()), int64(r.uvarint())
	}
	c.attributes = readAttributes(&r)
	if r.bad {
		return content{}, errRow
	}
	c.body = r.rest()
	return c, nil
}

// received is how often, and when first, a message was received over all queues,
// given what its queue counts.
func (c *content) received(receives uint32, first int64) (uint32, int64) {
	if c.earlier > 0 {
		first = c.first
	}
	return c.earlier + receives, first
}

func readAttributes(r *reader) api.Map[model.MessageAttributeValue] {
	n := r.uvarint()
	if n == 0 || n > maxAttributes {
		r.bad = r.bad || n > maxAttributes
		return nil
	}
	m := make(api.Map[model.MessageAttributeValue], n)
	for i := range m {
		m[i].Key = r.text()
		v := &m[i].Value
		v.DataType = api.Some(r.text())
		holds := r.bytes(1)
		value := r.text()
		if r.bad {
			return nil
		}
		if holds[0] == holdsBinary {
			v.BinaryValue = api.Some([]byte(value))
		} else {
			v.StringValue = api.Some(value)
		}
	}
	return m
}

// textID is a message id as clients see it: a UUID.
func textID(id [16]byte) string {
	const hexDigits = "0123456789abcdef"
	var text [36]byte
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text[at] = '-'
			at++
		}
		text[at], text[at+1] = hexDigits[b>>4], hexDigits[b&15]
		at += 2
	}
	return string(text[:])
}
