package dynamodb

import (
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
)

// nameOf returns the table's name in a TableName member, which may be an ARN.
func nameOf(nameOrARN string) string {
	if _, name, ok := strings.Cut(nameOrARN, ":table/"); ok && strings.HasPrefix(nameOrARN, "arn:") {
		return name
	}
	return nameOrARN
}

// describe returns the description of a table as it is.
func (t *table) describe(v *view) *ddb.TableDescription {
	if v.under(changeDelete) != nil {
		return t.describeDeleted(v)
	}
	return t.describeWhole(v)
}

func (t *table) describeWhole(v *view) *ddb.TableDescription {
	now := t.engine.modelTime()
	out := &ddb.TableDescription{
		AttributeDefinitions:      v.definitions(),
		TableName:                 api.Some(v.Name),
		KeySchema:                 v.Key.elements(),
		TableStatus:               api.Some(v.status()),
		CreationDateTime:          api.Some(v.Created),
		ProvisionedThroughput:     v.Throughput.describe(now),
		TableSizeBytes:            api.Some(max(0, t.stats.bytes.Load())),
		ItemCount:                 api.Some(max(0, t.stats.items.Load())),
		TableArn:                  api.Some(v.arn()),
		TableId:                   api.Some(v.UUID),
		BillingModeSummary:        v.billing(),
		SSEDescription:            v.encryption(),
		TableClassSummary:         v.class(),
		DeletionProtectionEnabled: api.Some(v.DeletionProtected),
		OnDemandThroughput:        v.OnDemandLimit.limits(),
		WarmThroughput:            v.meter.warm(capacity.Itself, v.Warm).tableWarm(v.under(changeWarm) != nil),
		RestoreSummary:            v.describeOrigin(),
	}
	v.describeStream(out)
	v.describeIndexes(out, now)
	v.describeVectors(out)
	t.describeReplicas(v, out)
	return out
}

// definitions returns the attributes that the keys of the table and its indexes
// are made of.
func (d *descriptor) definitions() []ddb.AttributeDefinition {
	list := make([]ddb.AttributeDefinition, len(d.Attributes))
	for i, a := range d.Attributes {
		list[i] = ddb.AttributeDefinition{AttributeName: api.Some(a.Name), AttributeType: api.Some(a.Kind.String())}
	}
	return list
}

// describe returns provisioned rates; on-demand tables and indexes have zeros.
func (p throughput) describe(now time.Time) *ddb.ProvisionedThroughputDescription {
	out := &ddb.ProvisionedThroughputDescription{
		NumberOfDecreasesToday: api.Some(p.decreasesOn(now)),
		ReadCapacityUnits:      api.Some(p.Read),
		WriteCapacityUnits:     api.Some(p.Write),
	}
	if !p.LastIncreased.IsZero() {
		out.LastIncreaseDateTime = api.Some(p.LastIncreased)
	}
	if !p.LastDecreased.IsZero() {
		out.LastDecreaseDateTime = api.Some(p.LastDecreased)
	}
	return out
}

// decreasesOn returns the number of decreases on the UTC day of now.
func (p throughput) decreasesOn(now time.Time) int64 {
	if p.LastDecreased.UTC().Truncate(24*time.Hour) != now.UTC().Truncate(24*time.Hour) {
		return 0
	}
	return p.Decreases
}

// limits returns the maximum rates of an on-demand table or index; nil without.
func (p throughput) limits() *ddb.OnDemandThroughput {
	if p.Read <= 0 && p.Write <= 0 {
		return nil
	}
	out := &ddb.OnDemandThroughput{}
	if p.Read > 0 {
		out.MaxReadRequestUnits = api.Some(p.Read)
	}
	if p.Write > 0 {
		out.MaxWriteRequestUnits = api.Some(p.Write)
	}
	return out
}

func (p throughput) tableWarm(changing bool) *ddb.TableWarmThroughputDescription {
	status := ddb.TableStatusActive
	if changing {
		status = ddb.TableStatusUpdating
	}
	return &ddb.TableWarmThroughputDescription{
		ReadUnitsPerSecond: api.Some(p.Read), WriteUnitsPerSecond: api.Some(p.Write), Status: api.Some(status),
	}
}

func (p throughput) indexWarm() *ddb.GlobalSecondaryIndexWarmThroughputDescription {
	return &ddb.GlobalSecondaryIndexWarmThroughputDescription{
		ReadUnitsPerSecond: api.Some(p.Read), WriteUnitsPerSecond: api.Some(p.Write), Status: api.Some(ddb.IndexStatusActive),
	}
}

// billing returns the BillingModeSummary, which a table has once it was
// on-demand.
func (d *descriptor) billing() *ddb.BillingModeSummary {
	if d.OnDemandSince.IsZero() {
		return nil
	}
	mode := ddb.BillingModeProvisioned
	if d.OnDemand {
		mode = ddb.BillingModePayPerRequest
	}
	return &ddb.BillingModeSummary{BillingMode: api.Some(mode), LastUpdateToPayPerRequestDateTime: api.Some(d.OnDemandSince)}
}

// encryption returns the SSEDescription, which a table with the default has only
// while that changes.
func (d *descriptor) encryption() *ddb.SSEDescription {
	status := ddb.SSEStatusEnabled
	if d.under(changeEncryption) != nil {
		status = ddb.SSEStatusUpdating
	}
	switch {
	case d.SSE != nil:
		return &ddb.SSEDescription{Status: api.Some(status), SSEType: api.Some(d.SSE.Type), KMSMasterKeyArn: api.Some(d.kmsKeyARN(d.SSE.Key))}
	case status == ddb.SSEStatusUpdating:
		return &ddb.SSEDescription{Status: api.Some(status)}
	}
	return nil
}

// class returns the TableClassSummary, which a table has once a request named
// its class.
func (d *descriptor) class() *ddb.TableClassSummary {
	if d.Class == "" {
		return nil
	}
	out := &ddb.TableClassSummary{TableClass: api.Some(d.Class)}
	if !d.ClassChanged.IsZero() {
		out.LastUpdateDateTime = api.Some(d.ClassChanged)
	}
	return out
}

// describeStream names the stream that is enabled, or the one that was last.
func (d *descriptor) describeStream(out *ddb.TableDescription) {
	if d.Stream != nil {
		out.StreamSpecification = &ddb.StreamSpecification{StreamEnabled: api.Some(true), StreamViewType: api.Some(d.Stream.View)}
	}
	if list := d.streams(); len(list) > 0 {
		latest := &list[len(list)-1]
		out.LatestStreamLabel = api.Some(latest.Label)
		out.LatestStreamArn = api.Some(d.streamARN(latest))
	}
}

func (v *view) describeIndexes(out *ddb.TableDescription, now time.Time) {
	for i := range v.Indexes { // in the order of their creation
		if x := v.find(v.Indexes[i].Name); x.Global {
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, x.describeGlobal(v, now))
		} else {
			out.LocalSecondaryIndexes = append(out.LocalSecondaryIndexes, x.describeLocal(v))
		}
	}
	for i := range v.Changes {
		if gone := v.Changes[i].Index; gone != nil {
			x := &indexView{index: gone, stats: new(counters)}
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, x.describeGlobal(v, now))
		}
	}
}

func (x *indexView) describeLocal(v *view) ddb.LocalSecondaryIndexDescription {
	items, size := x.size()
	return ddb.LocalSecondaryIndexDescription{
		IndexName:      api.Some(x.Name),
		KeySchema:      x.Key.elements(),
		Projection:     x.Projection.describe(),
		IndexSizeBytes: api.Some(size),
		ItemCount:      api.Some(items),
		IndexArn:       api.Some(v.indexARN(x.Name)),
	}
}

func (x *indexView) describeGlobal(v *view, now time.Time) ddb.GlobalSecondaryIndexDescription {
	items, size := x.size()
	out := ddb.GlobalSecondaryIndexDescription{
		IndexName:             api.Some(x.Name),
		KeySchema:             x.Key.elements(),
		Projection:            x.Projection.describe(),
		IndexStatus:           api.Some(x.status(v)),
		ProvisionedThroughput: x.Throughput.describe(now),
		IndexSizeBytes:        api.Some(size),
		ItemCount:             api.Some(items),
		IndexArn:              api.Some(v.indexARN(x.Name)),
		OnDemandThroughput:    x.OnDemandLimit.limits(),
		WarmThroughput:        v.meter.warm(x.slot, x.Warm).indexWarm(),
	}
	if x.Backfilling {
		out.Backfilling = api.Some(v.underIndex(x.Name) == nil)
	}
	return out
}

// status returns the IndexStatus.
func (x *indexView) status(v *view) string {
	c := v.underIndex(x.Name)
	switch {
	case c != nil && c.Kind == changeDeleteIndex:
		return ddb.IndexStatusDeleting
	case c != nil && c.Kind == changeUpdateIndex:
		return ddb.IndexStatusUpdating
	case x.Backfilling || v.under(changeCreate) != nil:
		return ddb.IndexStatusCreating
	}
	return ddb.IndexStatusActive
}

// size returns the number of entries of an index and their bytes. While the
// index is filled they are not known and reported as none, as the service does.
func (x *indexView) size() (items, bytes int64) {
	if x.Backfilling {
		return 0, 0
	}
	return max(0, x.stats.items.Load()), max(0, x.stats.bytes.Load())
}

func (p *projection) describe() *ddb.Projection {
	return &ddb.Projection{ProjectionType: api.Some(p.Type), NonKeyAttributes: p.Names}
}

// backfilling returns the index that is being filled, or nil.
func (v *view) backfilling() *indexView {
	for i := range v.indexes {
		if v.indexes[i].Backfilling {
			return &v.indexes[i]
		}
	}
	return nil
}
