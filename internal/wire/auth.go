package wire

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// Keys are the access keys whose requests are accepted, by key id.
type Keys map[string]Key

// Key is one of Keys.
type Key struct {
	Secret string
	// Account is the account whose tables and queues the key sees, 12 digits. If
	// empty, it follows from the key id as if any key were accepted.
	Account string
	// Token is the session token that requests with the key must carry, if it is a
	// temporary one.
	Token string
}

// identity is who a credential (a key id and the scope of a signature) stands
// for. It is immutable.
type identity struct {
	namespace api.Namespace
	accessKey string
	date      string // of the scope
	service   string // of the scope
	// signingKey is derived from the secret for this scope; nil where signatures
	// are not verified.
	signingKey []byte
	token      string // that the requests must carry; "" for none
}

// authenticator finds out who sent a request.
type authenticator struct {
	keys       Keys
	identities cache[*identity] // by credential
}

// authenticate returns the identity behind a request. With keys, it verifies the
// signature.
func (a *authenticator) authenticate(req *Request, svc *service) (*identity, error) {
	sig, err := parseSignature(req)
	if err != nil {
		return nil, err
	}
	if a.keys == nil {
		return a.identify(&sig)
	}
	if err := checkHead(&sig); err != nil {
		return nil, err
	}
	id, err := a.identify(&sig)
	if err != nil {
		return nil, err
	}
	return id, verify(req, &sig, id, svc)
}

// identify resolves the credential of a signature.
func (a *authenticator) identify(sig *signature) (*identity, error) {
	if sig.algorithm != algorithmName {
		return nil, api.Errorf("IncompleteSignatureException",
			"Unsupported AWS 'algorithm': '%s' (only %s for now). ", sig.algorithm, algorithmName)
	}
	if id, ok := a.identities.get(sig.credential); ok {
		return id, nil
	}
	credential := strings.Clone(sig.credential)
	id, err := a.resolve(credential)
	if err != nil {
		return nil, err
	}
	a.identities.put(credential, id)
	return id, nil
}

// resolve takes a credential apart.
func (a *authenticator) resolve(credential string) (*identity, error) {
	parts := strings.Split(strings.TrimRight(credential, "/"), "/")
	if len(parts) != 5 {
		return nil, api.Errorf("IncompleteSignatureException", "Credential must have exactly 5 slash-delimited "+
			"elements, e.g. keyid/date/region/service/term, got '%s'", credential)
	}
	keyID, date, region := parts[0], parts[1], parts[2]
	id := &identity{accessKey: keyID, date: date, service: parts[3]}
	id.namespace.Region = region
	if err := checkScope(region, parts[4]); err != nil {
		return nil, err
	}
	if a.keys == nil {
		if keyID == "" || len(keyID) > 128 {
			return nil, errUnrecognized()
		}
		id.namespace.Account = accountOf(keyID)
		return id, nil
	}
	key, ok := a.keys[keyID]
	if !ok {
		return nil, errUnrecognized()
	}
	if id.namespace.Account = key.Account; key.Account == "" {
		id.namespace.Account = accountOf(keyID)
	}
	id.token = key.Token
	id.signingKey = signingKey(key.Secret, date, region, id.service)
	return id, nil
}

func checkScope(region, term string) error {
	var b strings.Builder
	if !isRegion(region) {
		b.WriteString("Credential should be scoped to a valid region, not '" + region + "'. ")
	}
	if term != "aws4_request" {
		b.WriteString("Credential should be scoped with a valid terminator: 'aws4_request', not '" + term + "'. ")
	}
	if b.Len() > 0 {
		return api.Errorf("InvalidSignatureException", "%s", b.String())
	}
	return nil
}

// isRegion reports whether s may name a region. Any name will do, since a region
// is just a namespace here; it becomes a part of ARNs and of keys in the store.
func isRegion(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func errUnrecognized() error {
	return api.Errorf("UnrecognizedClientException", "The security token included in the request is invalid.")
}
