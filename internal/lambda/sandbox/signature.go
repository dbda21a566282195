package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/lambda"
)

// signingKey is the variable of an endpoint's function whose value is the key that
// its events are signed with.
const signingKey = "LEVEE_SIGNING_KEY"

// sign adds the headers of a signed event: an id, the time, and the HMAC of both
// and the event, as the Standard Webhooks specification has them.
func sign(h http.Header, key string, in *lambda.Invocation, now time.Time) {
	id, at := stableID(in), strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(in.Payload)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", at)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
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
