package iam

import (
	"strings"
	"testing"
)

const (
	orders = "arn:aws:dynamodb:us-east-1:111122223333:table/Orders"
	owner  = "111122223333"
	other  = "444455556666"
)

func parse(t *testing.T, kind Kind, text string) *Policy {
	t.Helper()
	p, err := Parse(text, kind)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return p
}

func identity(t *testing.T, statement string) *Policy {
	t.Helper()
	return parse(t, IdentityPolicy, `{"Version":"2012-10-17","Statement":[`+statement+`]}`)
}

func TestActionsAndResources(t *testing.T) {
	for _, c := range []struct {
		statement, action, resource string
		want                        Effect
	}{
		{`{"Effect":"Allow","Action":"*","Resource":"*"}`, "dynamodb:GetItem", orders, Allow},
		{`{"Effect":"Allow","Action":"dynamodb:getitem","Resource":"` + orders + `"}`, "dynamodb:GetItem", orders, Allow},
		{`{"Effect":"Allow","Action":"dynamodb:Get*","Resource":"` + orders + `"}`, "dynamodb:PutItem", orders, Silent},
		{`{"Effect":"Allow","Action":["dynamodb:Pu?Item"],"Resource":["` + orders + `"]}`, "dynamodb:PutItem", orders, Allow},
		{`{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/orders"}`, "dynamodb:PutItem", orders, Silent},
		{`{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + orders + `"}`, "dynamodb:Query", orders + "/index/By", Silent},
		{`{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + orders + `/index/*"}`, "dynamodb:Query", orders + "/index/By", Allow},
		{`{"Effect":"Allow","NotAction":"dynamodb:Delete*","Resource":"*"}`, "dynamodb:DeleteItem", orders, Silent},
		{`{"Effect":"Allow","NotAction":"dynamodb:Delete*","Resource":"*"}`, "sqs:SendMessage", orders, Allow},
		{`{"Effect":"Allow","Action":"*","NotResource":"` + orders + `"}`, "dynamodb:GetItem", orders, Silent},
		{`{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}`, "a:B", "*", Deny},
		{`{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:us-east-1:` + owner + `:table/${aws:username}"}`, "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:" + owner + ":table/shop", Allow},
		{`{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:us-east-1:` + owner + `:table/${aws:username}"}`, "dynamodb:GetItem", orders, Silent},
		{`{"Effect":"Allow","Action":"*","Resource":"x${*}"}`, "a:B", "x*", Allow},
		{`{"Effect":"Allow","Action":"*","Resource":"x${*}"}`, "a:B", "xy", Silent},
		{`{"Effect":"Allow","Action":"*","Resource":"${aws:nothing, 'preset'}"}`, "a:B", "preset", Allow},
		{`{"Effect":"Allow","Action":"*","Resource":"${aws:nothing}"}`, "a:B", "${aws:nothing}", Silent},
	} {
		r := &Request{Principal: User(owner, "shop"), Action: c.action, Resource: c.resource, Owner: owner}
		if got := identity(t, c.statement).Evaluate(r); got != c.want {
			t.Errorf("%s: %s on %s: got %d, want %d", c.statement, c.action, c.resource, got, c.want)
		}
	}
}

func TestPrincipals(t *testing.T) {
	for _, c := range []struct {
		principal string
		want      Effect
	}{
		{`"Principal":"*"`, Allow},
		{`"Principal":{"AWS":"*"}`, Allow},
		{`"Principal":{"AWS":"arn:aws:iam::444455556666:user/shop"}`, Allow},
		{`"Principal":{"AWS":["arn:aws:iam::444455556666:user/other"]}`, Silent},
		{`"Principal":{"AWS":"444455556666"}`, AllowAccount},
		{`"Principal":{"AWS":"arn:aws:iam::444455556666:root"}`, AllowAccount},
		{`"Principal":{"Service":"lambda.amazonaws.com"}`, Silent},
		{`"NotPrincipal":{"AWS":"444455556666"}`, Silent},
		{`"NotPrincipal":{"AWS":"111122223333"}`, Allow},
	} {
		p := parse(t, ResourcePolicy, `{"Statement":{"Effect":"Allow",`+c.principal+`,"Action":"dynamodb:GetItem","Resource":"*"}}`)
		r := &Request{Principal: User(other, "shop"), Action: "dynamodb:GetItem", Resource: orders, Owner: owner}
		if got := p.Evaluate(r); got != c.want {
			t.Errorf("%s: got %d, want %d", c.principal, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	context := map[string][]string{
		"aws:sourceip": {"10.1.2.3"}, "aws:securetransport": {"false"}, "aws:currenttime": {"2026-11-26T10:00:00Z"},
		"aws:epochtime": {"1795687200"}, "dynamodb:leadingkeys": {"a", "b"}, "dynamodb:select": {"COUNT"}, "aws:sourcearn": {"arn:aws:sns:us-east-1:1:topic/x"},
	}
	for _, c := range []struct {
		condition string
		want      bool
	}{
		{`"StringEquals":{"dynamodb:Select":"COUNT"}`, true},
		{`"StringEquals":{"DYNAMODB:select":["X","COUNT"]}`, true},
		{`"StringEquals":{"dynamodb:Select":"count"}`, false},
		{`"StringEqualsIgnoreCase":{"dynamodb:Select":"count"}`, true},
		{`"StringNotEquals":{"dynamodb:Select":"COUNT"}`, false},
		{`"StringNotEquals":{"dynamodb:Missing":"COUNT"}`, true},
		{`"StringEquals":{"dynamodb:Missing":"COUNT"}`, false},
		{`"StringEqualsIfExists":{"dynamodb:Missing":"COUNT"}`, true},
		{`"StringLike":{"dynamodb:Select":"C*T"}`, true},
		{`"StringNotLike":{"dynamodb:Select":"C*T"}`, false},
		{`"StringEquals":{"dynamodb:Select":"C*T"}`, false},
		{`"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a","b","c"]}`, true},
		{`"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}`, false},
		{`"ForAllValues:StringEquals":{"dynamodb:Missing":["a"]}`, true},
		{`"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["b"]}`, true},
		{`"ForAnyValue:StringEquals":{"dynamodb:Missing":["b"]}`, false},
		{`"ForAnyValue:StringNotEquals":{"dynamodb:LeadingKeys":["b"]}`, true},
		{`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`, true},
		{`"IpAddress":{"aws:SourceIp":["10.1.2.4","192.168.0.0/16"]}`, false},
		{`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`, false},
		{`"Bool":{"aws:SecureTransport":true}`, false},
		{`"Bool":{"aws:SecureTransport":"false"}`, true},
		{`"DateLessThan":{"aws:CurrentTime":"2026-11-27T00:00:00Z"}`, true},
		{`"DateGreaterThan":{"aws:CurrentTime":"2026-11-26T12:00:00+01:00"}`, false},
		{`"NumericGreaterThanEquals":{"aws:EpochTime":1795687200}`, true},
		{`"NumericLessThan":{"aws:EpochTime":"1795687200"}`, false},
		{`"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:topic/*"}`, true},
		{`"ArnLike":{"aws:SourceArn":"arn:aws:*:topic/x"}`, false},
		{`"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:*:topic/*"}`, false},
		{`"Null":{"aws:SourceArn":"false"}`, true},
		{`"Null":{"aws:SourceArn":"true"}`, false},
		{`"Null":{"aws:TokenIssueTime":true}`, true},
		{`"StringEquals":{"aws:PrincipalAccount":"111122223333"},"Null":{"aws:SourceArn":"false"}`, true},
		{`"StringEquals":{"aws:PrincipalAccount":"111122223333"},"Bool":{"aws:SecureTransport":"true"}`, false},
	} {
		p := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{`+c.condition+`}}`)
		r := &Request{Principal: User(owner, "shop"), Action: "dynamodb:Query", Resource: orders, Owner: owner,
			Context: func(key string) []string { return context[key] }}
		if got := p.Evaluate(r) == Allow; got != c.want {
			t.Errorf("%s: got %v, want %v", c.condition, got, c.want)
		}
	}
}

// The table of "Policy evaluation logic": who must allow what.
func TestDecide(t *testing.T) {
	allow := identity(t, `{"Effect":"Allow","Action":"*","Resource":"*"}`)
	silent := identity(t, `{"Effect":"Allow","Action":"sqs:*","Resource":"*"}`)
	deny := identity(t, `{"Effect":"Deny","Action":"dynamodb:*","Resource":"*"}`)
	resource := func(effect, principal string) *Policy {
		return parse(t, ResourcePolicy, `{"Statement":[{"Effect":"`+effect+`","Principal":{"AWS":"`+principal+`"},"Action":"dynamodb:GetItem"}]}`)
	}
	for _, c := range []struct {
		name     string
		account  string
		identity []*Policy
		resource *Policy
		why      string // "" if allowed
	}{
		{"no policies at all", owner, nil, nil, ""},
		{"the identity's allows", owner, []*Policy{silent, allow}, nil, ""},
		{"none allows", owner, []*Policy{silent}, nil, "because no identity-based policy allows the dynamodb:GetItem action"},
		{"an empty list allows nothing", owner, []*Policy{}, nil, "because no identity-based policy allows the dynamodb:GetItem action"},
		{"a deny wins", owner, []*Policy{allow, deny}, resource("Allow", "*"), "with an explicit deny in an identity-based policy"},
		{"the resource's deny wins", owner, []*Policy{allow}, resource("Deny", "*"), "with an explicit deny in a resource-based policy"},
		{"the resource's allows the user", owner, []*Policy{silent}, resource("Allow", "arn:aws:iam::111122223333:user/shop"), ""},
		{"the resource's allows the account only", owner, []*Policy{silent}, resource("Allow", owner), "because no identity-based policy allows the dynamodb:GetItem action"},
		{"across accounts, the resource must allow", other, nil, nil, "because no resource-based policy allows the dynamodb:GetItem action"},
		{"across accounts, both allow", other, []*Policy{allow}, resource("Allow", other), ""},
		{"across accounts, the identity must allow", other, []*Policy{silent}, resource("Allow", "*"), "because no identity-based policy allows the dynamodb:GetItem action"},
	} {
		r := &Request{Principal: User(c.account, "shop"), Action: "dynamodb:GetItem", Resource: orders, Owner: owner}
		if got := Decide(c.identity, c.resource, r); got.Why != c.why || got.Allowed != (c.why == "") {
			t.Errorf("%s: got %+v, want %q", c.name, got, c.why)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct {
		kind       Kind
		text, want string
	}{
		{IdentityPolicy, `{`, "syntax error"},
		{IdentityPolicy, `{"Version":"2013-01-01","Statement":[]}`, "unknown version"},
		{IdentityPolicy, `{"Statement":[]}`, "no statement"},
		{IdentityPolicy, `{"Statement":{"Effect":"Permit","Action":"*","Resource":"*"}}`, "must be Allow or Deny"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Resource":"*"}}`, "Action is missing"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*"}}`, "Resource is missing"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":[],"Resource":"*"}}`, "Action is missing"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}`, "only one of"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"GetItem","Resource":"*"}}`, "no service"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`, "no Principal"},
		{ResourcePolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "Principal is missing"},
		{ResourcePolicy, `{"Statement":{"Effect":"Allow","Principal":"me","Action":"*","Resource":"*"}}`, "invalid principal"},
		{ResourcePolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"me"},"Action":"*","Resource":"*"}}`, "invalid principal"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Equals":{"a":"b"}}}}`, "unknown condition operator"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"a":"1e999999999"}}}}`, "is no value for"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Extra":1}}`, "unknown field"},
		{IdentityPolicy, `{"Statement":{"Effect":"Allow","Action":{"a":"b"},"Resource":"*"}}`, "must be a string"},
		{IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"${a"}}`, "not closed"},
		{IdentityPolicy, strings.Repeat(" ", MaxDocument+1), "larger than"},
	} {
		if _, err := Parse(c.text, c.kind); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%.80s): got %v, want %q", c.text, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"a*b?${aws:username, 'x'}","Condition":{"StringLike":{"a":"*"}}}]}`)
	f.Add(`{"Statement":{"Effect":"Deny","Principal":{"AWS":["*"]},"NotAction":"dynamodb:*"}}`)
	f.Fuzz(func(_ *testing.T, text string) {
		for _, kind := range []Kind{IdentityPolicy, ResourcePolicy} {
			if p, err := Parse(text, kind); err == nil {
				p.Evaluate(&Request{Principal: User(owner, "u"), Action: "a:B", Resource: orders, Owner: owner})
			}
		}
	})
}
