package iam

import "strings"

// Request is what is to be decided.
type Request struct {
	Principal Principal
	// Action is service:Operation, such as dynamodb:GetItem.
	Action string
	// Resource is the ARN of what the action is done to, or "*".
	Resource string
	// Owner is the account of the resource.
	Owner string
	// Context returns the values of a condition key, given in lower case; none
	// if the request does not have it. It may be nil.
	Context func(key string) []string
}

// values returns the values of a condition key, in lower case.
func (r *Request) values(key string) []string {
	switch key {
	case "aws:principalarn":
		return []string{r.Principal.ARN}
	case "aws:principalaccount":
		return []string{r.Principal.Account}
	case "aws:principaltype":
		if r.Principal.Name == "" {
			return []string{"Account"}
		}
		return []string{"User"}
	case "aws:username":
		if r.Principal.Name == "" {
			return nil
		}
		return []string{r.Principal.Name}
	case "aws:resourceaccount":
		return []string{r.Owner}
	}
	if r.Context == nil {
		return nil
	}
	return r.Context(key)
}

// Effect is what a policy says of a request.
type Effect uint8

// The effects, in the order of their strength.
const (
	Silent Effect = iota // nothing
	// AllowAccount allows the account of the principal, which must allow the
	// principal in turn.
	AllowAccount
	Allow
	Deny
)

// Evaluate returns what the policy says of a request. A nil policy is silent.
func (p *Policy) Evaluate(r *Request) Effect {
	if p == nil {
		return Silent
	}
	effect := Silent
	action := strings.ToLower(r.Action)
	for i := range p.statements {
		effect = max(effect, p.statements[i].evaluate(r, action))
	}
	return effect
}

func (s *statement) evaluate(r *Request, action string) Effect {
	named := byName
	if s.principals != nil {
		named = s.principals.of(&r.Principal)
	}
	if named == unnamed || !s.actions.match(action, r) || !s.resources.match(r.Resource, r) {
		return Silent
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r) {
			return Silent
		}
	}
	switch {
	case s.deny:
		return Deny
	case named == byAccount:
		return AllowAccount
	}
	return Allow
}

// Decision is what all policies come to.
type Decision struct {
	Allowed bool
	// Why is the end of the service's message when the request is refused, such
	// as "because no identity-based policy allows the dynamodb:GetItem action".
	Why string
}

// Decide evaluates the policies of an identity and that of a resource. Without
// identity policies (nil) the identity may do what its account may.
func Decide(identity []*Policy, resource *Policy, r *Request) Decision {
	mine := Silent
	if identity == nil {
		mine = Allow
	}
	for _, p := range identity {
		mine = max(mine, p.Evaluate(r))
	}
	theirs := resource.Evaluate(r)
	switch {
	case mine == Deny:
		return Decision{Why: "with an explicit deny in an identity-based policy"}
	case theirs == Deny:
		return Decision{Why: "with an explicit deny in a resource-based policy"}
	case r.Owner == r.Principal.Account && (mine == Allow || theirs == Allow):
		return Decision{Allowed: true}
	case r.Owner != r.Principal.Account && theirs == Silent:
		return Decision{Why: "because no resource-based policy allows the " + r.Action + " action"}
	case mine != Allow:
		return Decision{Why: "because no identity-based policy allows the " + r.Action + " action"}
	}
	return Decision{Allowed: true}
}
