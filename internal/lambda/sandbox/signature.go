package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/webhook"
)

// signingKey is the variable of an endpoint's function whose value is the key that
// its events are signed with.
const signingKey = "LEVEE_SIGNING_KEY"

// sign signs an event.
func sign(h http.Header, key string, in *lambda.Invocation, now time.Time) {
	webhook.Sign(h, key, stableID(in), in.Payload, now)
}

// stableID is the same whenever the same messages or records are handed over
// together, though a message that is received again comes with another receipt
// handle. What is not from a queue or a stream has the id of its request: two
// equal events need not be the same.
func stableID(in *lambda.Invocation) string {
	var event struct {
		Records []struct {
			MessageID string `json:"messageId"`
			EventID   string `json:"eventID"`
		}
	}
	if json.Unmarshal(in.Payload, &event) != nil || len(event.Records) == 0 {
		return in.RequestID
	}
	sum := sha256.New()
	for _, r := range event.Records {
		if r.MessageID == "" && r.EventID == "" {
			return in.RequestID
		}
		sum.Write([]byte(r.MessageID + "/" + r.EventID + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
