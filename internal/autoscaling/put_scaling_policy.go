package autoscaling

import (
	"context"
	"encoding/json"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv"
)

// maxPolicies is the number of policies that a target can have (Application Auto
// Scaling User Guide, "Quotas").
const maxPolicies = 50

// policy is a scaling policy, as the store has it.
type policy struct {
	Service   string          `json:"service"`
	Resource  string          `json:"resource"`
	Dimension string          `json:"dimension"`
	Name      string          `json:"name"`
	ARN       string          `json:"arn"`
	Tracking  json.RawMessage `json:"tracking"` // TargetTrackingScalingPolicyConfiguration in the service's JSON
	Alarms    []string        `json:"alarms"`   // names
	Created   time.Time       `json:"created"`
}

// config is the configuration of a target tracking policy.
type config = model.TargetTrackingScalingPolicyConfiguration

// PutScalingPolicy creates a policy of a target, or changes the one of that name.
func (e *Engine) PutScalingPolicy(_ context.Context, c *api.Caller, in *model.PutScalingPolicyRequest) (*model.PutScalingPolicyResponse, error) {
	at, err := newScalable(c, in.ServiceNamespace.V, in.ResourceId.V, in.ScalableDimension.V)
	if err != nil {
		return nil, err
	}
	if t := in.PolicyType.Or(model.PolicyTypeStepScaling); t != model.PolicyTypeTargetTrackingScaling {
		return nil, api.Validation("Policy type %s is not supported for service namespace %s", t, at.service)
	}
	var p policy
	err = e.change(func(b kv.Batch) error {
		if err := e.requireTarget(at); err != nil {
			return err
		}
		return e.putPolicy(b, at, in.PolicyName.V, in.TargetTrackingScalingPolicyConfiguration, &p)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutScalingPolicyResponse{PolicyARN: api.Some(p.ARN), Alarms: p.alarms(c.Namespace)}, nil
}

// putPolicy stages the policy of a name and makes p what it is then. Without a
// configuration the one that it has stays.
func (e *Engine) putPolicy(b kv.Batch, at *scalable, name string, cfg *config, p *policy) error {
	known, err := e.load(at.named(kindPolicy, name), p)
	if err != nil {
		return err
	}
	if cfg == nil && !known {
		return api.Validation("TargetTrackingScalingPolicyConfiguration must be specified")
	}
	if cfg != nil {
		if err := e.checkTracking(at, name, cfg, known); err != nil {
			return err
		}
		if !known {
			*p = newPolicy(at, name)
		}
		p.Tracking = cfg.AppendJSON(nil)
	}
	return save(b, at.named(kindPolicy, name), p)
}

func newPolicy(at *scalable, name string) policy {
	p := policy{
		Service: at.service, Resource: at.resource, Dimension: at.dimension, Name: name,
		ARN: at.arn("scalingPolicy", "policyName", name), Created: time.Now(),
	}
	for _, alarm := range [4]string{"AlarmHigh", "AlarmLow", "ProvisionedCapacityHigh", "ProvisionedCapacityLow"} {
		p.Alarms = append(p.Alarms, "TargetTracking-"+at.resource+"-"+alarm+"-"+newUUID())
	}
	return p
}

// checkTracking checks the configuration of a policy, and that no other policy
// follows the same metric.
func (e *Engine) checkTracking(at *scalable, name string, cfg *config, known bool) error {
	if err := checkTarget(cfg.TargetValue.V); err != nil {
		return err
	}
	if (cfg.PredefinedMetricSpecification == nil) == (cfg.CustomizedMetricSpecification == nil) {
		return api.Validation("Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified")
	}
	if err := at.checkMetric(cfg); err != nil {
		return err
	}
	q := query{kind: kindPolicy, ns: at.ns, service: at.service, limit: maxPolicies + 1}
	list, _, err := scan(e, q, func(p *policy) bool { return p.Resource == at.resource && p.Dimension == at.dimension })
	if err != nil {
		return err
	}
	if !known && len(list) >= maxPolicies {
		return api.Errorf(model.CodeLimitExceededException, "The number of scaling policies per scalable target cannot exceed %d", maxPolicies)
	}
	for i := range list {
		if list[i].Name != name && sameMetric(cfg, list[i].tracking()) {
			return api.Validation("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
		}
	}
	return nil
}

// checkTarget checks the value that a policy keeps its metric at.
func checkTarget(v float64) error {
	const least, most = 8.51592e-109, 1.174271e108
	if v < least || v > most {
		return api.Validation("For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was '%s'.", float(v))
	}
	return nil
}

// checkMetric checks that a predefined metric is the one of the capacity.
func (c *scalable) checkMetric(cfg *config) error {
	if cfg.PredefinedMetricSpecification == nil {
		return nil
	}
	want := model.MetricTypeDynamoDBWriteCapacityUtilization
	if c.isRead() {
		want = model.MetricTypeDynamoDBReadCapacityUtilization
	}
	kind := cfg.PredefinedMetricSpecification.PredefinedMetricType.V
	if kind != want {
		return api.Validation("Predefined metric type %s is not supported for scalable dimension %s", kind, c.dimension)
	}
	if v := cfg.TargetValue.V; v < 10 || v > 90 {
		return api.Validation("For predefined metric type %s, target value must be between '10.0' and '90.0', but was '%s'.", kind, float(v))
	}
	return nil
}

// float shows a number as the service does.
func float(v float64) string { return string(api.AppendFloat(nil, v)) }

// sameMetric reports whether two policies follow one metric.
func sameMetric(a, b *config) bool {
	if p, q := a.PredefinedMetricSpecification, b.PredefinedMetricSpecification; p != nil || q != nil {
		return p != nil && q != nil && p.PredefinedMetricType.V == q.PredefinedMetricType.V
	}
	return string(a.CustomizedMetricSpecification.AppendJSON(nil)) == string(b.CustomizedMetricSpecification.AppendJSON(nil))
}

// tracking returns the configuration of the policy.
func (p *policy) tracking() *config {
	cfg := new(config)
	var d jsontok.Decoder
	d.Reset(p.Tracking)
	cfg.ReadJSON(&d)
	return cfg
}

// alarms returns the alarms that the service would have made for the policy.
func (p *policy) alarms(ns api.Namespace) []model.Alarm {
	list := make([]model.Alarm, len(p.Alarms))
	for i, name := range p.Alarms {
		list[i] = model.Alarm{
			AlarmName: api.Some(name),
			AlarmARN:  api.Some("arn:aws:cloudwatch:" + ns.Region + ":" + ns.Account + ":alarm:" + name),
		}
	}
	return list
}
