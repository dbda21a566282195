package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// maxCounters is how many counters a table has at most.
const maxCounters = 10

// CreateCounter declares a counter of a table. It is there at once, and open to reads
// when what was in the table before is counted.
func (e *Engine) CreateCounter(_ context.Context, c *api.Caller, in *leveeapi.CreateCounterInput) (*leveeapi.CounterOutput, error) {
	one, err := newCounter(c, in)
	if err != nil {
		return nil, err
	}
	t, err := e.lookupNamed(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if err := admitCounter(v); err != nil {
		return nil, err
	}
	of, d, err := e.create(counterTable(v, one, time.Now()), nil)
	if err != nil {
		return nil, err
	}
	one.Table = of.id
	next := v.clone()
	next.Counters = append(next.Counters, *one)
	var snapshot kv.Snapshot
	v, err = e.publish(t, next, nil, func(v *view) {
		snapshot = e.store.Snapshot() // no write is under way
		v.counter(of.id).stats = &of.stats
	})
	if err != nil {
		return nil, err
	}
	e.startBuild(t, of.id, snapshot)
	return &leveeapi.CounterOutput{Counter: describeCounter(v.descriptor, one, d.Created)}, nil
}

// newCounter checks a request by itself.
func newCounter(c *api.Caller, in *leveeapi.CreateCounterInput) (*counter, error) {
	name, err := tableName(c, in.CounterName.V)
	if err != nil {
		return nil, err
	}
	one := &counter{Name: name, Sum: in.Sum, Filter: in.FilterExpression.V, Building: true}
	taken := []string{countAttribute}
	kinds := map[string]attr.Kind{"S": attr.KindS, "N": attr.KindN, "B": attr.KindB}
	for _, a := range in.GroupBy {
		one.GroupBy = append(one.GroupBy, keyAttr{a.AttributeName.V, kinds[a.AttributeType.V]})
		taken = append(taken, a.AttributeName.V)
	}
	if len(in.GroupBy) == 0 {
		taken = append(taken, totalAttribute)
	}
	taken = append(taken, in.Sum...)
	if slices.Sort(taken); len(slices.Compact(slices.Clone(taken))) != len(taken) {
		return nil, api.Validation("The attributes of a counter must be different, and none can be named %s", countAttribute)
	}
	for _, name := range in.ExpressionAttributeNames {
		if one.Names == nil {
			one.Names = map[string]string{}
		}
		one.Names[name.Key] = name.Value
	}
	if in.ExpressionAttributeValues != nil {
		one.Values = attr.AppendMap(nil, in.ExpressionAttributeValues)
	}
	x := expressions{filter: in.FilterExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues}
	_, err = x.parse()
	return one, err
}

// admitCounter refuses a counter of a table that cannot have one more.
func admitCounter(v *view) error {
	switch {
	case v == nil:
		return errNoResource()
	case v.checkSettled() != nil:
		return v.checkSettled()
	case v.Filling != nil:
		return errInUse("Table is being filled: %s", v.Name)
	case v.Replication != nil:
		return api.Validation("A replica of a global table cannot have counters")
	case len(v.Counters) == maxCounters:
		return errLimit("There is a limit of %d counters per table", maxCounters)
	}
	return nil
}

// counterTable is the table of a new counter, which is hidden until that is built.
func counterTable(v *view, c *counter, now time.Time) *descriptor {
	d := &descriptor{
		Account: v.Account, Region: v.Region, Name: c.Name, UUID: newUUID(), Created: now,
		Key: c.key(), OnDemand: true, OnDemandSince: now, CounterOf: v.Name, Changes: []change{{Kind: changeCreate}},
	}
	d.Attributes = slices.Clone(d.Key.attrs())
	slices.SortFunc(d.Attributes, cmpName)
	return d
}
