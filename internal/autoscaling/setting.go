package autoscaling

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/kv"
)

// Setting returns how a capacity scales; ok is false if it is not registered.
func (e *Engine) Setting(ns api.Namespace, resource, dimension string) (s api.ScalingSetting, ok bool, err error) {
	at := scalable{ns, dynamodb, resource, dimension}
	var t target
	if ok, err = e.load(at.key(kindTarget), &t); err != nil || !ok {
		return s, false, err
	}
	s.Min, s.Max = t.Min, t.Max
	list, err := e.policiesOf(&at)
	if err != nil || len(list) == 0 {
		return s, true, err
	}
	cfg := list[0].tracking()
	s.Policy, s.Target = list[0].Name, cfg.TargetValue.V
	s.InCooldown, s.OutCooldown, s.NeverIn = cfg.ScaleInCooldown, cfg.ScaleOutCooldown, cfg.DisableScaleIn
	return s, true, nil
}

func (e *Engine) policiesOf(at *scalable) ([]policy, error) {
	q := query{kind: kindPolicy, ns: at.ns, service: at.service, limit: maxPolicies}
	list, _, err := scan(e, q, func(p *policy) bool { return p.Resource == at.resource && p.Dimension == at.dimension })
	return list, err
}

// Set registers a capacity with one policy, which replaces those that it has.
func (e *Engine) Set(ns api.Namespace, resource, dimension string, s api.ScalingSetting) error {
	at := &scalable{ns, dynamodb, resource, dimension}
	metric := model.MetricTypeDynamoDBWriteCapacityUtilization
	if at.isRead() {
		metric = model.MetricTypeDynamoDBReadCapacityUtilization
	}
	if s.Policy == "" {
		s.Policy = metric + ":" + resource
	}
	cfg := &config{
		TargetValue: api.Some(s.Target), ScaleInCooldown: s.InCooldown, ScaleOutCooldown: s.OutCooldown, DisableScaleIn: s.NeverIn,
		PredefinedMetricSpecification: &model.PredefinedMetricSpecification{PredefinedMetricType: api.Some(metric)},
	}
	return e.change(func(b kv.Batch) error {
		in := &model.RegisterScalableTargetRequest{MinCapacity: api.Some(s.Min), MaxCapacity: api.Some(s.Max)}
		var t target
		if err := e.registration(at, in, &t); err != nil {
			return err
		}
		if err := save(b, at.key(kindTarget), &t); err != nil {
			return err
		}
		return e.setPolicy(b, at, s.Policy, cfg)
	})
}

// setPolicy makes a policy the only one of its target.
func (e *Engine) setPolicy(b kv.Batch, at *scalable, name string, cfg *config) error {
	if err := checkTarget(cfg.TargetValue.V); err != nil {
		return err
	}
	if err := at.checkMetric(cfg); err != nil {
		return err
	}
	list, err := e.policiesOf(at)
	if err != nil {
		return err
	}
	p := newPolicy(at, name)
	for i := range list {
		b.Delete(at.named(kindPolicy, list[i].Name))
	}
	if i := slices.IndexFunc(list, func(old policy) bool { return old.Name == name }); i >= 0 {
		p = list[i]
	}
	p.Tracking = cfg.AppendJSON(nil)
	return save(b, at.named(kindPolicy, name), &p)
}

// Unset deregisters a capacity, if it is registered.
func (e *Engine) Unset(ns api.Namespace, resource, dimension string) error {
	at := &scalable{ns, dynamodb, resource, dimension}
	return e.change(func(b kv.Batch) error {
		var t target
		if ok, err := e.load(at.key(kindTarget), &t); err != nil || !ok {
			return err
		}
		return e.deregister(b, at)
	})
}
