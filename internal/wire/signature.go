package wire

import (
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// signature is a request's AWS Signature Version 4, as parsed and not verified.
type signature struct {
	algorithm     string
	credential    string // access key/date/region/service/aws4_request
	signedHeaders string // lower-case names with semicolons between them
	hex           string
	date          string // of the request, as 20060102T150405Z or in another form of HTTP
	presigned     bool   // it came in the query string
	expires       string // seconds from date; presigned only
	token         string // the session token
}

const algorithmName = "AWS4-HMAC-SHA256"

// parseSignature finds the signature of a request. The errors and their order
// are the services'.
func parseSignature(req *Request) (signature, error) {
	header := req.Header.Get("Authorization")
	presigned := strings.Contains(req.Query, "X-Amz-Algorithm")
	switch {
	case header != "" && presigned:
		return signature{}, api.Errorf("InvalidSignatureException",
			"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
	case presigned:
		return parsePresigned(req.Query)
	}
	header = strings.TrimSpace(header)
	if !strings.HasPrefix(header, "AWS4-") {
		return signature{}, api.Errorf("MissingAuthenticationTokenException", "Request is missing Authentication Token")
	}
	return parseHeader(header, req.Header)
}

func parseHeader(header string, headers Header) (signature, error) {
	s := signature{date: headers.Get("X-Amz-Date"), token: headers.Get("X-Amz-Security-Token")}
	if s.date == "" {
		s.date = headers.Get("Date")
	}
	for rest := header; rest != ""; {
		var part string
		part, rest = cutAtSeparator(rest)
		if s.algorithm == "" {
			s.algorithm = part
			continue
		}
		switch name, value, _ := strings.Cut(part, "="); name {
		case "Credential":
			s.credential = value
		case "SignedHeaders":
			s.signedHeaders = value
		case "Signature":
			s.hex = value
		}
	}
	if s.credential == "" || s.hex == "" || s.signedHeaders == "" || s.date == "" {
		return s, incompleteHeader(&s, header)
	}
	return s, nil
}

// cutAtSeparator cuts s around its first comma or space.
func cutAtSeparator(s string) (part, rest string) {
	end := len(s)
	if i := strings.IndexByte(s, ','); i >= 0 {
		end = i
	}
	if i := strings.IndexByte(s[:end], ' '); i >= 0 {
		end = i
	}
	return s[:end], s[min(end+1, len(s)):]
}

func incompleteHeader(s *signature, header string) error {
	var b strings.Builder
	for _, part := range [...]struct{ name, value string }{
		{"Credential", s.credential}, {"Signature", s.hex}, {"SignedHeaders", s.signedHeaders},
	} {
		if part.value == "" {
			b.WriteString("Authorization header requires '" + part.name + "' parameter. ")
		}
	}
	if s.date == "" {
		b.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	b.WriteString("Authorization=" + header)
	return api.Errorf("IncompleteSignatureException", "%s", b.String())
}

func parsePresigned(query string) (signature, error) {
	// What cannot be parsed is as good as absent.
	values, _ := url.ParseQuery(query)
	s := signature{
		algorithm:     values.Get("X-Amz-Algorithm"),
		credential:    values.Get("X-Amz-Credential"),
		signedHeaders: values.Get("X-Amz-SignedHeaders"),
		hex:           values.Get("X-Amz-Signature"),
		date:          values.Get("X-Amz-Date"),
		expires:       values.Get("X-Amz-Expires"),
		token:         values.Get("X-Amz-Security-Token"),
		presigned:     true,
	}
	var b strings.Builder
	for _, name := range [...]string{
		"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date",
	} {
		if values.Get(name) == "" {
			b.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if b.Len() > 0 {
		return s, api.Errorf("IncompleteSignatureException", "%sRe-examine the query-string parameters.", b.String())
	}
	return s, nil
}
