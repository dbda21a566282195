package dynamodb

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// globalVersion is the version of global tables that tables themselves have.
const globalVersion = "2019.11.21"

// describeReplicas adds what a table is as a replica.
func (t *table) describeReplicas(v *view, out *ddb.TableDescription) {
	if v.SettingsMode != "" {
		out.GlobalTableSettingsReplicationMode = api.Some(v.SettingsMode)
	}
	r := v.Replication
	if r == nil {
		return
	}
	out.GlobalTableVersion = api.Some(globalVersion)
	out.GlobalTableSettingsReplicationMode = api.Some(r.settingsMode())
	if r.Strong {
		out.MultiRegionConsistency = api.Some(ddb.MultiRegionConsistencyStrong)
	}
	if r.Witness != "" {
		out.GlobalTableWitnesses = []ddb.GlobalTableWitnessDescription{{RegionName: api.Some(r.Witness), WitnessStatus: api.Some(ddb.WitnessStatusActive)}}
	}
	for _, m := range v.peers() {
		one := ddb.ReplicaDescription{RegionName: api.Some(m.Region), ReplicaStatus: api.Some(m.status())}
		if peer := t.engine.tableOf(v, m); peer != nil {
			if pv := peer.current.Load(); pv != nil {
				pv.describeReplica(v, &one)
			}
		}
		out.Replicas = append(out.Replicas, one)
	}
}

// settingsMode returns how replicas share their settings: those of one account may
// override some.
func (r *replication) settingsMode() string {
	if r.acrossAccounts() {
		return ddb.GlobalTableSettingsReplicationModeEnabled
	}
	return ddb.GlobalTableSettingsReplicationModeEnabledWithOverrides
}

func (m *replica) status() string {
	if len(m.Awaits) > 0 {
		return ddb.ReplicaStatusCreating
	}
	return ddb.ReplicaStatusActive
}

// describeReplica adds what a replica has in another table's description: its
// own settings where they differ.
func (d *descriptor) describeReplica(from *view, out *ddb.ReplicaDescription) {
	out.GlobalTableSettingsReplicationMode = api.Some(d.Replication.settingsMode())
	if d.Replication.acrossAccounts() {
		out.ReplicaArn = api.Some(d.arn())
	}
	out.WarmThroughput = d.Warm.tableWarm(false)
	if d.SSE != nil {
		out.KMSMasterKeyId = api.Some(d.SSE.Key)
	}
	if d.Throughput.Read != from.Throughput.Read {
		out.ProvisionedThroughputOverride = &ddb.ProvisionedThroughputOverride{ReadCapacityUnits: api.Some(d.Throughput.Read)}
	}
	if d.OnDemandLimit.Read != from.OnDemandLimit.Read {
		out.OnDemandThroughputOverride = &ddb.OnDemandThroughputOverride{MaxReadRequestUnits: api.Some(d.OnDemandLimit.Read)}
	}
	if orStandard(d.Class) != orStandard(from.Class) {
		out.ReplicaTableClassSummary = d.class()
		if out.ReplicaTableClassSummary == nil {
			out.ReplicaTableClassSummary = &ddb.TableClassSummary{TableClass: api.Some(orStandard(d.Class))}
		}
	}
	out.GlobalSecondaryIndexes = d.describeReplicaIndexes(from)
}

func (d *descriptor) describeReplicaIndexes(from *view) []ddb.ReplicaGlobalSecondaryIndexDescription {
	var list []ddb.ReplicaGlobalSecondaryIndexDescription
	for i := range d.Indexes {
		x := &d.Indexes[i]
		own := from.index(x.Name)
		if !x.Global || own == nil {
			continue
		}
		one := ddb.ReplicaGlobalSecondaryIndexDescription{IndexName: api.Some(x.Name), WarmThroughput: x.Warm.indexWarm()}
		if x.Throughput.Read != own.Throughput.Read {
			one.ProvisionedThroughputOverride = &ddb.ProvisionedThroughputOverride{ReadCapacityUnits: api.Some(x.Throughput.Read)}
		}
		if x.OnDemandLimit.Read != own.OnDemandLimit.Read {
			one.OnDemandThroughputOverride = &ddb.OnDemandThroughputOverride{MaxReadRequestUnits: api.Some(x.OnDemandLimit.Read)}
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b ddb.ReplicaGlobalSecondaryIndexDescription) int {
		if a.IndexName.V < b.IndexName.V {
			return -1
		}
		return 1
	})
	return list
}
