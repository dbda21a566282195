package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/kv"
)

// UpdateTable changes the settings and indexes of a table. Unless
// Options.TableDelay says otherwise, all but the filling of a new index is done
// when it answers.
func (e *Engine) UpdateTable(_ context.Context, c *api.Caller, in *ddb.UpdateTableInput) (*ddb.UpdateTableOutput, error) {
	if err := checkUpdate(c, in); err != nil {
		return nil, err
	}
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	g, before := e.lockGroup(t)
	defer g.unlock()
	if before == nil {
		return nil, errNoTable(nameOf(in.TableName.V))
	}
	if len(in.ReplicaUpdates) > 0 {
		r, err := sortReplicaUpdates(in)
		if err != nil {
			return nil, err
		}
		return e.updateReplicas(g, t, before, r)
	}
	u := &tableUpdate{in: in, now: time.Now(), paced: e.modelTime(), before: before, next: before.clone(), warm: before.meter.warm(capacity.Itself, before.Warm)}
	if err := u.admit(); err != nil {
		return nil, err
	}
	if err := e.admitChange(c.Namespace); err != nil {
		return nil, err
	}
	if err := u.apply(); err != nil {
		return nil, err
	}
	if err := e.admitCapacity(u.next, before.descriptor); err != nil {
		return nil, err
	}
	all, err := u.forReplicas(g, t)
	if err != nil {
		return nil, err
	}
	if err := e.carryOut(g, all); err != nil {
		return nil, err
	}
	return &ddb.UpdateTableOutput{TableDescription: u.describe(t, t.current.Load())}, nil
}

// carryOut makes what was decided of each table of a group the one in force, as
// one step.
func (e *Engine) carryOut(g *group, all map[*table]*tableUpdate) error {
	rev := &revision{changed: map[*table]*descriptor{}}
	for t, u := range all {
		u.begin(e.delay)
		rev.changed[t] = u.next
	}
	rev.erase = func(b kv.Batch) {
		for _, u := range all {
			u.erase(b)
		}
	}
	if _, err := g.revise(rev); err != nil {
		return err
	}
	for t, u := range all {
		e.awaitChanges(t, u.next, u.before.Changes)
		if after := t.current.Load(); u.created != "" && after.underIndex(u.created) == nil {
			e.startBackfill(t, after.numberOf(u.created))
		}
	}
	return nil
}

// tableUpdate is one UpdateTable of a table.
type tableUpdate struct {
	in     *ddb.UpdateTableInput
	now    time.Time
	paced  time.Time // what time it is for how often capacity may fall
	before *view
	warm   throughput  // the table's before the change
	next   *descriptor // a copy that is being changed

	created        string        // the new index of either kind, if there is one
	deleted        []index       // the indexes whose rows go
	deletedVectors []vectorIndex // the vector indexes whose rows go
}

// clone returns a copy of a descriptor that can be changed.
func (d *descriptor) clone() *descriptor {
	c := *d
	c.Attributes = slices.Clone(d.Attributes)
	c.Indexes = slices.Clone(d.Indexes)
	c.VectorIndexes = slices.Clone(d.VectorIndexes)
	c.Stream = d.Stream.clone()
	c.OldStreams = slices.Clone(d.OldStreams)
	c.Tags = slices.Clone(d.Tags)
	c.Insights = slices.Clone(d.Insights)
	c.Counters = slices.Clone(d.Counters)
	c.Changes = slices.Clone(d.Changes)
	c.ClassChanges = slices.Clone(d.ClassChanges)
	c.SSEChanges = slices.Clone(d.SSEChanges)
	return &c
}

// present says which members a request has. An empty structure counts as
// absent.
type present struct {
	throughput, billing, indexes, vectors, stream, sse, class, protection, onDemand, warm, replicas, settingsMode bool
}

func presentIn(in *ddb.UpdateTableInput) present {
	return present{
		throughput: in.ProvisionedThroughput != nil,
		billing:    in.BillingMode.OK,
		indexes:    len(in.GlobalSecondaryIndexUpdates) > 0,
		vectors:    len(in.VectorIndexUpdates) > 0,
		stream:     in.StreamSpecification != nil,
		sse:        in.SSESpecification != nil,
		class:      in.TableClass.OK,
		protection: in.DeletionProtectionEnabled.OK,
		onDemand:   in.OnDemandThroughput != nil && *in.OnDemandThroughput != ddb.OnDemandThroughput{},
		warm:       in.WarmThroughput != nil && *in.WarmThroughput != ddb.WarmThroughput{},

		replicas:     len(in.ReplicaUpdates) > 0,
		settingsMode: in.GlobalTableSettingsReplicationMode.OK,
	}
}

func (p present) count() int {
	n := 0
	for _, has := range []bool{p.throughput, p.billing, p.indexes, p.vectors, p.stream, p.sse, p.class, p.protection, p.onDemand, p.warm, p.replicas, p.settingsMode} {
		if has {
			n++
		}
	}
	return n
}

// checkUpdate checks what can be checked of a request without the table, which
// the service does before it looks whether there is one.
func checkUpdate(c *api.Caller, in *ddb.UpdateTableInput) error {
	if err := checkNameOrARN(c, in.TableName.V); err != nil {
		return err
	}
	if err := checkSettingsMode(in.GlobalTableSettingsReplicationMode); err != nil {
		return err
	}
	p := presentIn(in)
	if p.count() == 0 {
		consistency := "MultiRegionConsistency, "
		if in.MultiRegionConsistency.OK {
			consistency = "" // which is present, and not enough
		}
		return api.Validation("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, %sDeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required", consistency)
	}
	if err := checkClass(in.TableClass); err != nil {
		return err
	}
	if in.GlobalSecondaryIndexUpdates != nil && !p.indexes {
		return badParameter("List of GlobalSecondaryIndexUpdates is empty")
	}
	if err := checkBounds(in.ProvisionedThroughput); err != nil {
		return err
	}
	if err := checkIndexUpdates(in.GlobalSecondaryIndexUpdates); err != nil {
		return err
	}
	if err := checkVectorUpdates(in.VectorIndexUpdates); err != nil {
		return err
	}
	if p.replicas && p.count() > 1 {
		if in.MultiRegionConsistency.OK || in.GlobalTableWitnessUpdates != nil {
			return badParameter("Requests that modify replicas or witnesses must not also modify other fields")
		}
		return badParameter("Replica modification must be the only operation in the request")
	}
	if err := p.checkAlone(); err != nil {
		return err
	}
	return checkCombination(in, p)
}

// checkSettingsMode checks the mode in which a table shares its settings with replicas
// of other accounts.
func checkSettingsMode(mode api.Opt[string]) error {
	if mode.V == ddb.GlobalTableSettingsReplicationModeEnabledWithOverrides {
		return api.Validation("Value 'ENABLED_WITH_OVERRIDES' at 'GlobalTableSettingsReplicationMode' failed to satisfy constraint: Only ENABLED and DISABLED settings replication are supported for a Regional Table.")
	}
	return nil
}

// checkAlone refuses a change that must be the only one of its request together
// with others.
func (p present) checkAlone() error {
	if p.count() == 1 {
		return nil
	}
	switch {
	case p.sse:
		return badParameter("Server-Side Encryption modification must be the only operation in the request")
	case p.class:
		return badParameter("TableClass modification must be the only operation in the request")
	case p.protection:
		return badParameter("DeletionProtection modification must be the only operation in the request")
	case p.onDemand && (!p.billing || p.count() > 2):
		return badParameter("OnDemandThroughput can only be combined with BillingMode in an UpdateTable request")
	}
	return nil
}

// checkCombination refuses the other pairs of changes that exclude each other.
func checkCombination(in *ddb.UpdateTableInput, p present) error {
	creates, deletes := countIndexChanges(in.GlobalSecondaryIndexUpdates)
	newVectors, oldVectors := countVectorChanges(in.VectorIndexUpdates)
	creates, deletes = creates+newVectors, deletes+oldVectors
	switch {
	case p.warm && creates > 0:
		return badParameter("Create global secondary index cannot be specified when updating WarmThroughput")
	case p.warm && p.count() > 1:
		return badParameter("WarmThroughput must be the only operation in the request")
	case p.stream && (p.throughput || in.BillingMode.V == ddb.BillingModeProvisioned):
		return badParameter("You cannot modify stream status while updating table IOPS")
	case p.throughput && creates+deletes > 0:
		return badParameter("You cannot create or delete index while updating table IOPS")
	case p.stream && creates+deletes > 0:
		return badParameter("You cannot create or delete index while changing stream status")
	case in.BillingMode.V == ddb.BillingModePayPerRequest && p.throughput:
		return badParameter("ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST")
	case in.BillingMode.V == ddb.BillingModeProvisioned && !p.throughput:
		return badParameter("ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
	}
	return checkStreamUpdate(in.StreamSpecification)
}

// apply checks a request against the table and changes the copy of its
// descriptor.
func (u *tableUpdate) apply() error {
	for _, step := range []func() error{
		u.changeThroughput, u.changeIndexes, u.changeVectors, u.changeLimits, u.changeWarm, u.changeStream, u.changeSSE, u.changeClass,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	u.next.splitStream()
	u.next.SettingsMode = u.in.GlobalTableSettingsReplicationMode.Or(u.next.SettingsMode)
	u.next.DeletionProtected = u.in.DeletionProtectionEnabled.Or(u.next.DeletionProtected)
	return nil
}

// begin lets the changes of a request take their time.
func (u *tableUpdate) begin(delay time.Duration) {
	if delay <= 0 {
		return
	}
	begin := func(c change) { u.next.begin(c, u.now, delay) }
	p, d := presentIn(u.in), u.next
	switch {
	case d.OnDemand != u.before.OnDemand:
		begin(change{Kind: changeBilling})
	case p.throughput:
		begin(change{Kind: changeThroughput})
	}
	if p.stream {
		latest := d.streams()[len(d.streams())-1]
		begin(change{Kind: changeStream, Name: latest.Label, On: d.Stream != nil})
	}
	if p.sse {
		begin(change{Kind: changeEncryption})
	}
	if p.warm && d.Warm != u.before.Warm {
		begin(change{Kind: changeWarm})
	}
	if d.Class != u.before.Class {
		begin(change{Kind: changeClass, Name: d.Class})
		d.Class, d.ClassChanged = u.before.Class, u.before.ClassChanged
	}
	u.beginIndexes(begin)
}

func (u *tableUpdate) changeClass() error {
	class := u.in.TableClass
	if !class.OK {
		return nil
	}
	if err := u.next.allowClass(u.now); err != nil {
		return err
	}
	if class.V != orStandard(u.next.Class) {
		u.next.Class, u.next.ClassChanged = class.V, u.now
		u.next.ClassChanges = append(u.next.ClassChanges, u.now)
	}
	return nil
}

// checkClass checks the class that a request names.
func checkClass(class api.Opt[string]) error {
	if class.OK && class.V != ddb.TableClassStandard && class.V != ddb.TableClassStandardInfrequentAccess {
		return api.Validation("Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, STANDARD_INFREQUENT_ACCESS].")
	}
	return nil
}

// orStandard is the class of a table for which no request named one.
func orStandard(class string) string {
	if class == "" {
		return ddb.TableClassStandard
	}
	return class
}

func (u *tableUpdate) changeSSE() error {
	if u.in.SSESpecification == nil {
		return nil
	}
	if err := u.next.allowSSE(u.now); err != nil {
		return err
	}
	setting, err := u.next.newSSE(u.in.SSESpecification)
	if err != nil {
		return err
	}
	switch now := u.next.SSE; {
	case setting == nil && now == nil:
		return badParameter("Table is already encrypted by default")
	case setting != nil && now != nil && u.in.SSESpecification.KMSMasterKeyId.V == now.Key:
		return badParameter("Table is already encrypted with given KMSMasterKeyId. Use KMSMasterKeyId parameter if you want to change Master Key")
	}
	u.next.SSE, u.next.SSEChanges = setting, append(u.next.SSEChanges, u.now)
	return nil
}

// describe returns the answer: the table as it is becoming. Of a change that
// the service carries out later it shows, as the service does, what it had
// before.
func (u *tableUpdate) describe(t *table, after *view) *ddb.TableDescription {
	out := t.describe(after)
	p := presentIn(u.in)
	if p.throughput || p.billing || p.vectors || p.stream || p.class {
		out.TableStatus = api.Some(ddb.TableStatusUpdating)
	}
	u.describeOld(out, p)
	out.OnDemandThroughput = withNoLimit(out.OnDemandThroughput, u.in.OnDemandThroughput)
	u.describeIndexes(out)
	u.describeDeletedVectors(out)
	return out
}

// describeOld puts into an answer what the service shows there as it was, or as it is
// while it changes.
func (u *tableUpdate) describeOld(out *ddb.TableDescription, p present) {
	if p.throughput && !u.before.OnDemand {
		since := out.ProvisionedThroughput
		out.ProvisionedThroughput = u.before.Throughput.describe(u.paced)
		out.ProvisionedThroughput.LastIncreaseDateTime, out.ProvisionedThroughput.LastDecreaseDateTime = since.LastIncreaseDateTime, since.LastDecreaseDateTime
	}
	if u.next.OnDemand != u.before.OnDemand {
		out.BillingModeSummary = &ddb.BillingModeSummary{BillingMode: out.BillingModeSummary.BillingMode}
		out.WarmThroughput = u.warm.tableWarm(false)
	}
	if p.warm {
		out.WarmThroughput = u.warm.tableWarm(true)
	}
	if p.class {
		out.TableClassSummary = u.before.class()
	}
	if p.sse {
		out.SSEDescription = &ddb.SSEDescription{}
		if u.before.SSE != nil {
			out.SSEDescription = u.before.encryption()
		}
		out.SSEDescription.Status = api.Some(ddb.SSEStatusUpdating)
	}
}

// withNoLimit returns the limits of an answer with those members that a request
// took away, which the service repeats once.
func withNoLimit(out, in *ddb.OnDemandThroughput) *ddb.OnDemandThroughput {
	if in == nil || in.MaxReadRequestUnits.V != noLimit && in.MaxWriteRequestUnits.V != noLimit {
		return out
	}
	if out == nil {
		out = &ddb.OnDemandThroughput{}
	}
	if in.MaxReadRequestUnits.V == noLimit {
		out.MaxReadRequestUnits = in.MaxReadRequestUnits
	}
	if in.MaxWriteRequestUnits.V == noLimit {
		out.MaxWriteRequestUnits = in.MaxWriteRequestUnits
	}
	return out
}
