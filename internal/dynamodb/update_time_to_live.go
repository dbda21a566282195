package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// ttlSpacing is how long a change of time to live is the last one (API reference,
// UpdateTimeToLive).
const ttlSpacing = time.Hour

// UpdateTimeToLive turns time to live of a table on or off.
func (e *Engine) UpdateTimeToLive(_ context.Context, c *api.Caller, in *ddb.UpdateTimeToLiveInput) (*ddb.UpdateTimeToLiveOutput, error) {
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if err := v.admitTTL(); err != nil {
		return nil, err
	}
	spec, now := in.TimeToLiveSpecification, time.Now()
	if err := v.checkTTL(spec, now); err != nil {
		return nil, err
	}
	next := v.clone()
	next.TTL = &timeToLive{Changed: now}
	if spec.Enabled.V {
		next.TTL.Attribute, next.TTL.Filling = spec.AttributeName.V, true
	}
	next.begin(change{Kind: changeTTL, Name: spec.AttributeName.V, On: spec.Enabled.V}, now, e.delay)
	before := v.Changes
	v, err = e.publish(t, next, func(b kv.Batch) { erasePrefix(b, expiryPrefix(t.id)) }, nil)
	if err != nil {
		return nil, err
	}
	e.awaitChanges(t, next, before)
	if v.expiry != nil {
		e.startExpiry(t, v.expiry)
	}
	return &ddb.UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

// checkTTL checks a change against the present setting.
func (v *view) checkTTL(spec *ddb.TimeToLiveSpecification, now time.Time) error {
	switch {
	case v.expiry == nil && !spec.Enabled.V:
		return api.Validation("TimeToLive is already disabled")
	case v.expiry != nil && v.expiry.Attribute != spec.AttributeName.V:
		return api.Validation("TimeToLive is active on a different AttributeName: current AttributeName is %s", v.expiry.Attribute)
	case v.expiry != nil && spec.Enabled.V:
		return api.Validation("TimeToLive is already enabled")
	case v.TTL != nil && now.Before(v.TTL.Changed.Add(ttlSpacing)):
		return api.Validation("Time to live has been modified multiple times within a fixed interval")
	}
	return nil
}
