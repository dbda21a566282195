package dynamodb

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// indexNameOf returns the index that an update is about.
func indexNameOf(up *ddb.GlobalSecondaryIndexUpdate) string {
	switch {
	case up.Update != nil:
		return up.Update.IndexName.V
	case up.Create != nil:
		return up.Create.IndexName.V
	case up.Delete != nil:
		return up.Delete.IndexName.V
	}
	return ""
}

// checkIndexUpdates checks that each update has one action and that no two are
// about the same index.
func checkIndexUpdates(list []ddb.GlobalSecondaryIndexUpdate) error {
	seen := map[string]bool{}
	for i := range list {
		up := &list[i]
		actions := 0
		for _, has := range []bool{up.Update != nil, up.Create != nil, up.Delete != nil} {
			if has {
				actions++
			}
		}
		switch {
		case actions == 0:
			return badParameter("One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case actions > 1:
			return badParameter("Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
		}
		name := indexNameOf(up)
		if seen[name] {
			return badParameter("Only one global secondary index update per index is allowed simultaneously. Index: %s", name)
		}
		seen[name] = true
	}
	return nil
}

func countIndexChanges(list []ddb.GlobalSecondaryIndexUpdate) (creates, deletes int) {
	for i := range list {
		if list[i].Create != nil {
			creates++
		}
		if list[i].Delete != nil {
			deletes++
		}
	}
	return creates, deletes
}

// changeIndexes carries out the updates of global indexes.
func (u *tableUpdate) changeIndexes() error {
	list := u.in.GlobalSecondaryIndexUpdates
	if creates, deletes := countIndexChanges(list); creates+deletes > 1 {
		return errOneIndex()
	}
	for i := range list {
		var err error
		switch up := &list[i]; {
		case up.Update != nil:
			err = u.updateIndex(up.Update)
		case up.Create != nil:
			err = u.createIndex(up.Create)
		default:
			err = u.deleteIndex(up.Delete.IndexName.V)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func errOneIndex() error {
	return errLimit("Only 1 online index can be created or deleted simultaneously per table")
}

// globalIndex returns the index that an action is about.
func (u *tableUpdate) globalIndex(name, action string) (*index, error) {
	x := u.next.index(name)
	if x == nil {
		return nil, api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Index %s for table %s", name, u.next.Name)
	}
	if !x.Global {
		return nil, api.Validation("Cannot %s an index that is not a GlobalSecondaryIndex: %s", action, name)
	}
	return x, nil
}

func (u *tableUpdate) updateIndex(in *ddb.UpdateGlobalSecondaryIndexAction) error {
	name, pt := in.IndexName.V, in.ProvisionedThroughput
	if pt != nil && max(pt.ReadCapacityUnits.V, pt.WriteCapacityUnits.V) > maxThroughput {
		return api.Validation("This operation cannot be performed with given input values. Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate")
	}
	if err := u.before.admitIndex(name); err != nil {
		return err
	}
	x, err := u.globalIndex(name, "update")
	if err != nil {
		return err
	}
	if x.Backfilling {
		return errInUse("Index is being created. Table: %s Index: %s", u.next.Name, name)
	}
	if pt != nil && u.next.OnDemand {
		return badParameter("The only Updates for index: %s when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, WarmThroughput", name)
	}
	if pt != nil && !u.before.OnDemand { // else switchBilling has set it
		if err := x.Throughput.change(pt, "index "+name, "index "+name, u.paced, &x.Warm); err != nil {
			return err
		}
	}
	if err := checkLimits(in.OnDemandThroughput, u.next.OnDemand, name, noLimit); err != nil {
		return err
	}
	x.OnDemandLimit = changedLimits(x.OnDemandLimit, in.OnDemandThroughput)
	return x.Warm.raiseTo(in.WarmThroughput, "index "+name)
}

// createIndex adds an index, to be filled once it is published.
func (u *tableUpdate) createIndex(in *ddb.CreateGlobalSecondaryIndexAction) error {
	name := in.IndexName.V
	if u.in.AttributeDefinitions == nil {
		return badParameter("AttributeDefinitions is not specified for index: %s", name)
	}
	given, err := definitionsOf(u.in.AttributeDefinitions)
	if err != nil {
		return err
	}
	if err := u.checkRoom(name); err != nil {
		return err
	}
	// An attribute that the table has defined keeps its type.
	defs := definitions(u.next.Attributes).with(given)
	if err := defs.covers(in.KeySchema); err != nil {
		return err
	}
	g := ddb.GlobalSecondaryIndex(*in)
	if err := u.next.addGlobal(&g, defs, u.checkAddedThroughput); err != nil {
		return err
	}
	u.next.index(name).Backfilling = true
	u.next.Attributes = defs.used(u.next)
	u.created = name
	return u.next.checkProjected()
}

// checkRoom checks that one more index of that name can be created now.
func (u *tableUpdate) checkRoom(name string) error {
	globals := 0
	for i := range u.next.Indexes {
		if u.next.Indexes[i].Global {
			globals++
		}
	}
	switch {
	case u.next.index(name) != nil || u.next.vectorNamed(name) != nil || u.before.underIndex(name) != nil:
		return api.Validation("Attempting to create an index which already exists")
	case u.before.busyWithIndex(""):
		return errOneIndex()
	case globals >= maxGlobalIndexes:
		return errLimit("Number of global secondary indexes exceeds per-table limit of %d", maxGlobalIndexes)
	}
	return nil
}

// checkAddedThroughput checks the throughput of an index that is added to a
// table.
func (u *tableUpdate) checkAddedThroughput(in *ddb.GlobalSecondaryIndex) error {
	switch {
	case u.next.OnDemand && in.ProvisionedThroughput != nil:
		return badParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %s when BillingMode is PAY_PER_REQUEST", in.IndexName.V)
	case !u.next.OnDemand && in.ProvisionedThroughput == nil:
		return badParameter("Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %s", in.IndexName.V)
	}
	return nil
}

// used returns those of the definitions that a key of the table or an index
// needs, in the order in which they are described.
func (defs definitions) used(d *descriptor) []keyAttr {
	return slices.DeleteFunc(defs.sorted(), func(a keyAttr) bool {
		if d.Key.has(a.Name) {
			return false
		}
		if slices.ContainsFunc(d.VectorIndexes, func(x vectorIndex) bool { return x.hasAttribute(a.Name) }) {
			return false
		}
		return !slices.ContainsFunc(d.Indexes, func(x index) bool { return x.Key.has(a.Name) })
	})
}

// deleteIndex removes an index, finished or not.
func (u *tableUpdate) deleteIndex(name string) error {
	if err := u.before.admitIndexDeletion(name); err != nil {
		return err
	}
	x, err := u.globalIndex(name, "delete")
	if err != nil {
		return err
	}
	if u.before.under(changeDeleteIndex) != nil {
		return errOneIndex()
	}
	if u.before.busyWithIndex(name) {
		return errOneIndex()
	}
	u.deleted = append(u.deleted, *x)
	u.next.Indexes = slices.DeleteFunc(u.next.Indexes, func(x index) bool { return x.Name == name })
	u.next.Attributes = definitions(u.next.Attributes).used(u.next)
	u.next.dropInsights(name)
	return nil
}

// erase deletes the rows of the indexes that go.
func (u *tableUpdate) erase(b kv.Batch) {
	for i := range u.deleted {
		erasePrefix(b, indexPrefix(u.next.ID, u.deleted[i].Number))
	}
	for i := range u.deletedVectors {
		erasePrefix(b, indexPrefix(u.next.ID, u.deletedVectors[i].Number))
	}
}

// beginIndexes lets the changes of indexes take their time.
func (u *tableUpdate) beginIndexes(begin func(change)) {
	for i := range u.in.GlobalSecondaryIndexUpdates {
		up := &u.in.GlobalSecondaryIndexUpdates[i]
		if up.Update != nil && (up.Update.ProvisionedThroughput != nil || up.Update.OnDemandThroughput != nil) {
			begin(change{Kind: changeUpdateIndex, Name: up.Update.IndexName.V})
		}
	}
	if u.created != "" {
		begin(change{Kind: changeCreateIndex, Name: u.created})
	}
	for i := range u.deleted {
		begin(change{Kind: changeDeleteIndex, Name: u.deleted[i].Name, Index: &u.deleted[i]})
	}
	for i := range u.deletedVectors {
		begin(change{Kind: changeDeleteIndex, Name: u.deletedVectors[i].Name, Vector: &u.deletedVectors[i]})
	}
}

// describeIndexes puts into the answer what the service says of indexes that it
// is about to change.
func (u *tableUpdate) describeIndexes(out *ddb.TableDescription) {
	if u.created != "" || len(u.deleted) > 0 {
		out.TableStatus = api.Some(ddb.TableStatusUpdating)
	}
	for i := range out.GlobalSecondaryIndexes {
		x := &out.GlobalSecondaryIndexes[i]
		if x.IndexName.V == u.created {
			x.Backfilling = api.Some(false)
		} else if pt := u.indexThroughput(x.IndexName.V); pt != nil || u.limitsIndex(x.IndexName.V) {
			x.IndexStatus = api.Some(ddb.IndexStatusUpdating)
			if pt != nil && !u.before.OnDemand {
				x.ProvisionedThroughput = u.before.find(x.IndexName.V).Throughput.describe(u.paced)
			}
		}
	}
	for i := range u.deleted {
		if u.next.underIndex(u.deleted[i].Name) != nil {
			continue // described already
		}
		x := u.before.find(u.deleted[i].Name).describeGlobal(u.before, u.now)
		x.IndexStatus, x.Backfilling = api.Some(ddb.IndexStatusDeleting), api.Opt[bool]{}
		out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, x)
	}
}
