package sqs

import (
	"encoding/json"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/iam"
)

// The limits of a queue's policy. Those of principals and conditions hold for a
// statement, as that of actions does: the guide does not say so, but 20
// statements of one condition each, such as topics make, are taken.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
const (
	maxPolicy     = 8192 // bytes
	maxStatements = 20
	maxActions    = 7 // also of one AddPermission
	maxPrincipals = 50
	maxConditions = 10
)

// checkPolicy checks a text that is to be the policy of a queue.
func checkPolicy(text string) error {
	if len(text) > maxPolicy {
		return api.Errorf(model.CodeOverLimit, "Submitted policy is over max allowed size.")
	}
	if _, err := iam.Parse(text, iam.ResourcePolicy); err != nil {
		return errAttributeValue(model.QueueAttributeNamePolicy)
	}
	p, err := readPolicy(text, arn{})
	if err != nil {
		return errAttributeValue(model.QueueAttributeNamePolicy)
	}
	if n := len(p.Statement); n > maxStatements {
		return api.Errorf(model.CodeOverLimit, "%d statements were found in the submitted policy, max allowed is %d", n, maxStatements)
	}
	for _, raw := range p.Statement {
		if err := checkStatement(raw); err != nil {
			return err
		}
	}
	return nil
}

// checkStatement checks how much is in a statement that is valid.
func checkStatement(raw json.RawMessage) error {
	var s struct {
		Action, NotAction, Principal, NotPrincipal json.RawMessage
		Condition                                  map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		return errAttributeValue(model.QueueAttributeNamePolicy)
	}
	conditions := 0
	for _, keys := range s.Condition {
		conditions += len(keys)
	}
	for _, limit := range []struct {
		what    string
		n, most int
	}{
		{"actions", countTexts(s.Action) + countTexts(s.NotAction), maxActions},
		{"principals", countTexts(s.Principal) + countTexts(s.NotPrincipal), maxPrincipals},
		{"conditions", conditions, maxConditions},
	} {
		if limit.n > limit.most {
			return api.Errorf(model.CodeOverLimit, "%d %s were found in a statement from the submitted policy, max allowed is %d",
				limit.n, limit.what, limit.most)
		}
	}
	return nil
}

// countTexts counts the texts of a member that is a text, a list of them or, as
// principals are, an object of such members.
func countTexts(raw json.RawMessage) int {
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case len(raw) == 0:
		return 0
	case json.Unmarshal(raw, &list) == nil:
		return len(list)
	case json.Unmarshal(raw, &object) == nil:
		n := 0
		for _, member := range object {
			n += countTexts(member)
		}
		return n
	}
	return 1
}
