package autoscaling

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/pace"
)

// Throughput is what the engine scales.
type Throughput interface {
	// ThroughputUse returns what is provisioned of a table or an index, and the units
	// that were consumed of it so far; ok is false where nothing can be scaled.
	ThroughputUse(ns api.Namespace, table, index string, class capacity.Class) (provisioned int64, consumed float64, ok bool)
	// Provision changes what is provisioned.
	Provision(ctx context.Context, ns api.Namespace, table, index string, class capacity.Class, units int64) error
}

// scaled is a target that is acted on, from one minute to the next. It is gone after a
// restart, which then takes up from what is provisioned.
type scaled struct {
	*capacity.Scaler
	consumed float64              // so far, at the end of the last minute
	next     map[string]time.Time // when each scheduled action is due
	activity *activity            // under way; nil if there is none
	done     time.Time            // when it will be
}

// Act scales targets, each minute of the clock, until ctx ends.
func (e *Engine) Act(ctx context.Context, clock pace.Clock, throughput Throughput) {
	for {
		end := clock.Now().Truncate(time.Minute).Add(time.Minute)
		if !clock.Wait(ctx, end) {
			return
		}
		if err := e.minute(ctx, throughput, end); err != nil && ctx.Err() == nil {
			e.opts.Logger.Error("autoscaling: targets could not be scaled", "error", err)
		}
	}
}

// minute acts on every target at the end of a minute.
func (e *Engine) minute(ctx context.Context, throughput Throughput, now time.Time) error {
	targets, err := e.allTargets()
	if err != nil {
		return err
	}
	seen := map[scalable]bool{}
	for i := range targets {
		t := &targets[i]
		seen[t.at] = true
		if err := e.scale(ctx, throughput, t, now); err != nil {
			return err
		}
	}
	for at := range e.scaled {
		if !seen[at] {
			delete(e.scaled, at)
		}
	}
	return nil
}

// scale acts on one target.
func (e *Engine) scale(ctx context.Context, throughput Throughput, t *registered, now time.Time) error {
	at := t.at
	table, index, _ := at.split()
	provisioned, consumed, ok := throughput.ThroughputUse(at.ns, table, index, at.class())
	if !ok {
		delete(e.scaled, at)
		return nil
	}
	s := e.scaled[at]
	if s == nil {
		s = &scaled{consumed: consumed, next: map[string]time.Time{}}
		e.scaled[at] = s
	}
	rate := (consumed - s.consumed) / 60
	s.consumed = consumed
	if err := e.runActions(s, t, now); err != nil {
		return err
	}
	if err := e.follow(s, t); err != nil {
		return err
	}
	s.Observe(now, rate)
	if s.activity != nil {
		if now.Before(s.done) {
			return nil
		}
		err := throughput.Provision(ctx, at.ns, table, index, at.class(), s.activity.units)
		s.Scaled(now, float64(provisioned), float64(s.activity.units))
		e.finish(s.activity, now, err)
		s.activity = nil
		return ifOurs(err)
	}
	e.decide(s, t, now, provisioned)
	return nil
}

// decide begins an activity where the capacity is not what it is to be.
func (e *Engine) decide(s *scaled, t *registered, now time.Time, provisioned int64) {
	want, ok := s.Decide(now, float64(provisioned))
	units := int64(want)
	suspended := units > provisioned && t.Suspended.Out || units < provisioned && (t.Suspended.In || t.neverIn)
	if !ok || suspended {
		return
	}
	s.activity = newActivity(t, units, provisioned, now)
	s.done = now.Add(e.params.UpdateTakes)
	e.remember(s.activity)
}

// follow lets the scaler have the bounds and the policy of the target as they are.
func (e *Engine) follow(s *scaled, t *registered) error {
	policies, err := e.policiesOf(&t.at)
	if err != nil {
		return err
	}
	p := capacity.Policy{Min: float64(t.Min), Max: float64(t.Max)}
	i := slices.IndexFunc(policies, func(p policy) bool { return p.tracking().PredefinedMetricSpecification != nil })
	if i >= 0 {
		cfg := policies[i].tracking()
		t.policy, t.neverIn = policies[i].Name, cfg.DisableScaleIn.V
		p.Target = cfg.TargetValue.V
		p.OutCooldown = time.Duration(cfg.ScaleOutCooldown.V) * time.Second
		p.InCooldown = time.Duration(cfg.ScaleInCooldown.V) * time.Second
	}
	if s.Scaler == nil {
		s.Scaler = capacity.NewScaler(e.params, p)
	}
	s.Follow(p)
	return nil
}

// runActions changes the bounds of a target by its scheduled actions that are due.
func (e *Engine) runActions(s *scaled, t *registered, now time.Time) error {
	actions, err := e.actionsOf(&t.at)
	if err != nil {
		return err
	}
	for i := range actions {
		a := &actions[i]
		schedule, err := capacity.ParseSchedule(a.Schedule, a.Zone, a.Start, a.End, a.Created)
		if err != nil {
			continue // stored although it means nothing
		}
		id := a.Name + "\x00" + a.Schedule
		due, known := s.next[id]
		if known && !due.IsZero() && !due.After(now) && !t.Suspended.Schedule {
			if err := e.bound(t, a); err != nil {
				return err
			}
		}
		if !known || !due.After(now) {
			s.next[id] = schedule.Next(now)
		}
	}
	return nil
}

// bound sets the bounds of a target as a scheduled action says.
func (e *Engine) bound(t *registered, a *action) error {
	return e.change(func(b kv.Batch) error {
		key := t.at.key(kindTarget)
		if ok, err := e.load(key, &t.target); err != nil || !ok {
			return err
		}
		if a.Min != nil {
			t.Min = *a.Min
		}
		if a.Max != nil {
			t.Max = *a.Max
		}
		t.Max = max(t.Min, t.Max)
		return save(b, key, &t.target)
	})
}

func (e *Engine) actionsOf(at *scalable) ([]action, error) {
	q := query{kind: kindAction, ns: at.ns, service: at.service, limit: maxActions}
	list, _, err := scan(e, q, func(a *action) bool { return a.Resource == at.resource && a.Dimension == at.dimension })
	return list, err
}

// registered is a target and whose it is.
type registered struct {
	target
	at      scalable
	policy  string // that is followed; "" if there is none
	neverIn bool   // the policy's DisableScaleIn
}

// allTargets returns the targets of all accounts and regions.
func (e *Engine) allTargets() (list []registered, err error) {
	it := e.store.Scan(kv.PrefixRange([]byte{space, kindTarget}))
	defer func() { err = errors.Join(err, it.Close()) }()
	for it.Next() {
		var r registered
		if err := decode(it.Key(), it.Value(), &r.target); err != nil {
			return nil, err
		}
		r.at = scalable{namespaceOf(it.Key()), r.Service, r.Resource, r.Dimension}
		list = append(list, r)
	}
	return list, it.Err()
}

func (c *scalable) class() capacity.Class {
	if c.isRead() {
		return capacity.Read
	}
	return capacity.Write
}

// ifOurs returns err unless it is a refusal, which a later minute may not meet.
func ifOurs(err error) error {
	var refused *api.Error
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
