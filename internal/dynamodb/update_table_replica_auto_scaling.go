package dynamodb

import (
	"context"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// scalingUpdate is what a request wants of one capacity.
type scalingUpdate struct {
	region, resource, dimension string
	in                          *ddb.AutoScalingSettingsUpdate
}

// UpdateTableReplicaAutoScaling changes how the replicas of a global table scale:
// write capacity in all of them, read capacity in each.
func (e *Engine) UpdateTableReplicaAutoScaling(_ context.Context, c *api.Caller, in *ddb.UpdateTableReplicaAutoScalingInput) (*ddb.UpdateTableReplicaAutoScalingOutput, error) {
	v, err := e.globalView(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	list, err := v.scalingUpdates(in)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := v.checkScaling(list[i].in); err != nil {
			return nil, err
		}
	}
	for i := range list {
		if err := e.scale(v, &list[i]); err != nil {
			return nil, err
		}
	}
	out, err := e.describeScaling(v)
	return &ddb.UpdateTableReplicaAutoScalingOutput{TableAutoScalingDescription: out}, err
}

// scalingUpdates sorts a request by capacity.
func (v *view) scalingUpdates(in *ddb.UpdateTableReplicaAutoScalingInput) (list []scalingUpdate, err error) {
	table := "table/" + v.Name
	everywhere := func(resource, dimension string, up *ddb.AutoScalingSettingsUpdate) {
		for i := range v.Replication.Members {
			list = append(list, scalingUpdate{v.Replication.Members[i].Region, resource, dimension, up})
		}
	}
	if up := in.ProvisionedWriteCapacityAutoScalingUpdate; up != nil {
		everywhere(table, scaleTableWrite, up)
	}
	for i := range in.GlobalSecondaryIndexUpdates {
		up := &in.GlobalSecondaryIndexUpdates[i]
		if x := v.find(up.IndexName.V); x == nil || !x.Global {
			return nil, api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Index %s for table %s", up.IndexName.V, v.Name)
		}
		if up.ProvisionedWriteCapacityAutoScalingUpdate != nil {
			everywhere(table+"/index/"+up.IndexName.V, scaleIndexWrite, up.ProvisionedWriteCapacityAutoScalingUpdate)
		}
	}
	for i := range in.ReplicaUpdates {
		up := &in.ReplicaUpdates[i]
		region := up.RegionName.V
		switch read := up.ReplicaProvisionedReadCapacityAutoScalingUpdate; {
		case v.Replication.member(region) == nil:
			return nil, api.Errorf(ddb.CodeResourceNotFoundException, "Global table with name: '%s' does not exist.", v.Name)
		case read == nil && up.ReplicaGlobalSecondaryIndexUpdates == nil:
			return nil, api.Validation("Failed to update settings for global table with name: ‘%s’ because at least one update parameter must be specified for region: ‘%s’.", v.Name, region)
		case read != nil:
			list = append(list, scalingUpdate{region, table, scaleTableRead, read})
		}
		for j := range up.ReplicaGlobalSecondaryIndexUpdates {
			x := &up.ReplicaGlobalSecondaryIndexUpdates[j]
			if x.ProvisionedReadCapacityAutoScalingUpdate != nil {
				list = append(list, scalingUpdate{region, table + "/index/" + x.IndexName.V, scaleIndexRead, x.ProvisionedReadCapacityAutoScalingUpdate})
			}
		}
	}
	return list, nil
}

// checkScaling checks that a setting is whole, or turned off.
func (v *view) checkScaling(in *ddb.AutoScalingSettingsUpdate) error {
	given := map[bool][]string{}
	for _, p := range []struct {
		name string
		has  bool
	}{{"'MaximumUnits'", in.MaximumUnits.OK}, {"'ScalingPolicyUpdate'", in.ScalingPolicyUpdate != nil}, {"'MinimumUnits'", in.MinimumUnits.OK}} {
		given[p.has] = append(given[p.has], p.name)
	}
	switch {
	case in.AutoScalingDisabled.V && given[true] != nil:
		return api.Validation("Failed to update settings for global table with name ‘%s’: Parameters %s must be left blank when disabling auto scaling.", v.Name, strings.Join(given[true], ", "))
	case !in.AutoScalingDisabled.V && given[false] != nil:
		return api.Validation("Failed to update settings for global table with name: ‘%s’: Parameters %s are required unless auto scaling is being disabled.", v.Name, strings.Join(given[false], ", "))
	}
	return nil
}

func (e *Engine) scale(v *view, up *scalingUpdate) error {
	ns := api.Namespace{Account: v.Account, Region: up.region}
	if up.in.AutoScalingDisabled.V {
		return e.scaling.Unset(ns, up.resource, up.dimension)
	}
	s := api.ScalingSetting{Min: up.in.MinimumUnits.V, Max: up.in.MaximumUnits.V, Policy: up.in.ScalingPolicyUpdate.PolicyName.V}
	if cfg := up.in.ScalingPolicyUpdate.TargetTrackingScalingPolicyConfiguration; cfg != nil {
		s.Target, s.InCooldown, s.OutCooldown, s.NeverIn = cfg.TargetValue.V, cfg.ScaleInCooldown, cfg.ScaleOutCooldown, cfg.DisableScaleIn
	}
	return e.scaling.Set(ns, up.resource, up.dimension, s)
}
