package authz

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// What a change of the replicas of a table needs in the region of each (Developer
// Guide, "DynamoDB global tables security"). That it copies items is for the
// service to do, so conditions on items have nothing to say.
var (
	replicaCreation = []string{"CreateTable", "CreateTableReplica", "Query", "Scan", "UpdateItem", "PutItem", "GetItem", "DeleteItem", "BatchWriteItem"}
	replicaDeletion = []string{"DeleteTable", "DeleteTableReplica"}
	replicaTTL      = []string{"UpdateTimeToLive"}
)

// scalingActions are those of Application Auto Scaling that an
// UpdateTableReplicaAutoScaling needs in the region of each replica.
var scalingActions = []string{
	"DeleteScalingPolicy", "DeleteScheduledAction", "DeregisterScalableTarget", "DescribeScalableTargets", "DescribeScalingActivities",
	"DescribeScalingPolicies", "DescribeScheduledActions", "PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget",
}

// update demands what an UpdateTable needs, there and in the regions of replicas
// that come or go.
func (d *demands) update(in *ddb.UpdateTableInput) {
	home := d.table(in.TableName.V)
	d.add(home)
	tables := []string{home}
	for i := range in.ReplicaUpdates {
		up := &in.ReplicaUpdates[i]
		if up.Create != nil {
			tables = append(tables, d.replica(home, up.Create.RegionName.V, replicaCreation))
		}
		if up.Delete != nil {
			tables = append(tables, d.replica(home, up.Delete.RegionName.V, replicaDeletion))
		}
	}
	for i := range in.GlobalTableWitnessUpdates {
		up := &in.GlobalTableWitnessUpdates[i]
		for _, table := range tables {
			if up.Create != nil {
				d.needIn(regionOf(table), "CreateGlobalTableWitness", table)
			}
			if up.Delete != nil {
				d.needIn(regionOf(table), "DeleteGlobalTableWitness", table)
			}
		}
	}
}

// timeToLive demands what an UpdateTimeToLive needs, which is for all replicas.
func (d *demands) timeToLive(table string) {
	d.add(table)
	for _, region := range d.replicaRegions(table) {
		d.replica(table, region, replicaTTL)
	}
}

// replicaScaling demands what an UpdateTableReplicaAutoScaling needs, for the table
// and its replicas.
func (d *demands) replicaScaling(table string) {
	d.add(table)
	for _, region := range append([]string{d.caller.Region}, d.replicaRegions(table)...) {
		for _, action := range scalingActions {
			d.list = append(d.list, demand{
				action: "application-autoscaling:" + action, resource: d.scalingResource(region, action), region: region, ownOnly: true,
			})
		}
	}
}

// replica demands actions on the replica of a table in another region, and returns
// its ARN.
func (d *demands) replica(home, region string, actions []string) string {
	there := home
	if named, ok := api.ParseARN(home); ok { // or it is no table, which the engine will say
		named.Region = region
		there = named.String()
	}
	for _, action := range actions {
		d.needIn(region, action, there)
	}
	return there
}

// needIn demands an action in a region.
func (d *demands) needIn(region, action, resource string) {
	d.need(action, resource)
	d.list[len(d.list)-1].region = region
}

// regionOf returns the region in an ARN, "" if there is none.
func regionOf(arn string) string {
	named, _ := api.ParseARN(arn)
	return named.Region
}
