package dynamodb

import (
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// filling is what a table that is being created gets its items from. Until they
// are there nobody else reads or writes them. It is immutable.
type filling struct {
	Source uint64 `json:"source,omitempty"` // number of the rows that are copied: of a table, or of a backup
	At     moment `json:"at,omitempty"`     // of the table that is copied; 0: it is a backup
	Import string `json:"import,omitempty"` // identifier of the import, if it is one
}

// origin is what a restored table says of where it comes from.
type origin struct {
	Backup string    `json:"backup,omitempty"` // ARN
	Table  string    `json:"table"`            // ARN
	Time   time.Time `json:"time"`
}

// restoration is a request to restore a table, from a backup or from another
// table.
type restoration struct {
	target     string
	billing    api.Opt[string]
	globals    []ddb.GlobalSecondaryIndex // nil: those of the source
	locals     []ddb.LocalSecondaryIndex
	vectors    []ddb.VectorIndex
	throughput *ddb.ProvisionedThroughput
	onDemand   *ddb.OnDemandThroughput
	sse        *ddb.SSESpecification
}

// descriptor returns the descriptor of the restored table. It is checked as if
// the table were created by a request.
func (r *restoration) descriptor(c *api.Caller, source *descriptor, now time.Time) (*descriptor, error) {
	in := source.request(r.target)
	if err := r.checkThroughput(in.BillingMode.V); err != nil {
		return nil, err
	}
	r.overrideThroughput(in)
	if r.sse != nil {
		in.SSESpecification = r.sse
	}
	if err := r.overrideIndexes(in); err != nil {
		return nil, err
	}
	dropUnused(in)
	return newDescriptor(c, in, now)
}

// request returns the request that creates a table like d under a name. Of the
// settings of d it leaves out those that are not restored.
func (d *descriptor) request(name string) *ddb.CreateTableInput {
	in := &ddb.CreateTableInput{
		TableName:            api.Some(name),
		AttributeDefinitions: d.definitions(),
		KeySchema:            d.Key.elements(),
		BillingMode:          api.Some(ddb.BillingModePayPerRequest),
		OnDemandThroughput:   d.OnDemandLimit.limits(),
	}
	if !d.OnDemand {
		in.BillingMode, in.ProvisionedThroughput = api.Some(ddb.BillingModeProvisioned), d.Throughput.rates()
	}
	if d.SSE != nil {
		in.SSESpecification = &ddb.SSESpecification{Enabled: api.Some(true), SSEType: api.Some(d.SSE.Type), KMSMasterKeyId: api.Some(d.SSE.Key)}
	}
	for i := range d.Indexes {
		d.Indexes[i].request(in)
	}
	for i := range d.VectorIndexes {
		in.VectorIndexes = append(in.VectorIndexes, d.VectorIndexes[i].request())
	}
	return in
}

// request adds an index to the request for a table.
func (x *index) request(in *ddb.CreateTableInput) {
	if !x.Global {
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, ddb.LocalSecondaryIndex{
			IndexName: api.Some(x.Name), KeySchema: x.Key.elements(), Projection: x.Projection.describe(),
		})
		return
	}
	global := ddb.GlobalSecondaryIndex{
		IndexName: api.Some(x.Name), KeySchema: x.Key.elements(), Projection: x.Projection.describe(),
		OnDemandThroughput: x.OnDemandLimit.limits(),
	}
	if in.ProvisionedThroughput != nil {
		global.ProvisionedThroughput = x.Throughput.rates()
	}
	in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, global)
}

// checkThroughput checks what a request says of billing against the mode that the
// source has.
func (r *restoration) checkThroughput(mode string) error {
	onDemand := r.billing.Or(mode) == ddb.BillingModePayPerRequest
	switch {
	case r.throughput != nil && r.billing.V == ddb.BillingModePayPerRequest:
		return errInvalidRequest("Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST")
	case r.throughput != nil && onDemand:
		return errInvalidRequest("Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED")
	case r.throughput == nil && r.billing.V == ddb.BillingModeProvisioned:
		return errInvalidRequest("Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED")
	case r.onDemand == nil:
		return nil
	}
	if err := checkMaximum(r.onDemand.MaxReadRequestUnits, "MaxReadRequestUnits", onDemand); err != nil {
		return err
	}
	return checkMaximum(r.onDemand.MaxWriteRequestUnits, "MaxWriteRequestUnits", onDemand)
}

func checkMaximum(rate api.Opt[int64], member string, onDemand bool) error {
	switch {
	case !rate.OK:
		return nil
	case !onDemand:
		return errInvalidRequest("Cannot override %s for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST", member)
	case rate.V < 1:
		return errInvalidRequest("Requested %s for OnDemandThroughput is outside of valid range", member)
	}
	return nil
}

// overrideThroughput applies what the request says of billing. What the source
// has is kept only where it goes with that.
func (r *restoration) overrideThroughput(in *ddb.CreateTableInput) {
	if r.billing.OK && r.billing.V != in.BillingMode.V {
		in.BillingMode, in.ProvisionedThroughput, in.OnDemandThroughput = r.billing, nil, nil
		for i := range in.GlobalSecondaryIndexes {
			x := &in.GlobalSecondaryIndexes[i]
			x.OnDemandThroughput, x.ProvisionedThroughput = nil, nil
			if r.billing.V == ddb.BillingModeProvisioned {
				x.ProvisionedThroughput = r.throughput
			}
		}
	}
	if r.throughput != nil {
		in.ProvisionedThroughput = r.throughput
	}
	if r.onDemand != nil {
		in.OnDemandThroughput = r.onDemand
	}
}

// overrideIndexes leaves the indexes that the request names. They must be indexes
// of the source.
func (r *restoration) overrideIndexes(in *ddb.CreateTableInput) error {
	if r.globals != nil {
		for i := range r.globals {
			if err := r.checkIndexThroughput(in.BillingMode.V, &r.globals[i]); err != nil {
				return err
			}
			if !slices.ContainsFunc(in.GlobalSecondaryIndexes, sameGlobal(&r.globals[i])) {
				return errNoSuchIndex(r.globals[i].IndexName.V)
			}
		}
		in.GlobalSecondaryIndexes = append([]ddb.GlobalSecondaryIndex(nil), r.globals...) // nil if there are none
	}
	if r.locals != nil {
		for i := range r.locals {
			if !slices.ContainsFunc(in.LocalSecondaryIndexes, sameLocal(&r.locals[i])) {
				return errNoSuchIndex(r.locals[i].IndexName.V)
			}
		}
		in.LocalSecondaryIndexes = append([]ddb.LocalSecondaryIndex(nil), r.locals...)
	}
	if r.vectors != nil {
		for i := range r.vectors {
			if !slices.ContainsFunc(in.VectorIndexes, sameVector(&r.vectors[i])) {
				return errNoSuchIndex(r.vectors[i].IndexName.V)
			}
		}
		in.VectorIndexes = append([]ddb.VectorIndex(nil), r.vectors...)
	}
	return nil
}

// checkIndexThroughput checks what a request says of the throughput of an index, whose
// table will have a billing mode.
func (r *restoration) checkIndexThroughput(mode string, x *ddb.GlobalSecondaryIndex) error {
	switch {
	case x.ProvisionedThroughput != nil && r.billing.V == ddb.BillingModePayPerRequest:
		return errInvalidRequest("Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST for index %s", x.IndexName.V)
	case x.ProvisionedThroughput == nil && mode == ddb.BillingModeProvisioned:
		return errInvalidRequest("Must specify provisioned throughput for index %s", x.IndexName.V)
	}
	return nil
}

// sameGlobal returns what recognises an index by its keys and projection. Its name may
// be another: so an index is renamed.
func sameGlobal(x *ddb.GlobalSecondaryIndex) func(ddb.GlobalSecondaryIndex) bool {
	return func(y ddb.GlobalSecondaryIndex) bool {
		return slices.Equal(x.KeySchema, y.KeySchema) && sameProjection(x.Projection, y.Projection)
	}
}

func sameLocal(x *ddb.LocalSecondaryIndex) func(ddb.LocalSecondaryIndex) bool {
	return func(y ddb.LocalSecondaryIndex) bool {
		return slices.Equal(x.KeySchema, y.KeySchema) && sameProjection(x.Projection, y.Projection)
	}
}

func sameVector(x *ddb.VectorIndex) func(ddb.VectorIndex) bool {
	return func(y ddb.VectorIndex) bool {
		return x.IndexName == y.IndexName && x.VectorAttribute.AttributeName == y.VectorAttribute.AttributeName &&
			x.Dimensions == y.Dimensions && x.DistanceFunction == y.DistanceFunction &&
			slices.Equal(x.SearchSchema, y.SearchSchema) && sameProjection(x.Projection, y.Projection)
	}
}

func sameProjection(x, y *ddb.Projection) bool {
	return x.ProjectionType == y.ProjectionType &&
		slices.Equal(slices.Sorted(slices.Values(x.NonKeyAttributes)), slices.Sorted(slices.Values(y.NonKeyAttributes)))
}

func errNoSuchIndex(name string) *api.Error {
	return errInvalidRequest("Index %s does not match a secondary index that existed in the source table and cannot be created during the restore operation", name)
}

// dropUnused removes the definitions of attributes that no key has any more.
func dropUnused(in *ddb.CreateTableInput) {
	used := map[string]bool{}
	mark := func(key []ddb.KeySchemaElement) {
		for i := range key {
			used[key[i].AttributeName.V] = true
		}
	}
	mark(in.KeySchema)
	for i := range in.GlobalSecondaryIndexes {
		mark(in.GlobalSecondaryIndexes[i].KeySchema)
	}
	for i := range in.LocalSecondaryIndexes {
		mark(in.LocalSecondaryIndexes[i].KeySchema)
	}
	for i := range in.VectorIndexes {
		mark(searchSchema(&in.VectorIndexes[i]))
	}
	in.AttributeDefinitions = slices.DeleteFunc(in.AttributeDefinitions, func(a ddb.AttributeDefinition) bool { return !used[a.AttributeName.V] })
}

// createFilled puts a table into the catalog that has yet to be filled, which is
// the change that is under way until then. stage, which may be nil, adds to the
// same batch.
func (e *Engine) createFilled(d *descriptor, f *filling, stage func(kv.Batch)) (*table, error) {
	d.Filling, d.Changes = f, []change{{Kind: changeCreate}}
	if err := e.checkTarget(d); err != nil {
		return nil, err
	}
	t, _, err := e.create(d, stage)
	if isCode(err, ddb.CodeResourceInUseException) {
		err = errTargetExists(d.Name)
	}
	return t, err
}

// checkTarget refuses the name of a table that is there already.
func (e *Engine) checkTarget(d *descriptor) error {
	e.catalog.RLock()
	t := e.catalog.tables[d.id()]
	e.catalog.RUnlock()
	if t == nil {
		return nil
	}
	if v := t.current.Load(); v != nil && v.hidden {
		return errSourceInUse(v)
	}
	return errTargetExists(d.Name)
}

func errTargetExists(name string) *api.Error {
	return api.Errorf(ddb.CodeTableAlreadyExistsException, "Table already exists: %s", name)
}

// startRestore fills a table from its source in the background, and then calls
// done.
func (e *Engine) startRestore(t *table, f *filling, done func() error) {
	e.startWork("restore", t.current.Load().arn(), func() error {
		at := f.At
		if at == 0 {
			at = endOfTime
		}
		sum, err := e.copyRows(f.Source, t.id, at, t.current.Load().slim())
		if err != nil {
			return err
		}
		if err := e.open(t, sum, nil, nil); err != nil {
			return err
		}
		return done()
	})
}

// resumeFilling begins anew to fill a table. source is the table that it is
// restored from, nil if it is a backup or an import. No operation is running yet.
func (e *Engine) resumeFilling(t *table, f *filling, source *table) {
	if f.Import != "" {
		if m := e.imports.find(recordID{t.current.Load().id().ns, f.Import}); m != nil {
			e.startImport(t, m)
		}
		return
	}
	if source == nil {
		name := t.current.Load().Name
		e.readers.of[f.Source] = append(e.readers.of[f.Source], name)
		e.startRestore(t, f, func() error { e.letGo(f.Source, name); return nil })
		return
	}
	e.resumePin(source, f.At)
	e.startRestore(t, f, func() error { return e.unpin(source, f.At) })
}

// open ends the filling of a table that has its items: it makes its indexes and
// lets everyone use it. stage adds to the same batch, and then is called once it is
// applied; both may be nil.
func (e *Engine) open(t *table, sum total, stage func(kv.Batch), then func()) error {
	if err := e.fillIndexes(t.current.Load()); err != nil {
		return err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	next := t.current.Load().clone()
	next.Filling = nil
	next.Changes = slices.DeleteFunc(next.Changes, func(c change) bool { return c.Kind == changeCreate })
	t.stats.add(int(sum.Items), int(sum.Bytes))
	_, err := e.publish(t, next, stage, func(*view) {
		if then != nil {
			then()
		}
	})
	return err
}

// describeOrigin returns the RestoreSummary, which restored tables have.
func (d *descriptor) describeOrigin() *ddb.RestoreSummary {
	o := d.Origin
	if o == nil || d.status() != ddb.TableStatusCreating { // nothing tells of it later
		return nil
	}
	out := &ddb.RestoreSummary{
		SourceTableArn: api.Some(o.Table), RestoreDateTime: api.Some(o.Time), RestoreInProgress: api.Some(d.Filling != nil),
	}
	if o.Backup != "" {
		out.SourceBackupArn = api.Some(o.Backup)
	}
	return out
}

// describeRestored describes a table that begins to be restored. That names its
// billing mode, whatever it is (as in the examples of the AWS CLI).
func (t *table) describeRestored() *ddb.TableDescription {
	v := t.current.Load()
	out := t.describe(v)
	mode := ddb.BillingModeProvisioned
	if v.OnDemand {
		mode = ddb.BillingModePayPerRequest
	}
	out.BillingModeSummary = &ddb.BillingModeSummary{BillingMode: api.Some(mode)}
	return out
}
