package wire

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// vectors are signed requests of the test suite that AWS publishes for Signature
// Version 4 (in its repository aws-c-auth, under tests/aws-signing-test-suite):
// the request line, the headers that are not in every one of them, the body, and
// the signature. All are made with the key AKIDEXAMPLE at 20150830T123600Z for the
// service "service" in us-east-1. Left out are headers folded over several lines, which
// HTTP no longer has, and paths that are signed as they are, as only S3 does.
var vectors = map[string]struct {
	line    string
	headers string // as sent; more than host and x-amz-date are signed
	signed  string // names of the signed headers, "host;x-amz-date" if empty
	body    string
	want    string
}{
	"vanilla": {"GET /", "", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	"post":    {"POST /", "", "", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	"header key duplicate": {"GET /", "My-Header1:value2\nMy-Header1:value2\nMy-Header1:value1\n", "host;my-header1;x-amz-date", "",
		"c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	"header value order": {"GET /", "My-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2\n", "host;my-header1;x-amz-date", "",
		"08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	"header value trim": {"GET /", "My-Header1: value1\nMy-Header2: \"a   b   c\"\n", "host;my-header1;my-header2;x-amz-date", "",
		"acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	"header key sort": {"POST /", "My-Header1:value1\n", "host;my-header1;x-amz-date", "",
		"c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
	"relative":           {"GET /example1/example2/../..", "", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	"slash dot slash":    {"GET /./", "", "", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	"slash pointless":    {"GET /./example", "", "", "", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"},
	"slashes":            {"GET //example//", "", "", "", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"},
	"space":              {"GET /example space/", "", "", "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
	"utf-8":              {"GET /\u1234", "", "", "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	"unreserved":         {"GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "", "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	"query":              {"GET /?Param1=value1", "", "", "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	"query order":        {"GET /?Param2=value2&Param1=value1", "", "", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	"query order, bytes": {"GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "", "", "", "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
	"query unreserved": {"GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
		"", "", "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
	"form": {"POST /", "Content-Type:application/x-www-form-urlencoded\nContent-Length:13\n" +
		"x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n",
		"content-length;content-type;host;x-amz-content-sha256;x-amz-date", "Param1=value1",
		"d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
	"session token": {"GET /", "X-Amz-Security-Token:6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267\n",
		"host;x-amz-date;x-amz-security-token", "", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
	"presigned": {"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&" +
		"X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=ignored", "", "host", "",
		"e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
	"presigned, utf-8": {"GET /?\u1234=bar&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request&" +
		"X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Signature=ignored", "", "host", "",
		"0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
}

// vectorHeader is a header as net/textproto reads it.
type vectorHeader textproto.MIMEHeader

func (h vectorHeader) Get(name string) string    { return textproto.MIMEHeader(h).Get(name) }
func (h vectorHeader) Joined(name string) string { return strings.Join(h[name], ",") }

func TestSignatureVectors(t *testing.T) {
	const secret, at = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830T123600Z"
	id := &identity{date: at[:8], service: "service"}
	id.namespace.Region = "us-east-1"
	id.signingKey = signingKey(secret, id.date, id.namespace.Region, id.service)
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			header, err := textproto.NewReader(bufio.NewReader(strings.NewReader(v.headers + "X-Amz-Date:" + at + "\n\n"))).ReadMIMEHeader()
			if err != nil {
				t.Fatal(err)
			}
			method, target, _ := strings.Cut(v.line, " ")
			path, query, _ := strings.Cut(target, "?")
			req := &Request{Method: method, Path: path, Query: query, Host: "example.amazonaws.com", Header: vectorHeader(header), Body: []byte(v.body)}
			sig := &signature{date: at, signedHeaders: v.signed}
			if v.signed == "" {
				sig.signedHeaders = "host;x-amz-date"
			}
			if got := hex.EncodeToString(sign(req, sig, id)); got != v.want {
				t.Errorf("signature %s, want %s; of\n%s", got, v.want, canonicalRequest(req, sig))
			}
			req.Body = append(bytes.Clone(req.Body), 'x')
			if hex.EncodeToString(sign(req, sig, id)) == v.want {
				t.Error("another body has the same signature")
			}
		})
	}
}

// A signature is good for a quarter of an hour either way, a presigned one for as
// long as it says, up to a week.
func TestSignatureAge(t *testing.T) {
	now := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, c := range []struct {
		age     time.Duration
		expires string // presigned if not empty
		want    string // in the error; "" if there is none
	}{
		{0, "", ""},
		{15 * time.Minute, "", ""},
		{15*time.Minute + time.Second, "", "Signature expired"},
		{-15 * time.Minute, "", ""},
		{-15*time.Minute - time.Second, "", "not yet current"},
		{time.Hour, "3600", ""},
		{time.Hour + time.Second, "3600", "Signature expired"},
		{-16 * time.Minute, "3600", "not yet current"},
		{0, "604800", ""},
		{0, "604801", "X-Amz-Expires"},
		{0, "-1", "X-Amz-Expires"},
		{0, "soon", "X-Amz-Expires"},
	} {
		date := now.Add(-c.age)
		sig := &signature{date: date.Format(basicFormat), presigned: c.expires != "", expires: c.expires}
		err := checkDate(sig, date, now)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("age %v, expires %q: %v", c.age, c.expires, err)
		}
	}
}
