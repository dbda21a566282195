package server

import (
	"fmt"

	"github.com/levee-io/levee/internal/authz"
	"github.com/levee-io/levee/internal/iam"
	"github.com/levee-io/levee/internal/wire"
)

// Key is an access key that is accepted.
type Key struct {
	Secret string
	// Account is the account that the key belongs to, 12 digits. If empty, it
	// follows from the key id.
	Account string
	// User is the name of the user whose key it is; if empty, the key is that of
	// the account itself.
	User string
	// Policy is what the user may do, a policy document of IAM. If empty, whatever
	// the account may do.
	Policy string
	// Token is the session token that requests must carry, if the key is a temporary
	// one.
	Token string
}

// Keys are the accepted access keys by key id.
type Keys map[string]Key

// wire returns what the wire needs of the keys.
func (k Keys) wire() wire.Keys {
	if k == nil {
		return nil
	}
	keys := make(wire.Keys, len(k))
	for id, key := range k {
		keys[id] = wire.Key{Secret: key.Secret, Account: key.Account, Token: key.Token}
	}
	return keys
}

// identities returns what the guard needs of the keys.
func (k Keys) identities() (map[string]authz.Identity, error) {
	list := make(map[string]authz.Identity, len(k))
	for id, key := range k {
		who := authz.Identity{User: key.User}
		if key.Policy != "" {
			p, err := iam.Parse(key.Policy, iam.IdentityPolicy)
			if err != nil {
				return nil, fmt.Errorf("policy of access key %s: %w", id, err)
			}
			who.Policies = []*iam.Policy{p}
		}
		list[id] = who
	}
	return list, nil
}
