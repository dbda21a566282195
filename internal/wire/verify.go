package wire

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/textproto"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// The documentation of AWS Signature Version 4 ("Create a signed AWS API
// request") is the source of this file.

const (
	basicFormat = "20060102T150405Z"
	// maxSkew is how far a request's date may be from now.
	maxSkew = 15 * time.Minute
	// maxExpires bounds the life of a presigned request.
	maxExpires = 7 * 24 * time.Hour
	// unsignedPayload in x-amz-content-sha256 says that the body is not signed.
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// checkHead checks what can be said of a signature without knowing its key.
func checkHead(sig *signature) error {
	date, err := requestDate(sig.date)
	if err != nil {
		return api.Errorf("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '%s'. "+
			"See http://en.wikipedia.org/wiki/ISO_8601", sig.date)
	}
	sig.date = date.UTC().Format(basicFormat)
	if err := checkDate(sig, date, time.Now()); err != nil {
		return err
	}
	if !slices.Contains(strings.Split(strings.ToLower(sig.signedHeaders), ";"), "host") {
		return api.Errorf("InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}

func requestDate(s string) (time.Time, error) {
	date, err := time.Parse(basicFormat, s)
	if err != nil {
		return time.Parse(time.RFC1123, s) // a Date header
	}
	return date, nil
}

func checkDate(sig *signature, date, now time.Time) error {
	now = now.UTC()
	oldest, newest := now.Add(-maxSkew), now.Add(maxSkew)
	if sig.presigned && sig.expires != "" {
		seconds, err := strconv.ParseUint(sig.expires, 10, 32)
		life := time.Duration(seconds) * time.Second
		if err != nil || life > maxExpires {
			return api.Errorf("IncompleteSignatureException", "'X-Amz-Expires' must be a number of seconds up to a week. Got '%s'.", sig.expires)
		}
		oldest = now.Add(-life)
	}
	switch {
	case date.Before(oldest):
		return api.Errorf("InvalidSignatureException", "Signature expired: %s is now earlier than %s (%s - %d min.)",
			sig.date, oldest.Format(basicFormat), now.Format(basicFormat), int(now.Sub(oldest).Minutes()))
	case date.After(newest):
		return api.Errorf("InvalidSignatureException", "Signature not yet current: %s is still later than %s (%s + %d min.)",
			sig.date, newest.Format(basicFormat), now.Format(basicFormat), int(maxSkew.Minutes()))
	}
	return nil
}

// verify checks the scope against the request, and the signature.
func verify(req *Request, sig *signature, id *identity, svc *service) error {
	if id.service != svc.scope {
		return api.Errorf("InvalidSignatureException", "Credential should be scoped to correct service: '%s'. ", svc.scope)
	}
	if id.date != sig.date[:8] {
		return api.Errorf("InvalidSignatureException", "Date in Credential scope does not match YYYYMMDD from ISO-8601 "+
			"version of date from HTTP: '%s' != '%s', from '%s'.", id.date, sig.date[:8], sig.date)
	}
	if subtle.ConstantTimeCompare([]byte(sig.token), []byte(id.token)) == 0 {
		return errUnrecognized()
	}
	var given [sha256.Size]byte
	n, err := hex.Decode(given[:], []byte(sig.hex[:min(len(sig.hex), 2*len(given))]))
	if err != nil || n != len(given) || len(sig.hex) != 2*len(given) || !hmac.Equal(given[:], sign(req, sig, id)) {
		return api.Errorf("InvalidSignatureException", "The request signature we calculated does not match the "+
			"signature you provided. Check your AWS Secret Access Key and signing method. "+
			"Consult the service documentation for details.")
	}
	return nil
}

// sign computes the signature that the request should have.
func sign(req *Request, sig *signature, id *identity) []byte {
	request := sha256.Sum256(canonicalRequest(req, sig))
	b := make([]byte, 0, 256)
	b = append(b, algorithmName+"\n"...)
	b = append(b, sig.date...)
	b = append(b, '\n')
	b = append(b, id.date+"/"+id.namespace.Region+"/"+id.service+"/aws4_request\n"...)
	b = hex.AppendEncode(b, request[:])
	return mac(id.signingKey, b)
}

func mac(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// signingKey derives the key that signs requests of one scope.
func signingKey(secret, date, region, service string) []byte {
	key := []byte("AWS4" + secret)
	for _, part := range [...]string{date, region, service, "aws4_request"} {
		key = mac(key, []byte(part))
	}
	return key
}

func canonicalRequest(req *Request, sig *signature) []byte {
	b := make([]byte, 0, 1024)
	b = append(b, req.Method...)
	b = append(b, '\n')
	b = appendEscaped(b, normalPath(req.Path), true)
	b = append(b, '\n')
	b = appendQuery(b, req.Query)
	b = append(b, '\n')
	for name := range strings.SplitSeq(sig.signedHeaders, ";") {
		b = append(b, strings.ToLower(name)...)
		b = append(b, ':')
		b = appendTrimmed(b, signedValue(req, name))
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, strings.ToLower(sig.signedHeaders)...)
	b = append(b, '\n')
	return appendPayload(b, req)
}

// normalPath returns a path without empty and relative segments, as it is signed.
func normalPath(p string) string {
	if !strings.Contains(p, "//") && !strings.Contains(p, "/.") {
		return p
	}
	clean := path.Clean("/" + p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

func signedValue(req *Request, name string) string {
	if strings.EqualFold(name, "host") {
		return req.Host
	}
	return req.Header.Joined(textproto.CanonicalMIMEHeaderKey(name))
}

// appendPayload appends the hash of the body, or what stands for it in the
// signature of a client that left the body out.
func appendPayload(b []byte, req *Request) []byte {
	if req.Header.Get("X-Amz-Content-Sha256") == unsignedPayload {
		return append(b, unsignedPayload...)
	}
	sum := sha256.Sum256(req.Body)
	return hex.AppendEncode(b, sum[:])
}

// appendTrimmed appends a header's value without space around it and with single
// spaces within.
func appendTrimmed(b []byte, value string) []byte {
	for i, field := range strings.Fields(value) {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, field...)
	}
	return b
}

// appendQuery appends the parameters in the order of their escaped names, and of
// the values where names are the same, without the signature itself.
func appendQuery(b []byte, query string) []byte {
	if query == "" {
		return b
	}
	type param struct{ name, value []byte }
	params := make([]param, 0, 8)
	for p := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(p, "=")
		if name == "" || name == "X-Amz-Signature" {
			continue
		}
		params = append(params, param{appendEscaped(nil, unescape(name), false), appendEscaped(nil, unescape(value), false)})
	}
	slices.SortFunc(params, func(a, b param) int {
		return cmp.Or(bytes.Compare(a.name, b.name), bytes.Compare(a.value, b.value))
	})
	for i, p := range params {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(append(append(b, p.name...), '='), p.value...)
	}
	return b
}

// unescape decodes percent signs; wrong ones stand for themselves.
func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(v))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// appendEscaped percent-encodes all but unreserved characters (RFC 3986), and
// slashes where they are those of a path.
func appendEscaped(b []byte, s string, slashes bool) []byte {
	const hexUpper = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~', slashes && c == '/':
			b = append(b, c)
		default:
			b = append(b, '%', hexUpper[c>>4], hexUpper[c&15])
		}
	}
	return b
}
