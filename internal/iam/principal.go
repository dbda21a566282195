package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Principal is who makes a request.
type Principal struct {
	// ARN is the user's, such as arn:aws:iam::111122223333:user/shop.
	ARN string
	// Account is the 12-digit account of the user.
	Account string
	// Name is the user's name, "" for the account itself.
	Name string
}

// User returns the principal of a user of an account.
func User(account, name string) Principal {
	return Principal{ARN: "arn:aws:iam::" + account + ":user/" + name, Account: account, Name: name}
}

// Root returns the principal of an account itself.
func Root(account string) Principal {
	return Principal{ARN: "arn:aws:iam::" + account + ":root", Account: account}
}

// principals are those that a statement is about, or all others.
type principals struct {
	not  bool
	all  bool
	arns []string // of users and, as root, of accounts
}

func parsePrincipals(raw *rawStatement, kind Kind) (*principals, error) {
	has := raw.Principal != nil || raw.NotPrincipal != nil
	switch {
	case kind == IdentityPolicy && has:
		return nil, errors.New("a policy of an identity has no Principal")
	case kind == IdentityPolicy:
		return nil, nil
	case raw.Principal != nil && raw.NotPrincipal != nil:
		return nil, errors.New("only one of Principal and NotPrincipal may be given")
	case !has:
		return nil, errors.New("Principal is missing")
	}
	p, data := &principals{}, raw.Principal
	if data == nil {
		p.not, data = true, raw.NotPrincipal
	}
	return p, p.parse(data)
}

func (p *principals) parse(data json.RawMessage) error {
	var star string
	if json.Unmarshal(data, &star) == nil {
		if star != "*" {
			return fmt.Errorf("invalid principal %q", star)
		}
		p.all = true
		return nil
	}
	var byType map[string]texts
	if err := json.Unmarshal(data, &byType); err != nil {
		return errors.New("Principal must be \"*\" or an object")
	}
	for kind, list := range byType {
		switch kind {
		case "AWS":
			for _, text := range list {
				if err := p.add(text); err != nil {
					return err
				}
			}
		case "Service", "Federated", "CanonicalUser":
			// Nobody here is one of these.
		default:
			return fmt.Errorf("unknown type of principal %q", kind)
		}
	}
	return nil
}

func (p *principals) add(text string) error {
	switch {
	case text == "*":
		p.all = true
	case IsAccount(text):
		p.arns = append(p.arns, Root(text).ARN)
	case strings.HasPrefix(text, "arn:aws:iam::"), strings.HasPrefix(text, "arn:aws:sts::"):
		p.arns = append(p.arns, text)
	default:
		return fmt.Errorf("invalid principal %q", text)
	}
	return nil
}

// IsAccount reports whether s is a 12-digit account id.
func IsAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// reach is how a statement names a principal.
type reach uint8

const (
	unnamed   reach = iota
	byAccount       // its account, which leaves the decision to that account
	byName          // the principal itself, or everybody
)

// of says how the principal of a request is named.
func (p *principals) of(who *Principal) reach {
	named := unnamed
	switch {
	case p.all || slices.Contains(p.arns, who.ARN):
		named = byName
	case slices.Contains(p.arns, Root(who.Account).ARN):
		named = byAccount
	}
	if !p.not {
		return named
	}
	if named == unnamed {
		return byName
	}
	return unnamed
}
