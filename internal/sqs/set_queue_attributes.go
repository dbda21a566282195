package sqs

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// SetQueueAttributes changes attributes of a queue. They are in force at once.
func (e *Engine) SetQueueAttributes(_ context.Context, c *api.Caller, in *model.SetQueueAttributesRequest) (*api.Empty, error) {
	err := e.alter(c, in.QueueUrl.V, func(q *queue, d *descriptor) (*settings, error) {
		s, err := q.settings.Load().change(d, in.Attributes)
		if err != nil {
			return nil, err
		}
		if _, set := in.Attributes.Get(model.QueueAttributeNameRedrivePolicy); set {
			if err := e.checkRedrive(q.arn, s); err != nil {
				return nil, err
			}
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

// alter changes the descriptor of a queue. edit gets a copy of it to change, and
// returns new settings if those change too.
func (e *Engine) alter(c *api.Caller, url string, edit func(*queue, *descriptor) (*settings, error)) error {
	e.admin.Lock()
	defer e.admin.Unlock()
	q, err := e.queue(c, url)
	if err != nil {
		return err
	}
	d := *q.desc
	s, err := edit(q, &d)
	if err != nil {
		return err
	}
	key, value, err := d.row()
	if err != nil {
		return err
	}
	b := e.store.NewBatch()
	b.Set(key, value)
	if err := e.write(b); err != nil {
		return err
	}
	q.desc = &d
	if s == nil {
		return nil
	}
	now, err := q.lock()
	if err != nil {
		return err
	}
	done := false
	defer abandon(&done, q)
	q.configure(s, now)
	done = true
	q.unlock()
	return nil
}

// checkRedrive checks that the dead-letter queue of a queue exists, is of the
// same type, and allows it.
func (e *Engine) checkRedrive(source arn, s *settings) error {
	if s.redrive == nil {
		return nil
	}
	text := s.values[model.QueueAttributeNameRedrivePolicy]
	const parameter = model.QueueAttributeNameRedrivePolicy
	target := e.find(s.redrive.target)
	switch {
	case s.redrive.target.Account != source.Account:
		return errParameter(text, parameter, "Dead-letter target owner should be same as the source.")
	case s.redrive.target.Region != source.Region:
		return errParameter(text, parameter, "Dead-letter target region should be same as the source.")
	case target == nil:
		return errParameter(text, parameter, "Dead letter target does not exist.")
	case target.fifo != s.fifo:
		return errParameter(text, parameter, "Dead-letter queue must be same type of queue as the source.")
	case !target.settings.Load().allow.allows(source):
		return errParameter(text, parameter, "The redrive allow policy of the dead-letter queue does not permit this source queue.")
	}
	return nil
}
