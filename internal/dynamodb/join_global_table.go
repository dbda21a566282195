package dynamodb

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// joinGlobalTable is a CreateTable with GlobalTableSourceArn: the new table is a
// replica of a table of another account, in another region, which gives it its
// schema, its settings and its items. Each replica of such a global table has an
// account and a region of its own. Whether the source lets this account join is for
// package authz to say.
//
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_MA.tutorial.html
func (e *Engine) joinGlobalTable(c *api.Caller, in *ddb.CreateTableInput) (*ddb.CreateTableOutput, error) {
	name, err := nameIn(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	if err := checkJoining(in); err != nil {
		return nil, err
	}
	source, err := e.tableOfARN(in.GlobalTableSourceArn.V)
	if err != nil {
		return nil, err
	}
	g, v := e.lockGroup(source)
	defer g.unlock()
	switch {
	case v == nil:
		return nil, errNoResource()
	case v.Name != name:
		return nil, badParameter("TableName must be the name of the table that GlobalTableSourceArn names")
	}
	if err := v.admitAccount(c.Namespace); err != nil {
		return nil, err
	}
	if err := v.admitReplicas(); err != nil {
		return nil, err
	}
	r := &replicaUpdates{
		creates: []*ddb.CreateReplicationGroupMemberAction{{RegionName: api.Some(c.Region)}},
		account: c.Account,
		own:     func(d *descriptor) error { return d.setOwn(c, in) },
	}
	if err := e.createReplicas(g, source, v, r); err != nil {
		return nil, err
	}
	t, err := e.lookup(c, name)
	if err != nil {
		return nil, err
	}
	out := t.describe(t.current.Load())
	out.TableStatus = api.Some(ddb.TableStatusCreating)
	return &ddb.CreateTableOutput{TableDescription: out}, nil
}

// checkJoining checks that a request leaves to the source what comes from there.
func checkJoining(in *ddb.CreateTableInput) error {
	if in.GlobalTableSettingsReplicationMode.V != ddb.GlobalTableSettingsReplicationModeEnabled {
		return badParameter("GlobalTableSettingsReplicationMode must be ENABLED when GlobalTableSourceArn is specified")
	}
	if in.AttributeDefinitions != nil || in.KeySchema != nil || in.LocalSecondaryIndexes != nil || in.GlobalSecondaryIndexes != nil || in.VectorIndexes != nil ||
		in.BillingMode.OK || in.ProvisionedThroughput != nil || in.OnDemandThroughput != nil || in.WarmThroughput != nil || in.StreamSpecification != nil {
		return badParameter("Settings that are replicated cannot be specified with GlobalTableSourceArn")
	}
	return nil
}

// tableOfARN returns the table of any account that an ARN names.
func (e *Engine) tableOfARN(arn string) (*table, error) {
	named, ok := api.ParseARN(arn)
	name, isTable := strings.CutPrefix(named.Resource, "table/")
	if !ok || named.Service != "dynamodb" || !isTable {
		return nil, api.Validation("Invalid table ARN: %s", arn)
	}
	id := tableID{named.Namespace, name}
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	if t := e.catalog.tables[id]; t != nil {
		return t, nil
	}
	return nil, errNoResource()
}

// admitAccount refuses an account that cannot have a replica of the table.
func (v *view) admitAccount(ns api.Namespace) error {
	switch {
	case v.SettingsMode != ddb.GlobalTableSettingsReplicationModeEnabled:
		return badParameter("GlobalTableSettingsReplicationMode of the source table must be ENABLED")
	case v.Account == ns.Account || v.Region == ns.Region:
		return badParameter("Each replica must be in an account and a Region of its own")
	case v.Replication == nil:
		return nil
	case v.Replication.Strong || !v.Replication.acrossAccounts():
		return badParameter("The source table is a replica of a global table of one account")
	}
	for _, m := range v.Replication.Members {
		if m.Account == ns.Account || m.Region == ns.Region {
			return badParameter("Each replica must be in an account and a Region of its own")
		}
	}
	return nil
}

// acrossAccounts reports whether each replica is in an account of its own.
func (r *replication) acrossAccounts() bool {
	return r != nil && slices.ContainsFunc(r.Members, func(m replica) bool { return m.Account != "" })
}

// setOwn sets what replicas do not share.
func (d *descriptor) setOwn(c *api.Caller, in *ddb.CreateTableInput) (err error) {
	if err := checkClass(in.TableClass); err != nil {
		return err
	}
	d.DeletionProtected, d.Class = in.DeletionProtectionEnabled.V, in.TableClass.V
	if d.SSE, err = d.newSSE(in.SSESpecification); err != nil {
		return err
	}
	if d.Tags, err = mergeTags(nil, in.Tags); err != nil {
		return err
	}
	return d.setPolicy(c, in.ResourcePolicy)
}

// setPolicy gives a new table a policy.
func (d *descriptor) setPolicy(c *api.Caller, text api.Opt[string]) error {
	if !text.OK {
		return nil
	}
	p, err := newPolicy(c, text.V, false, false, resourcePolicy{})
	d.Policies = map[string]resourcePolicy{"": p}
	return err
}
