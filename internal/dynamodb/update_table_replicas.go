package dynamodb

import (
	"cmp"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// sourceMemory is how long a replica whose table was asked to add another cannot
// be deleted before that one.
const sourceMemory = 24 * time.Hour

// Scaling knows what is set to scale by itself.
type Scaling interface {
	// Scaled reports whether a capacity, named as in Application Auto Scaling,
	// has a target with a policy.
	Scaled(ns api.Namespace, resource, dimension string) (bool, error)
	// Setting returns how a capacity scales; ok is false if it does not.
	Setting(ns api.Namespace, resource, dimension string) (s api.ScalingSetting, ok bool, err error)
	// Set makes a capacity scale, Unset ends that.
	Set(ns api.Namespace, resource, dimension string, s api.ScalingSetting) error
	Unset(ns api.Namespace, resource, dimension string) error
}

// updateReplicas is an UpdateTable with ReplicaUpdates. The replicas are there
// when it answers, but for their items.
func (e *Engine) updateReplicas(g *group, t *table, v *view, r *replicaUpdates) (*ddb.UpdateTableOutput, error) {
	if err := r.check(v); err != nil {
		return nil, err
	}
	if err := v.admitReplicas(); err != nil {
		return nil, err
	}
	before := t.describe(v)
	var err error
	switch {
	case len(r.creates) > 0:
		err = e.createReplicas(g, t, v, r)
	case len(r.deletes) > 0:
		err = e.deleteReplicas(g, v, r)
	default:
		err = e.changeReplicas(g, r)
	}
	if err != nil {
		return nil, err
	}
	out := t.describe(t.current.Load())
	out.TableStatus = api.Some(ddb.TableStatusUpdating)
	// The replicas are those of before: what changes shows later.
	if out.Replicas = before.Replicas; out.Replicas == nil {
		out.Replicas = []ddb.ReplicaDescription{}
	}
	out.GlobalTableVersion = api.Some(globalVersion)
	return &ddb.UpdateTableOutput{TableDescription: out}, nil
}

// admitReplicas refuses a change of replicas that cannot be made now.
func (v *view) admitReplicas() error {
	if err := v.checkSettled(); err != nil {
		return err
	}
	switch m := v.adding(); {
	case m != nil && m.Region == v.Region:
		return api.Validation("Create/Update/Delete of replica is not allowed while the replica is being added to table with name: ‘%s’ in region: ‘%s’.", v.Name, m.Region)
	case m != nil || v.status() != ddb.TableStatusActive:
		return errBusy()
	}
	return nil
}

func errBusy() error {
	return api.Errorf(ddb.CodeResourceInUseException, "The resource which you are attempting to change is in use.")
}

// createReplicas adds replicas of a table. Every replica that there is sends them
// what it has.
func (e *Engine) createReplicas(g *group, t *table, v *view, r *replicaUpdates) error {
	if err := e.admitCreation(g, t, v, r); err != nil {
		return err
	}
	now := time.Now()
	next := v.Replication.clone()
	if len(next.Members) == 0 {
		next.Created = now
		next.Members = []replica{{Region: v.Region, Table: v.ID, Added: now}}
		next.Strong, next.Witness = r.strong(), r.witness
		if r.account != "" {
			next.Members[0].Account = v.Account
		}
	}
	var awaits []string
	if !next.Strong { // which begins empty
		for _, m := range next.Members {
			awaits = append(awaits, m.Region)
		}
	}
	rev := g.replicated(next)
	if source := rev.changed[t]; source.Stream == nil && !next.Strong {
		source.Stream = newStream("NEW_AND_OLD_IMAGES", freshLabelTime(now, source))
	}
	for _, c := range r.creates {
		d, err := rev.changed[t].replica(c, cmp.Or(r.account, v.Account), now)
		if err == nil && r.own != nil {
			err = r.own(d)
		}
		if err != nil {
			return err
		}
		d.Replication = next
		rev.created = append(rev.created, d)
		next.Members = append(next.Members, replica{Region: d.Region, Account: r.account, Added: now, Source: v.Region, Awaits: awaits})
	}
	known := len(next.Members) - len(rev.created)
	rev.link = func() {
		for i, d := range rev.created {
			next.Members[known+i].Table = d.ID
		}
	}
	fresh, err := g.revise(rev)
	if err != nil {
		return err
	}
	for _, t := range fresh {
		if v := t.current.Load(); v.expiry != nil {
			e.startExpiry(t, v.expiry)
		}
	}
	return nil
}

// admitCreation refuses replicas that the table cannot have.
func (e *Engine) admitCreation(g *group, t *table, v *view, r *replicaUpdates) error {
	for _, c := range r.creates {
		ns := api.Namespace{Account: cmp.Or(r.account, v.Account), Region: c.RegionName.V}
		if has, _ := e.Has(ns, v.Name, ""); has || g.of(c.RegionName.V) != nil {
			return errReplicaExists(v.Name)
		}
		if r.account != "" {
			continue // its encryption is its own
		}
		switch key := c.KMSMasterKeyId; {
		case v.SSE != nil && !key.OK && v.kmsKeyARN(v.SSE.Key) != v.kmsKeyARN(managedKey):
			return badParameter("KMSMasterKeyId must be specified for each replica.")
		case v.SSE == nil && key.OK:
			return badParameter("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")
		}
	}
	if r.strong() {
		return v.admitStrong(t)
	}
	return e.admitScaling(v)
}

// admitStrong refuses strong consistency for a table that has what such a group
// does not: items, local indexes, time to live.
func (v *view) admitStrong(t *table) error {
	switch {
	case t.stats.items.Load() > 0:
		return api.Validation("Table must be empty when creating a global table with MultiRegionConsistency set to STRONG.")
	case v.hasLocal():
		return api.Validation("Local secondary indexes are not supported for global tables with MultiRegionConsistency set to STRONG.")
	case v.expiry != nil:
		return api.Validation("Time to live is not supported for global tables with MultiRegionConsistency set to STRONG.")
	}
	return nil
}

// admitScaling refuses replicas of a table whose write capacity is fixed: it
// would have to be the same everywhere.
func (e *Engine) admitScaling(v *view) error {
	if v.OnDemand || e.scaling == nil {
		return nil
	}
	ns := v.id().ns
	if ok, err := e.scaling.Scaled(ns, "table/"+v.Name, "dynamodb:table:WriteCapacityUnits"); err != nil || !ok {
		return orValidation(err, "Table write capacity should either be Pay-Per-Request or AutoScaled.")
	}
	for i := range v.indexes {
		if x := &v.indexes[i]; x.Global {
			if ok, err := e.scaling.Scaled(ns, "table/"+v.Name+"/index/"+x.Name, "dynamodb:index:WriteCapacityUnits"); err != nil || !ok {
				return orValidation(err, "GSI write capacity should either be Pay-Per-Request or AutoScaled.")
			}
		}
	}
	return nil
}

func orValidation(err error, text string) error {
	if err != nil {
		return err
	}
	return api.Validation("%s", text)
}

// replica returns the descriptor of a new replica of a table in an account, without
// number.
func (d *descriptor) replica(c *ddb.CreateReplicationGroupMemberAction, account string, now time.Time) (*descriptor, error) {
	base := d.withoutCounters()
	r := &descriptor{
		Account: account, Region: c.RegionName.V, Name: d.Name, UUID: newUUID(), Created: now,
		Attributes: base.Attributes, Key: base.Key, Indexes: base.Indexes, VectorIndexes: base.VectorIndexes, NextIndex: d.NextIndex,
		OnDemand: d.OnDemand, Throughput: d.Throughput, OnDemandLimit: d.OnDemandLimit, Warm: d.Warm, Class: d.Class,
		SettingsMode: d.SettingsMode,
	}
	if d.OnDemand {
		r.OnDemandSince = now
	}
	for i := range r.Indexes {
		r.Indexes[i].Backfilling = false // it fills with the table
	}
	for i := range r.VectorIndexes {
		r.VectorIndexes[i].Backfilling = false
	}
	if d.Stream != nil && d.Replication != nil && !d.Replication.Strong {
		r.Stream = newStream(d.Stream.View, now)
	}
	if d.TTL != nil {
		r.TTL = &timeToLive{Attribute: d.TTL.Attribute, Changed: d.TTL.Changed}
	}
	if d.SSE != nil {
		r.SSE = &sse{Type: d.SSE.Type, Key: r.kmsKeyARN(c.KMSMasterKeyId.Or(managedKey))}
	}
	o := overrides{c.ProvisionedThroughputOverride, c.OnDemandThroughputOverride, c.GlobalSecondaryIndexes, c.TableClassOverride}
	return r, r.override(o, now)
}

// deleteReplicas deletes replicas with their tables.
func (e *Engine) deleteReplicas(g *group, v *view, r *replicaUpdates) error {
	next := v.Replication
	for _, region := range r.deletes {
		if err := v.admitLeaving(region, r.deletes, time.Now()); err != nil {
			return err
		}
		if err := g.admitDeletion(region); err != nil {
			return err
		}
		if next = next.without(region); next == nil {
			break
		}
	}
	if len(v.peers()) == len(r.deletes) {
		next = nil
	}
	_, err := g.revise(g.leaving(next, r.deletes))
	return err
}

// admitDeletion refuses the deletion of a replica that is protected or in use.
func (g *group) admitDeletion(region string) error {
	t := g.of(region)
	if t == nil {
		return nil
	}
	v := t.current.Load()
	switch {
	case v.DeletionProtected:
		return api.Validation("Cannot delete table %s in region %s because it has deletion protection enabled. Disable deletion protection first.", v.Name, region)
	case len(t.pins) > 0:
		return errPinned(v)
	case v.status() != ddb.TableStatusActive:
		return errBusy()
	}
	return nil
}

// leaving is the revision after which some regions have no replica any more.
func (g *group) leaving(next *replication, regions []string) *revision {
	rev := g.replicated(next)
	for _, region := range regions {
		if t := g.of(region); t != nil {
			delete(rev.changed, t)
			rev.dropped = append(rev.dropped, t)
		}
	}
	rev.erase = eraseLinks(rev)
	return rev
}

// admitLeaving refuses the deletion of a replica that was lately the source of
// another one which stays.
func (d *descriptor) admitLeaving(region string, others []string, now time.Time) error {
	for _, m := range d.Replication.Members {
		stays := m.Region != region
		for _, other := range others {
			stays = stays && m.Region != other
		}
		if stays && m.Source == region && now.Before(m.Added.Add(sourceMemory)) {
			return api.Validation("Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the table in the last %d hours.", int(sourceMemory/time.Hour))
		}
	}
	return nil
}

// changeReplicas changes settings of replicas that differ from those of the
// others.
func (e *Engine) changeReplicas(g *group, r *replicaUpdates) error {
	rev := &revision{changed: map[*table]*descriptor{}}
	for _, up := range r.updates {
		t := g.of(up.RegionName.V)
		next := rev.changed[t]
		if next == nil {
			next = t.current.Load().clone()
			rev.changed[t] = next
		}
		if up.KMSMasterKeyId.OK {
			return api.Validation("KMSMasterKeyId cannot be updated through ReplicaUpdates.")
		}
		o := overrides{up.ProvisionedThroughputOverride, up.OnDemandThroughputOverride, up.GlobalSecondaryIndexes, up.TableClassOverride}
		if next.OnDemand && o.throughput != nil {
			return api.Validation("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
		if err := next.override(o, time.Now()); err != nil {
			return err
		}
	}
	_, err := g.revise(rev)
	return err
}

// overrides are the settings of a replica that are its own.
type overrides struct {
	throughput *ddb.ProvisionedThroughputOverride
	limit      *ddb.OnDemandThroughputOverride
	indexes    []ddb.ReplicaGlobalSecondaryIndex
	class      api.Opt[string]
}

// override applies overrides to a descriptor. What they say of capacity that the
// table does not have, and of indexes that it does not have, is ignored.
func (d *descriptor) override(o overrides, now time.Time) error {
	if err := checkClass(o.class); err != nil {
		return err
	}
	if err := d.Throughput.override(o.throughput, d.OnDemand); err != nil {
		return err
	}
	d.OnDemandLimit.overrideLimit(o.limit, d.OnDemand)
	for i := range o.indexes {
		x := d.index(o.indexes[i].IndexName.V)
		if x == nil || !x.Global {
			continue
		}
		if err := x.Throughput.override(o.indexes[i].ProvisionedThroughputOverride, d.OnDemand); err != nil {
			return err
		}
		x.OnDemandLimit.overrideLimit(o.indexes[i].OnDemandThroughputOverride, d.OnDemand)
	}
	if o.class.OK && o.class.V != orStandard(d.Class) {
		d.Class, d.ClassChanged = o.class.V, now
	}
	return nil
}

func (p *throughput) override(o *ddb.ProvisionedThroughputOverride, onDemand bool) error {
	if o == nil || !o.ReadCapacityUnits.OK || onDemand {
		return nil
	}
	if o.ReadCapacityUnits.V < 1 {
		return badParameter("ReadCapacityUnits must be at least 1")
	}
	p.Read = o.ReadCapacityUnits.V
	return nil
}

func (p *throughput) overrideLimit(o *ddb.OnDemandThroughputOverride, onDemand bool) {
	if o != nil && o.MaxReadRequestUnits.OK && onDemand {
		p.Read = o.MaxReadRequestUnits.V
	}
}
