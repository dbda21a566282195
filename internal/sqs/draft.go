package sqs

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// maxID is the longest message group, deduplication and receive attempt id.
const maxID = 128

// draft is a message that was checked and not yet sent. Making it needs no lock.
type draft struct {
	content content
	bytes   []byte // of content
	delay   api.Opt[int64]
	size    int
	key     dedupKey // of a FIFO queue's message
	// attributesMD5 and systemMD5 are hexadecimal; "" without attributes.
	attributesMD5, systemMD5 string
}

// newDraft checks an entry of a batch, or a single message made one, for a queue.
func newDraft(c *api.Caller, q *queue, in *model.SendMessageBatchRequestEntry) (*draft, error) {
	d := &draft{delay: in.DelaySeconds, size: messageSize(in)}
	if err := d.check(q, in); err != nil {
		return nil, err
	}
	trace, err := checkSystemAttributes(in.MessageSystemAttributes)
	if err != nil {
		return nil, err
	}
	d.content = content{
		id: newID(), md5: md5.Sum([]byte(in.MessageBody.V)), sender: c.Account, trace: trace,
		group: in.MessageGroupId.V, dedup: in.MessageDeduplicationId.V,
		attributes: sortedAttributes(in.MessageAttributes), body: in.MessageBody.V,
	}
	if q.fifo {
		if !in.MessageDeduplicationId.OK {
			sum := sha256.Sum256([]byte(in.MessageBody.V))
			d.content.dedup = hex.EncodeToString(sum[:])
		}
		d.key = q.dedupKey(d.content.dedup, d.content.group)
	}
	d.attributesMD5 = attributesMD5(d.content.attributes)
	if trace != "" {
		d.systemMD5 = attributesMD5(systemAttributes(in.MessageSystemAttributes))
	}
	d.bytes = d.content.append(make([]byte, 0, d.size+len(d.content.dedup)+len(d.content.group)+128))
	return d, nil
}

// check checks what does not depend on the attributes' own rules.
func (d *draft) check(q *queue, in *model.SendMessageBatchRequestEntry) error {
	s := q.settings.Load()
	if in.MessageBody.V == "" {
		return errMissing("MessageBody")
	}
	if d.size > s.maxBytes {
		return api.Errorf(codeInvalidParameterValue,
			"One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", s.maxBytes)
	}
	if r, ok := invalidRune(in.MessageBody.V); ok {
		return api.Errorf(model.CodeInvalidMessageContents, msgInvalidBody, r)
	}
	if err := checkDelay(q, in.DelaySeconds); err != nil {
		return err
	}
	if err := checkIDs(q, in, s); err != nil {
		return err
	}
	return checkAttributes(in.MessageAttributes)
}

func checkDelay(q *queue, delay api.Opt[int64]) error {
	switch {
	case !delay.OK:
	case delay.V < 0 || delay.V > maxDelay:
		return errParameter(delay.V, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	case q.fifo && delay.V != 0:
		return errQueueType(delay.V, "DelaySeconds")
	}
	return nil
}

// checkIDs checks the group and the deduplication id.
func checkIDs(q *queue, in *model.SendMessageBatchRequestEntry, s *settings) error {
	if err := checkID(in.MessageGroupId, "MessageGroupId"); err != nil {
		return err
	}
	if err := checkID(in.MessageDeduplicationId, "MessageDeduplicationId"); err != nil {
		return err
	}
	switch {
	case !q.fifo && in.MessageDeduplicationId.OK:
		return errQueueType(in.MessageDeduplicationId.V, "MessageDeduplicationId")
	case q.fifo && !in.MessageGroupId.OK:
		return errMissing("MessageGroupId")
	case q.fifo && !in.MessageDeduplicationId.OK && !s.contentDedup:
		return errNoDedup()
	}
	return nil
}

func errNoDedup() error {
	return api.Errorf(codeInvalidParameterValue,
		"The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
}

// checkID checks the form of an id.
func checkID(id api.Opt[string], parameter string) error {
	valid := !id.OK || len(id.V) >= 1 && len(id.V) <= maxID
	for i := 0; valid && i < len(id.V); i++ {
		valid = id.V[i] > ' ' && id.V[i] < 0x7f // all of these are alphanumeric or punctuation
	}
	if !valid {
		return errParameter(id.V, parameter,
			"%s can only include alphanumeric and punctuation characters. 1 to 128 in length.", parameter)
	}
	return nil
}

// messageSize is the size of a message as the limits count it: the body, and
// name, type and value of each message attribute. System attributes are free.
func messageSize(in *model.SendMessageBatchRequestEntry) int {
	n := len(in.MessageBody.V)
	for i := range in.MessageAttributes {
		v := &in.MessageAttributes[i].Value
		n += len(in.MessageAttributes[i].Key) + len(v.DataType.V) + len(v.StringValue.V) + len(v.BinaryValue.V)
	}
	return n
}

const invalidCharacters = "Invalid characters found. Valid unicode characters are " +
	"#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"

// msgInvalidBody names the first character that a body may not have.
const msgInvalidBody = "Invalid binary character '#x%X' was found in the message body, the set of allowed characters is " +
	"#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."

// validText reports whether a text holds only characters that a message may.
func validText(s string) bool {
	_, found := invalidRune(s)
	return !found
}

// invalidRune finds the first character that a message may not have.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func invalidRune(s string) (rune, bool) {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return rune(c), true
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
			return r, true
		}
		i += n
	}
	return 0, false
}

// newID makes a message id: a random UUID, of version 4.
func newID() (id [16]byte) {
	a, b := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		id[i], id[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}
