package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// CreateTable creates a table, which is usable at once unless Options.TableDelay
// says otherwise. The answer says CREATING all the same, as the service's does.
func (e *Engine) CreateTable(_ context.Context, c *api.Caller, in *ddb.CreateTableInput) (*ddb.CreateTableOutput, error) {
	if in.GlobalTableSourceArn.OK {
		return e.joinGlobalTable(c, in)
	}
	now := time.Now()
	d, err := newDescriptor(c, in, now)
	if err != nil {
		return nil, err
	}
	if err := d.checkQuotas(); err != nil {
		return nil, err
	}
	d.begin(change{Kind: changeCreate}, now, e.delay)
	t, v, err := e.create(d, nil)
	if err != nil {
		return nil, err
	}
	e.awaitChanges(t, d, nil)
	out := t.describe(v)
	out.TableStatus = api.Some(ddb.TableStatusCreating)
	if in.WarmThroughput == nil {
		out.WarmThroughput = nil
	}
	if out.BillingModeSummary != nil {
		out.BillingModeSummary.LastUpdateToPayPerRequestDateTime = api.Opt[time.Time]{}
	}
	for i := range out.GlobalSecondaryIndexes {
		out.GlobalSecondaryIndexes[i].IndexStatus = api.Some(ddb.IndexStatusCreating)
		out.GlobalSecondaryIndexes[i].WarmThroughput = nil
	}
	for i := range out.VectorIndexes {
		out.VectorIndexes[i].IndexStatus = api.Some(ddb.IndexStatusCreating)
	}
	return &ddb.CreateTableOutput{TableDescription: out}, nil
}

// newDescriptor checks a request for a new table, in the order of the service,
// and returns its descriptor without number.
func newDescriptor(c *api.Caller, in *ddb.CreateTableInput, now time.Time) (*descriptor, error) {
	if err := checkSettingsMode(in.GlobalTableSettingsReplicationMode); err != nil {
		return nil, err
	}
	name, err := newTableName(c, in)
	if err != nil {
		return nil, err
	}
	d := &descriptor{
		Account: c.Account, Region: c.Region, Name: name, UUID: newUUID(), Created: now,
		DeletionProtected: in.DeletionProtectionEnabled.V, Class: in.TableClass.V,
		SettingsMode: in.GlobalTableSettingsReplicationMode.V,
	}
	if err := d.setInitialThroughput(in, now); err != nil {
		return nil, err
	}
	if err := d.setSchema(in); err != nil {
		return nil, err
	}
	d.Collections = d.hasLocal()
	if err := checkClass(in.TableClass); err != nil {
		return nil, err
	}
	if d.Stream, err = newStreamSettings(in.StreamSpecification, now); err != nil {
		return nil, err
	}
	if d.SSE, err = d.newSSE(in.SSESpecification); err != nil {
		return nil, err
	}
	if d.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return nil, err
	}
	return d, d.setPolicy(c, in.ResourcePolicy)
}

// newTableName checks the members that a new table needs although the model
// says that they are optional.
func newTableName(c *api.Caller, in *ddb.CreateTableInput) (string, error) {
	name, err := nameIn(c, in.TableName.V)
	if err != nil {
		return "", err
	}
	var v api.Violations
	var at api.Path
	v.Required(in.AttributeDefinitions != nil, at.Member("attributeDefinitions"))
	addTableName(&v, name)
	v.Required(in.KeySchema != nil, at.Member("keySchema"))
	if in.KeySchema != nil {
		checkKeyLengths(in, &v, &at)
	}
	return name, v.Err()
}
