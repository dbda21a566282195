package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MaxDocument is the size in bytes of the longest document that Parse takes:
// 20 KB, the limit of a DynamoDB resource policy; no other is larger.
const MaxDocument = 20 << 10

// Kind is what a policy is attached to.
type Kind uint8

// The kinds of policy.
const (
	IdentityPolicy Kind = iota // of a user; has no principals
	ResourcePolicy             // of a table, stream or queue; names principals
)

// Policy is a parsed policy document.
type Policy struct {
	statements []statement
}

// statement is one entry of a document.
type statement struct {
	deny       bool
	principals *principals // nil in an identity policy
	actions    elements
	resources  elements
	conditions []condition
}

// elements is a list of patterns, or all that none of them matches.
type elements struct {
	not      bool
	patterns []pattern
}

// document and the types below mirror the JSON.
type document struct {
	Version   string
	ID        string `json:"Id"`
	Statement statementList
}

type rawStatement struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       texts
	NotAction    texts
	Resource     texts
	NotResource  texts
	Condition    map[string]map[string]texts
}

// statementList is one statement or a list of them.
type statementList []rawStatement

func (l *statementList) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte("[")) {
		return decodeStrict(data, (*[]rawStatement)(l))
	}
	var one rawStatement
	if err := decodeStrict(data, &one); err != nil {
		return err
	}
	*l = statementList{one}
	return nil
}

// texts is one text or a list of them. Numbers and booleans, which conditions
// may have, count as their text.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	var list []json.RawMessage
	if bytes.HasPrefix(data, []byte("[")) {
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
	} else {
		list = []json.RawMessage{data}
	}
	*t = make(texts, 0, len(list)) // present, even if empty
	for _, raw := range list {
		text := string(raw)
		switch {
		case raw[0] == '"':
			if err := json.Unmarshal(raw, &text); err != nil {
				return err
			}
		case raw[0] == '{' || raw[0] == '[' || text == "null":
			return errors.New("a value must be a string")
		}
		*t = append(*t, text)
	}
	return nil
}

func decodeStrict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// Parse reads a policy document. Its error says in words what is wrong with it.
func Parse(text string, kind Kind) (*Policy, error) {
	if len(text) > MaxDocument {
		return nil, fmt.Errorf("the document is larger than %d bytes", MaxDocument)
	}
	var doc document
	if err := decodeStrict([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("syntax error: %w", err)
	}
	switch doc.Version {
	case "", "2008-10-17", "2012-10-17":
	default:
		return nil, fmt.Errorf("unknown version %q", doc.Version)
	}
	if len(doc.Statement) == 0 {
		return nil, errors.New("there is no statement")
	}
	variables := doc.Version == "2012-10-17"
	p := &Policy{statements: make([]statement, len(doc.Statement))}
	for i := range doc.Statement {
		if err := p.statements[i].parse(&doc.Statement[i], kind, variables); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
	}
	return p, nil
}

func (s *statement) parse(raw *rawStatement, kind Kind, variables bool) (err error) {
	switch raw.Effect {
	case "Allow":
	case "Deny":
		s.deny = true
	default:
		return fmt.Errorf("the effect must be Allow or Deny, not %q", raw.Effect)
	}
	if s.principals, err = parsePrincipals(raw, kind); err != nil {
		return err
	}
	if s.actions, err = parseElements("Action", raw.Action, raw.NotAction, false); err != nil {
		return err
	}
	for i := range s.actions.patterns {
		s.actions.patterns[i].foldCase()
	}
	if raw.Resource == nil && raw.NotResource == nil && kind == ResourcePolicy {
		raw.Resource = texts{"*"} // the resource that has the policy
	}
	if s.resources, err = parseElements("Resource", raw.Resource, raw.NotResource, variables); err != nil {
		return err
	}
	s.conditions, err = parseConditions(raw.Condition, variables)
	return err
}

func parseElements(name string, is, not texts, variables bool) (e elements, err error) {
	switch {
	case is != nil && not != nil:
		return e, fmt.Errorf("only one of %s and Not%s may be given", name, name)
	case len(is) == 0 && len(not) == 0:
		return e, fmt.Errorf("%s is missing", name)
	case is == nil:
		e.not, is = true, not
	}
	e.patterns = make([]pattern, len(is))
	for i, text := range is {
		if name == "Action" && text != "*" && !strings.Contains(text, ":") {
			return e, fmt.Errorf("the action %q has no service", text)
		}
		if e.patterns[i], err = parsePattern(text, variables); err != nil {
			return e, err
		}
	}
	return e, nil
}

// match reports whether text is among the elements.
func (e *elements) match(text string, r *Request) bool {
	for i := range e.patterns {
		if e.patterns[i].match(text, r) {
			return !e.not
		}
	}
	return e.not
}
