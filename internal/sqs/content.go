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
	attributes api.Map[model.MessageAttributeValue]
	body       string
}

// contentVersion begins the bytes of a content.
const contentVersion = 1

// The two ways in which a message attribute holds its value, as in the MD5 of
// message attributes.
const (
	holdsString byte = 1
	holdsBinary byte = 2
)

// append appends the bytes of the row.
func (c *content) append(dst []byte) []byte {
	dst = append(dst, contentVersion)
	dst = append(dst, c.id[:]...)
	dst = append(dst, c.md5[:]...)
	for _, s := range [...]string{c.group, c.dedup, c.sender, c.trace, c.deadSource} {
		dst = appendText(dst, s)
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
	if v := r.bytes(1); v == nil || v[0] != contentVersion {
		return content{}, errRow
	}
	copy(c.id[:], r.bytes(uint64(len(c.id))))
	copy(c.md5[:], r.bytes(uint64(len(c.md5))))
	for _, s := range [...]*string{&c.group, &c.dedup, &c.sender, &c.trace, &c.deadSource} {
		*s = r.text()
	}
	c.attributes = readAttributes(&r)
	if r.bad {
		return content{}, errRow
	}
	c.body = r.rest()
	return c, nil
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
