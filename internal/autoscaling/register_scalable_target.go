package autoscaling

import (
	"context"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// target is a registered capacity, as the store has it.
type target struct {
	Service   string            `json:"service"`
	Resource  string            `json:"resource"`
	Dimension string            `json:"dimension"`
	ARN       string            `json:"arn"`
	Min       int64             `json:"min"`
	Max       int64             `json:"max"`
	Suspended suspended         `json:"suspended,omitzero"`
	Created   time.Time         `json:"created"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// suspended says what must not be done to a target.
type suspended struct {
	In       bool `json:"in,omitempty"`
	Out      bool `json:"out,omitempty"`
	Schedule bool `json:"schedule,omitempty"`
}

// RegisterScalableTarget registers a capacity, or changes what the request names
// of one that is registered.
func (e *Engine) RegisterScalableTarget(_ context.Context, c *api.Caller, in *model.RegisterScalableTargetRequest) (*model.RegisterScalableTargetResponse, error) {
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	if role := in.RoleARN; role.OK && (!strings.HasPrefix(role.V, "arn:") || strings.Count(role.V, ":") < 5) {
		return nil, api.Validation("'%s' is not a valid ARN", role.V)
	}
	if err := e.checkExists(at); err != nil {
		return nil, err
	}
	var t target
	err = e.change(func(b kv.Batch) error {
		if err := e.registration(at, in, &t); err != nil {
			return err
		}
		return save(b, at.key(kindTarget), &t)
	})
	if err != nil {
		return nil, err
	}
	return &model.RegisterScalableTargetResponse{ScalableTargetARN: api.Some(t.ARN)}, nil
}

// registration makes t the target as it is to be.
func (e *Engine) registration(at *scalable, in *model.RegisterScalableTargetRequest, t *target) error {
	known, err := e.load(at.key(kindTarget), t)
	if err != nil {
		return err
	}
	if !known {
		if !in.MinCapacity.OK || !in.MaxCapacity.OK {
			return api.Validation("Both MinCapacity and MaxCapacity must be specified when registering a new scalable target")
		}
		*t = target{Service: at.service, Resource: at.resource, Dimension: at.dimension, Created: time.Now()}
		t.ARN = "arn:aws:application-autoscaling:" + at.ns.Region + ":" + at.ns.Account + ":scalable-target/" + newTargetID()
	}
	t.Min, t.Max = in.MinCapacity.Or(t.Min), in.MaxCapacity.Or(t.Max)
	if err := checkBounds(t.Min, t.Max); err != nil {
		return err
	}
	if s := in.SuspendedState; s != nil {
		t.Suspended.In = s.DynamicScalingInSuspended.Or(t.Suspended.In)
		t.Suspended.Out = s.DynamicScalingOutSuspended.Or(t.Suspended.Out)
		t.Suspended.Schedule = s.ScheduledScalingSuspended.Or(t.Suspended.Schedule)
	}
	return t.tag(in.Tags)
}

func checkBounds(least, most int64) error {
	switch {
	case least < 1:
		return api.Validation("Minimum capacity cannot be less than 1")
	case most < least:
		return api.Validation("Maximum capacity cannot be less than minimum capacity")
	}
	return nil
}
