package surge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Message is one chat message on its way from its producer to the tables. It names the members of its chat, so
// that a consumer needs nothing but the message to move the right badges.
type Message struct {
	Chat     string   `json:"chat"`               // company/chat
	Seq      int64    `json:"seq"`                // 1, 2, 3 ... in the chat
	Member   string   `json:"member"`             // who sent it
	Text     string   `json:"text"`               //
	Time     string   `json:"time,omitempty"`     // when it happened, for events of a file
	Members  []string `json:"members"`            // who is in the chat; everyone but the sender has one more unread
	Managers []string `json:"managers,omitempty"` // the members with a manager badge
	Sent     int64    `json:"sent"`               // when it was first handed to the queue, Unix microseconds
}

// body is the message as the queue carries it.
func (m *Message) body() (string, error) {
	b, err := json.Marshal(m)
	return string(b), err
}

// parseMessage reads a body from the queue.
func parseMessage(body string) (Message, error) {
	var m Message
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		return m, fmt.Errorf("body of a message: %w", err)
	}
	if m.Chat == "" || m.Seq < 1 || m.Member == "" || len(m.Members) == 0 {
		return m, errors.New("body of a message: chat, seq, member and members are required")
	}
	if len(m.Members) > maxMembers || len(m.Managers) > maxMembers {
		return m, fmt.Errorf("body of a message: more than %d members", maxMembers)
	}
	return m, nil
}

// maxMembers bounds the badges one message can move: ten messages of one chat, its row and twice this
// many badges fit in the 100 actions of a transaction.
const maxMembers = 32

// groupID is the message group of a chat: its own name where SQS allows it (1 to 128 characters of ASCII
// letters, digits and punctuation), otherwise a digest of it.
func groupID(chat string) string {
	if len(chat) > 128 {
		return digestHex(chat)
	}
	for i := range len(chat) {
		if chat[i] <= ' ' || chat[i] > '~' {
			return digestHex(chat)
		}
	}
	return chat
}

// deduplicationID is the same whenever the same message is sent, and unique in the queue whether the queue
// deduplicates by group or as a whole.
func deduplicationID(chat string, seq int64) string {
	return digestHex(chat)[:24] + "-" + strconv.FormatInt(seq, 10)
}

func digestHex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
