// Package webhook signs what is posted to HTTP endpoints, as the Standard Webhooks
// specification has it:
//
//	webhook.Sign(req.Header, key, id, body, time.Now())
//
// https://github.com/standard-webhooks/standard-webhooks
package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"
)

// Sign adds an id, the time, and the HMAC-SHA256 of both and the body. The id must
// be the same whenever the same thing is posted.
func Sign(h http.Header, key, id string, body []byte, now time.Time) {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(body)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", at)
	h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
