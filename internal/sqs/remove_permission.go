package sqs

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// RemovePermission takes the statement of a label out of the policy of a queue.
// The last one takes the policy with it.
func (e *Engine) RemovePermission(_ context.Context, c *api.Caller, in *model.RemovePermissionRequest) (*api.Empty, error) {
	return e.repolicy(c, in.QueueUrl.V, func(_ *queue, p *policyDocument) error {
		if err := checkLabel(in.Label.V); err != nil {
			return err
		}
		at := p.find(in.Label.V)
		switch {
		case len(p.Statement) == 0:
			return errParameter(in.Label.V, "Label", "can't find label.")
		case at < 0:
			return errParameter(in.Label.V, "Label", "can't find label on existing policy.")
		}
		p.remove(at)
		return nil
	})
}
