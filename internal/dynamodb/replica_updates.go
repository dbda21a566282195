package dynamodb

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// replicaUpdates are the ReplicaUpdates and GlobalTableWitnessUpdates of an
// UpdateTable, sorted by what they do.
type replicaUpdates struct {
	creates []*ddb.CreateReplicationGroupMemberAction
	updates []*ddb.UpdateReplicationGroupMemberAction
	deletes []string
	// The regions of witnesses that come and go, "" for none.
	witness, gone string
	consistency   api.Opt[string]
	// account is that of the replicas to be created, "" for the table's; own then
	// sets what they do not share with it.
	account string
	own     func(*descriptor) error
}

// sortReplicaUpdates checks what can be checked of the updates without the table.
func sortReplicaUpdates(in *ddb.UpdateTableInput) (*replicaUpdates, error) {
	r := &replicaUpdates{consistency: in.MultiRegionConsistency}
	for i := range in.ReplicaUpdates {
		if err := r.add(&in.ReplicaUpdates[i]); err != nil {
			return nil, err
		}
	}
	for i := range in.GlobalTableWitnessUpdates {
		switch up := &in.GlobalTableWitnessUpdates[i]; {
		case up.Create != nil:
			r.witness = up.Create.RegionName.V
		case up.Delete != nil:
			r.gone = up.Delete.RegionName.V
		}
	}
	return r, r.checkShape()
}

// add sorts one update. The same creation or deletion twice counts once.
func (r *replicaUpdates) add(up *ddb.ReplicationGroupUpdate) error {
	kinds := 0
	for _, has := range []bool{up.Create != nil, up.Update != nil, up.Delete != nil} {
		if has {
			kinds++
		}
	}
	switch {
	case kinds > 1:
		return api.Validation("Update table operation with more than one type of replica actions not allowed.")
	case kinds == 0 || up.Update != nil && !changesReplica(up.Update):
		return api.Validation("There are no actions specified in the Replica Update Action of the request.")
	case up.Update != nil:
		r.updates = append(r.updates, up.Update)
	case up.Create != nil:
		same := func(other *ddb.CreateReplicationGroupMemberAction) bool {
			return other.RegionName.V == up.Create.RegionName.V
		}
		if !slices.ContainsFunc(r.creates, same) {
			r.creates = append(r.creates, up.Create)
		}
	case !slices.Contains(r.deletes, up.Delete.RegionName.V):
		r.deletes = append(r.deletes, up.Delete.RegionName.V)
	}
	return nil
}

func changesReplica(up *ddb.UpdateReplicationGroupMemberAction) bool {
	return up.KMSMasterKeyId.OK || up.ProvisionedThroughputOverride != nil || up.OnDemandThroughputOverride != nil ||
		up.GlobalSecondaryIndexes != nil || up.TableClassOverride.OK
}

// strong reports whether strong consistency is asked for.
func (r *replicaUpdates) strong() bool {
	return r.consistency.V == ddb.MultiRegionConsistencyStrong
}

func (r *replicaUpdates) checkShape() error {
	if r.witness != "" && !r.strong() {
		return api.Validation("MultiRegionConsistency must be set as STRONG when GlobalTableWitnessUpdates parameter is present.")
	}
	if r.consistency.OK && (len(r.deletes) > 0 || len(r.updates) > 0) {
		return api.Validation("Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.")
	}
	return nil
}

// regions returns those in which something is to be created.
func (r *replicaUpdates) regions() []string {
	var list []string
	for _, c := range r.creates {
		list = append(list, c.RegionName.V)
	}
	return list
}

// check checks the updates against the table of which they are asked.
func (r *replicaUpdates) check(v *view) error {
	if v.Replication.acrossAccounts() {
		return api.Validation("ReplicaUpdates are not supported for a global table with replicas in several accounts. Use CreateTable or DeleteTable in the account of the replica.")
	}
	for _, region := range slices.Concat(r.regions(), r.deletes) {
		if region == v.Region {
			return api.Validation("Cannot add or delete the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
		}
	}
	for _, region := range r.regions() {
		if !slices.Contains(globalRegions, region) {
			return api.Validation("Region %s is not supported. The latest version of global tables are only supported in the following regions: [%s]", region, strings.Join(globalRegions, ", "))
		}
	}
	if err := r.checkConsistency(v); err != nil {
		return err
	}
	if unknown := r.unknown(v); len(unknown) > 0 {
		return api.Validation("Update global table operation failed because one or more replicas were not part of the global table. Please retry the request without these replicas: [%s].", strings.Join(unknown, ", "))
	}
	if v.Replication != nil && v.Replication.Strong {
		return r.checkDissolution(v)
	}
	if !r.strong() && len(r.creates)+len(r.deletes) > 1 {
		return api.Validation("Update table operation with more than one create or delete replica actions not allowed")
	}
	return nil
}

// checkConsistency checks that the mode asked for can be that of the group: a
// group with strong consistency is made whole, and stays as it is.
func (r *replicaUpdates) checkConsistency(v *view) error {
	exists := v.Replication != nil
	if r.strong() {
		if err := r.checkStrong(v); err != nil {
			return err
		}
	}
	switch {
	case r.consistency.OK && exists:
		return api.Validation("MultiRegionConsistency parameter is unsupported on existing global table")
	case exists && v.Replication.Strong && len(r.creates) > 0:
		return api.Validation("Cannot add replicas to a global table with strong MultiRegionConsistency")
	}
	return nil
}

// checkStrong checks a new group with strong consistency: three regions, one of
// which may be a witness.
func (r *replicaUpdates) checkStrong(v *view) error {
	places := r.regions()
	if r.witness != "" {
		places = append(places, r.witness)
	}
	if len(places) != 2 && !(len(places) == 3 && r.witness != "") {
		return api.Validation("Unsupported replica count for global tables with MultiRegionConsistency set to STRONG.")
	}
	if bad := notStrong(append([]string{v.Region}, places...)); len(bad) > 0 {
		return api.Validation("Unsupported Region(s) specified for global tables with MultiRegionConsistency set to STRONG: [%s].", strings.Join(slices.Compact(bad), ", "))
	}
	switch {
	case slices.Contains(r.regions(), r.witness):
		return api.Validation("Cannot target multiple regions with the same action")
	case r.witness == v.Region:
		return api.Validation("Cannot add a witness in the same region as an existing replica when creating a global table with MultiRegionConsistency set to STRONG.")
	case len(places) == 3:
		return api.Validation("Unsupported replica count for global tables with MultiRegionConsistency set to STRONG.")
	}
	return nil
}

// unknown returns the regions that are to be changed or deleted and have no
// replica.
func (r *replicaUpdates) unknown(v *view) []string {
	wanted := slices.Clone(r.deletes)
	for _, up := range r.updates {
		wanted = append(wanted, up.RegionName.V)
	}
	return slices.DeleteFunc(wanted, func(region string) bool { return v.Replication.member(region) != nil })
}

// checkDissolution checks that what is deleted of a group with strong consistency
// is all but the table itself.
func (r *replicaUpdates) checkDissolution(v *view) error {
	switch {
	case r.gone != "" && r.gone != v.Replication.Witness:
		return api.Validation("Update global table operation failed because one or more witnesses were not part of the global table. Please retry the request without these witnesses: [%s].", r.gone)
	case len(r.deletes) == 0:
		return nil
	case len(r.deletes) < len(v.peers()):
		return errOneOfStrong()
	case r.gone != v.Replication.Witness:
		return api.Validation("Update table delete operation does not include all witnesses.")
	}
	return nil
}

func errOneOfStrong() error {
	return api.Validation("Deletion of only one table replica is not supported for global tables with MultiRegionConsistency set to STRONG.")
}
