package sqs

import (
	"encoding/json"
	"slices"
)

// policyDocument is the policy of a queue taken apart as far as labels need it:
// statements that have none of them stay as they were written.
type policyDocument struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// policyStatement is a statement as AddPermission makes it.
type policyStatement struct {
	Sid       string          `json:"Sid"`
	Effect    string          `json:"Effect"`
	Principal policyPrincipal `json:"Principal"`
	Action    oneOrMany       `json:"Action"`
	Resource  string          `json:"Resource"`
}

type policyPrincipal struct {
	AWS oneOrMany `json:"AWS"`
}

// oneOrMany is a list of texts that stands for itself if there is one only.
type oneOrMany []string

// MarshalJSON implements json.Marshaler.
func (l oneOrMany) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]string(l))
}

// readPolicy takes apart the policy of a queue, and makes an empty one of none.
func readPolicy(text string, queue arn) (*policyDocument, error) {
	if text == "" {
		return &policyDocument{Version: "2008-10-17", ID: queue.String() + "/SQSDefaultPolicy"}, nil
	}
	var p struct {
		policyDocument
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, err
	}
	if len(p.Statement) > 0 && p.Statement[0] == '[' {
		return &p.policyDocument, json.Unmarshal(p.Statement, &p.policyDocument.Statement)
	}
	p.policyDocument.Statement = []json.RawMessage{p.Statement}
	return &p.policyDocument, nil
}

// text is the policy as the attribute has it, "" if it says nothing.
func (p *policyDocument) text() (string, error) {
	if len(p.Statement) == 0 {
		return "", nil
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// find returns the place of the statement with a label, -1 if there is none.
func (p *policyDocument) find(label string) int {
	return slices.IndexFunc(p.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

func (p *policyDocument) add(s *policyStatement) error {
	raw, err := json.Marshal(s)
	p.Statement = append(p.Statement, raw)
	return err
}

func (p *policyDocument) remove(at int) { p.Statement = slices.Delete(p.Statement, at, at+1) }
