package dynamodb

import (
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
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
	now := time.Now()
	out := &ddb.TableDescription{
		AttributeDefinitions:      v.definitions(),
		TableName:                 api.Some(v.Name),
		KeySchema:                 v.Key.elements(),
		TableStatus:               api.Some(ddb.TableStatusActive),
		CreationDateTime:          api.Some(v.Created),
		ProvisionedThroughput:     v.Throughput.describe(now),
		TableSizeBytes:            api.Some(max(0, t.stats.bytes.Load())),
		ItemCount:                 api.Some(max(0, t.stats.items.Load())),
		TableArn:                  api.Some(v.arn()),
		TableId:                   api.Some(v.UUID),
		BillingModeSummary:        v.billing(),
		SSEDescription:            v.SSE.describe(),
		TableClassSummary:         v.class(),
		DeletionProtectionEnabled: api.Some(v.DeletionProtected),
		OnDemandThroughput:        v.OnDemandLimit.limits(),
		WarmThroughput:            v.Warm.tableWarm(),
	}
	v.describeStream(out)
	v.describeIndexes(out, now)
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

func (p throughput) tableWarm() *ddb.TableWarmThroughputDescription {
	return &ddb.TableWarmThroughputDescription{
		ReadUnitsPerSecond: api.Some(p.Read), WriteUnitsPerSecond: api.Some(p.Write), Status: api.Some(ddb.TableStatusActive),
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

func (s *sse) describe() *ddb.SSEDescription {
	if s == nil {
		return nil
	}
	return &ddb.SSEDescription{
		Status: api.Some(ddb.SSEStatusEnabled), SSEType: api.Some(s.Type), KMSMasterKeyArn: api.Some(s.Key),
	}
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
	for i := range v.indexes {
		if x := &v.indexes[i]; x.Global {
			out.GlobalSecondaryIndexes = append(out.GlobalSecondaryIndexes, x.describeGlobal(v, now))
		} else {
			out.LocalSecondaryIndexes = append(out.LocalSecondaryIndexes, x.describeLocal(v))
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
		IndexStatus:           api.Some(ddb.IndexStatusActive),
		ProvisionedThroughput: x.Throughput.describe(now),
		IndexSizeBytes:        api.Some(size),
		ItemCount:             api.Some(items),
		IndexArn:              api.Some(v.indexARN(x.Name)),
		OnDemandThroughput:    x.OnDemandLimit.limits(),
		WarmThroughput:        x.Warm.indexWarm(),
	}
	if x.Backfilling {
		out.IndexStatus = api.Some(ddb.IndexStatusCreating)
		out.Backfilling = api.Some(true)
	}
	return out
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
