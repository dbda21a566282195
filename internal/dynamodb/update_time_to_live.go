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
	g, v := e.lockGroup(t)
	defer g.unlock()
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
	if err := e.setTTL(g, spec, now); err != nil {
		return nil, err
	}
	return &ddb.UpdateTimeToLiveOutput{TimeToLiveSpecification: spec}, nil
}

// setTTL changes time to live of a table, and of its other replicas.
func (e *Engine) setTTL(g *group, spec *ddb.TimeToLiveSpecification, now time.Time) error {
	rev, before := &revision{changed: map[*table]*descriptor{}}, map[*table][]change{}
	for _, t := range g.tables {
		v := t.current.Load()
		next := v.clone()
		next.TTL = &timeToLive{Changed: now}
		if spec.Enabled.V {
			next.TTL.Attribute, next.TTL.Filling = spec.AttributeName.V, true
		}
		next.begin(change{Kind: changeTTL, Name: spec.AttributeName.V, On: spec.Enabled.V}, now, e.delay)
		rev.changed[t], before[t] = next, v.Changes
	}
	rev.erase = func(b kv.Batch) {
		for t := range rev.changed {
			erasePrefix(b, expiryPrefix(t.id))
		}
	}
	if _, err := g.revise(rev); err != nil {
		return err
	}
	for t, next := range rev.changed {
		e.awaitChanges(t, next, before[t])
		if v := t.current.Load(); v.expiry != nil {
			e.startExpiry(t, v.expiry)
		}
	}
	return nil
}

// checkTTL checks a change against the present setting.
func (v *view) checkTTL(spec *ddb.TimeToLiveSpecification, now time.Time) error {
	switch {
	case v.Replication != nil && v.Replication.Strong:
		return api.Validation("Time to live is not supported for global tables with MultiRegionConsistency set to STRONG.")
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
