package sqs

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// grantable are the actions that the owner of a queue can allow to others.
var grantable = []string{
	"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"PurgeQueue", "ReceiveMessage", "SendMessage",
}

// AddPermission adds a statement to the policy of a queue that allows actions to
// accounts.
func (e *Engine) AddPermission(_ context.Context, c *api.Caller, in *model.AddPermissionRequest) (*api.Empty, error) {
	return e.repolicy(c, in.QueueUrl.V, func(q *queue, p *policyDocument) error {
		principals, err := checkPermission(in)
		if err != nil {
			return err
		}
		if p.find(in.Label.V) >= 0 {
			return errParameter(in.Label.V, "Label", "Already exists.")
		}
		if n := len(p.Statement) + 1; n > maxStatements {
			return api.Errorf(model.CodeOverLimit, "%d Statements were found, maximum allowed is %d.", n, maxStatements)
		}
		actions := make([]string, len(in.Actions))
		for i, a := range in.Actions {
			actions[i] = "SQS:" + a
		}
		return p.add(&policyStatement{
			Sid: in.Label.V, Effect: "Allow", Principal: policyPrincipal{principals}, Action: actions, Resource: q.arn.String(),
		})
	})
}

// checkPermission checks the parameters and returns the principals that they name.
// Accounts that cannot be are left out, as long as one can.
func checkPermission(in *model.AddPermissionRequest) ([]string, error) {
	if len(in.Actions) == 0 {
		return nil, errMissing("Actions")
	}
	var principals []string
	for _, account := range in.AWSAccountIds {
		if len(account) == 12 && strings.Trim(account, "0123456789") == "" {
			principals = append(principals, "arn:aws:iam::"+account+":root")
		}
	}
	if principals == nil {
		return nil, errParameter("["+strings.Join(in.AWSAccountIds, ", ")+"]", "PrincipalId", "Unable to verify.")
	}
	if n := len(in.Actions); n > maxActions {
		return nil, api.Errorf(model.CodeOverLimit, "%d Actions were found, maximum allowed is %d.", n, maxActions)
	}
	for _, action := range in.Actions {
		switch {
		case slices.Contains(grantable, action):
		case slices.Contains(model.OperationNames, action):
			return nil, errParameter("SQS:"+action, "ActionName", "Only the queue owner is allowed to invoke this action.")
		default:
			return nil, errParameter("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions.")
		}
	}
	return principals, checkLabel(in.Label.V)
}

func checkLabel(label string) error {
	if label == "" {
		return errMissing("Label")
	}
	if !validName(label) {
		return errParameter(label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// repolicy edits the policy of a queue.
func (e *Engine) repolicy(c *api.Caller, url string, edit func(*queue, *policyDocument) error) (*api.Empty, error) {
	err := e.alter(c, url, func(q *queue, d *descriptor) (*settings, error) {
		have := q.settings.Load()
		p, err := readPolicy(have.values[model.QueueAttributeNamePolicy], q.arn)
		if err != nil {
			return nil, err
		}
		if err := edit(q, p); err != nil {
			return nil, err
		}
		text, err := p.text()
		if err != nil {
			return nil, err
		}
		s, err := have.change(d, api.Map[string]{{Key: model.QueueAttributeNamePolicy, Value: text}})
		if err != nil {
			return nil, err
		}
		d.Attributes = s.values
		d.Modified = time.Now().Unix()
		return s, nil
	})
	if err != nil {
		return nil, err
	}
	return &api.Empty{}, nil
}
