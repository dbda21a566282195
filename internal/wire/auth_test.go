package wire_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/levee-io/levee/internal/wire"
)

var authKeys = wire.Keys{
	"AKIDEXAMPLE": {Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Account: "111122223333"},
	"ASIDEXAMPLE": {Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Account: "111122223333", Token: "temporary"},
}

// signed is a request for the signer of the SDK to sign.
type signed struct {
	path, key, secret, token, service string
	age                               time.Duration // of the signature
	payload                           string        // stands for the hash of the body
	presign                           bool
	tamper                            func(*http.Request) // after signing
}

func (s signed) request(t *testing.T, url string) *http.Request {
	t.Helper()
	def := func(v, d string) string {
		if v == "" {
			return d
		}
		return v
	}
	const body = `{"Limit":5}`
	r, err := http.NewRequest(http.MethodPost, url+def(s.path, "/"), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Extra", "  a   b ")
	sum := sha256.Sum256([]byte(body))
	payload := def(s.payload, hex.EncodeToString(sum[:]))
	if s.payload != "" {
		r.Header.Set("X-Amz-Content-Sha256", s.payload)
	}
	creds := aws.Credentials{
		AccessKeyID: def(s.key, "AKIDEXAMPLE"), SecretAccessKey: def(s.secret, authKeys["AKIDEXAMPLE"].Secret), SessionToken: s.token,
	}
	signer, service, at := v4.NewSigner(), def(s.service, "dynamodb"), time.Now().Add(-s.age)
	if s.presign {
		r.URL.RawQuery = "X-Amz-Expires=60&z=%2Fa%20b&a=1&empty"
		uri, header, err := signer.PresignHTTP(context.Background(), creds, r, payload, service, "us-east-1", at)
		if err != nil {
			t.Fatal(err)
		}
		r, _ = http.NewRequest(http.MethodPost, uri, strings.NewReader(body))
		r.Header = header
		// The signer moves it to the query string, where no service looks for it.
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810.ListTables")
	} else if err := signer.SignHTTP(context.Background(), creds, r, payload, service, "us-east-1", at); err != nil {
		t.Fatal(err)
	}
	if s.tamper != nil {
		s.tamper(r)
	}
	return r
}

func TestVerification(t *testing.T) {
	const mismatch = "The request signature we calculated does not match the signature you provided."
	tests := map[string]struct {
		signed signed
		code   string // "" is success
		text   string
	}{
		"good":           {signed{}, "", ""},
		"other path":     {signed{path: "/a%20b/c%2Fd/~x"}, "", ""},
		"query":          {signed{path: "/?b=2&a=%2f&a=1&c"}, "", ""},
		"unsigned body":  {signed{payload: "UNSIGNED-PAYLOAD"}, "", ""},
		"14 minutes old": {signed{age: 14 * time.Minute}, "", ""},
		"presigned":      {signed{presign: true}, "", ""},

		"unknown key":                  {signed{key: "AKIDOTHER"}, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"session token":                {signed{token: "t"}, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"temporary key":                {signed{key: "ASIDEXAMPLE", token: "temporary"}, "", ""},
		"temporary key, presigned":     {signed{key: "ASIDEXAMPLE", token: "temporary", presign: true}, "", ""},
		"temporary key, other token":   {signed{key: "ASIDEXAMPLE", token: "t"}, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"temporary key, without token": {signed{key: "ASIDEXAMPLE"}, "UnrecognizedClientException", "The security token included in the request is invalid."},
		"wrong secret":                 {signed{secret: "x"}, "InvalidSignatureException", mismatch},
		"16 minutes old":               {signed{age: 16 * time.Minute}, "InvalidSignatureException", "Signature expired: "},
		"of the future":                {signed{age: -16 * time.Minute}, "InvalidSignatureException", "Signature not yet current: "},
		"other service":                {signed{service: "sqs"}, "InvalidSignatureException", "Credential should be scoped to correct service: 'dynamodb'. "},
		"expired":                      {signed{presign: true, age: 2 * time.Minute}, "InvalidSignatureException", "Signature expired: "},
		"other header": {signed{tamper: func(r *http.Request) { r.Header.Set("X-Extra", "c") }},
			"InvalidSignatureException", mismatch},
		"other method target": {signed{tamper: func(r *http.Request) { r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem") }},
			"InvalidSignatureException", mismatch},
		"other query": {signed{tamper: func(r *http.Request) { r.URL.RawQuery = "a=1" }},
			"InvalidSignatureException", mismatch},
		"other body": {signed{tamper: func(r *http.Request) {
			r.Body, r.ContentLength = http.NoBody, 0
		}}, "InvalidSignatureException", mismatch},
		"cut signature": {signed{tamper: func(r *http.Request) {
			auth := r.Header.Get("Authorization")
			r.Header.Set("Authorization", auth[:len(auth)-2])
		}}, "InvalidSignatureException", mismatch},
		"long signature": {signed{tamper: func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")+"00")
		}}, "InvalidSignatureException", mismatch},
		"host not signed": {signed{tamper: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "host;", "", 1))
		}}, "InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization."},
		"other date": {signed{tamper: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260101") }},
			"IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '20260101'. See http://en.wikipedia.org/wiki/ISO_8601"},
		"other scope date": {signed{tamper: func(r *http.Request) {
			today := time.Now().UTC().Format("20060102")
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/"+today+"/", "/20200101/", 1))
		}}, "InvalidSignatureException", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200101' != "},
	}
	onTransports(t, wire.Options{Operations: newFake().operations(), Keys: authKeys}, func(t *testing.T, tr transport) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := tr.sendRequest(t, tt.signed.request(t, tr.url))
				if tt.code == "" {
					if got.status != 200 || !strings.Contains(got.body, "111122223333") {
						t.Errorf("got %d %s", got.status, got.body)
					}
					return
				}
				want := `{"__type":"com.amazon.coral.service#` + tt.code + `","message":"` + tt.text
				if got.status != 400 || !strings.HasPrefix(got.body, want) {
					t.Errorf("got %d %s\nwant %s", got.status, got.body, want)
				}
			})
		}
	})
}

func TestVerificationRefusesUnsigned(t *testing.T) {
	onTransports(t, wire.Options{Operations: newFake().operations(), Keys: wire.Keys{}}, func(t *testing.T, tr transport) {
		got := tr.send(t, call{auth: none, body: "{}"})
		if got.status != 400 || !strings.Contains(got.body, "MissingAuthenticationTokenException") {
			t.Errorf("got %d %s", got.status, got.body)
		}
	})
}
