package dynamodb

import (
	"cmp"
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// The capacities of tables and indexes, as Application Auto Scaling names them.
const (
	scaleTableRead  = "dynamodb:table:ReadCapacityUnits"
	scaleTableWrite = "dynamodb:table:WriteCapacityUnits"
	scaleIndexRead  = "dynamodb:index:ReadCapacityUnits"
	scaleIndexWrite = "dynamodb:index:WriteCapacityUnits"
)

// DescribeTableReplicaAutoScaling tells how the replicas of a global table scale.
func (e *Engine) DescribeTableReplicaAutoScaling(_ context.Context, c *api.Caller, in *ddb.DescribeTableReplicaAutoScalingInput) (*ddb.DescribeTableReplicaAutoScalingOutput, error) {
	v, err := e.globalView(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	out, err := e.describeScaling(v)
	return &ddb.DescribeTableReplicaAutoScalingOutput{TableAutoScalingDescription: out}, err
}

// globalView returns the view of a table that is a replica.
func (e *Engine) globalView(c *api.Caller, nameOrARN string) (*view, error) {
	t, err := e.lookupNamed(c, nameOrARN)
	if err == nil {
		if v := t.current.Load(); v != nil && v.Replication != nil && e.scaling != nil {
			return v, nil
		}
	}
	return nil, api.Errorf(ddb.CodeResourceNotFoundException, "Global table with name: '%s' does not exist.", nameOf(nameOrARN))
}

func (e *Engine) describeScaling(v *view) (*ddb.TableAutoScalingDescription, error) {
	out := &ddb.TableAutoScalingDescription{TableName: api.Some(v.Name), TableStatus: api.Some(v.status())}
	for i := range v.Replication.Members {
		m := &v.Replication.Members[i]
		ns := api.Namespace{Account: cmp.Or(m.Account, v.Account), Region: m.Region}
		one := ddb.ReplicaAutoScalingDescription{RegionName: api.Some(m.Region), ReplicaStatus: api.Some(m.status())}
		var err error
		if one.ReplicaProvisionedReadCapacityAutoScalingSettings, err = e.scalingOf(ns, "table/"+v.Name, scaleTableRead); err != nil {
			return nil, err
		}
		if one.ReplicaProvisionedWriteCapacityAutoScalingSettings, err = e.scalingOf(ns, "table/"+v.Name, scaleTableWrite); err != nil {
			return nil, err
		}
		if one.GlobalSecondaryIndexes, err = e.scalingOfIndexes(ns, v); err != nil {
			return nil, err
		}
		out.Replicas = append(out.Replicas, one)
	}
	return out, nil
}

func (e *Engine) scalingOfIndexes(ns api.Namespace, v *view) (list []ddb.ReplicaGlobalSecondaryIndexAutoScalingDescription, err error) {
	list = []ddb.ReplicaGlobalSecondaryIndexAutoScalingDescription{} // shown even if there are none
	for i := range v.indexes {
		x := &v.indexes[i]
		if !x.Global || x.Backfilling {
			continue
		}
		one := ddb.ReplicaGlobalSecondaryIndexAutoScalingDescription{IndexName: api.Some(x.Name), IndexStatus: api.Some(ddb.IndexStatusActive)}
		resource := "table/" + v.Name + "/index/" + x.Name
		if one.ProvisionedReadCapacityAutoScalingSettings, err = e.scalingOf(ns, resource, scaleIndexRead); err != nil {
			return nil, err
		}
		if one.ProvisionedWriteCapacityAutoScalingSettings, err = e.scalingOf(ns, resource, scaleIndexWrite); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// scalingOf describes how one capacity scales. A target without a policy reads as
// none, as in the service.
func (e *Engine) scalingOf(ns api.Namespace, resource, dimension string) (*ddb.AutoScalingSettingsDescription, error) {
	s, ok, err := e.scaling.Setting(ns, resource, dimension)
	if err != nil {
		return nil, err
	}
	if !ok || s.Policy == "" {
		return &ddb.AutoScalingSettingsDescription{AutoScalingDisabled: api.Some(true), ScalingPolicies: []ddb.AutoScalingPolicyDescription{}}, nil
	}
	return &ddb.AutoScalingSettingsDescription{
		MinimumUnits: api.Some(s.Min), MaximumUnits: api.Some(s.Max),
		AutoScalingRoleArn: api.Some("arn:aws:iam::" + ns.Account + ":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"),
		ScalingPolicies: []ddb.AutoScalingPolicyDescription{{
			PolicyName: api.Some(s.Policy),
			TargetTrackingScalingPolicyConfiguration: &ddb.AutoScalingTargetTrackingScalingPolicyConfigurationDescription{
				TargetValue: api.Some(s.Target), ScaleInCooldown: s.InCooldown, ScaleOutCooldown: s.OutCooldown, DisableScaleIn: s.NeverIn,
			},
		}},
	}, nil
}
