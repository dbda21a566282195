package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
)

// ThroughputUse returns what is provisioned of a table, or of an index unless its name
// is "", and the units that were consumed of it so far. ok is false for what is not
// provisioned, or not held to its capacity.
func (e *Engine) ThroughputUse(ns api.Namespace, tableName, indexName string, class capacity.Class) (provisioned int64, consumed float64, ok bool) {
	e.catalog.RLock()
	t := e.catalog.tables[tableID{ns, tableName}]
	e.catalog.RUnlock()
	if t == nil {
		return 0, 0, false
	}
	v := t.open()
	if v == nil || v.meter == nil || v.OnDemand {
		return 0, 0, false
	}
	at, rates := capacity.Itself, v.Throughput
	if indexName != "" {
		x := v.find(indexName)
		if x == nil || !x.Global {
			return 0, 0, false
		}
		at, rates = x.slot, x.Throughput
	}
	return rates.of(class), v.meter.consumed(at, class), true
}

func (p throughput) of(class capacity.Class) int64 {
	if class == capacity.Read {
		return p.Read
	}
	return p.Write
}

// consumed returns the units that were consumed of a resource.
func (m *meter) consumed(index int, class capacity.Class) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.figures[index].units[class]
}

// Provision changes what is provisioned of one class, as UpdateTable does.
func (e *Engine) Provision(ctx context.Context, ns api.Namespace, tableName, indexName string, class capacity.Class, units int64) error {
	c := &api.Caller{Namespace: ns}
	v, err := e.view(c, tableName)
	if err != nil {
		return err
	}
	in := &ddb.UpdateTableInput{TableName: api.Some(tableName)}
	if indexName == "" {
		in.ProvisionedThroughput = v.Throughput.with(class, units)
	} else {
		x := v.find(indexName)
		if x == nil || !x.Global {
			return errNoResource()
		}
		in.GlobalSecondaryIndexUpdates = []ddb.GlobalSecondaryIndexUpdate{{Update: &ddb.UpdateGlobalSecondaryIndexAction{
			IndexName: api.Some(indexName), ProvisionedThroughput: x.Throughput.with(class, units),
		}}}
	}
	_, err = e.UpdateTable(ctx, c, in)
	return err
}

// with returns provisioned rates with that of one class changed.
func (p throughput) with(class capacity.Class, units int64) *ddb.ProvisionedThroughput {
	if class == capacity.Read {
		p.Read = units
	} else {
		p.Write = units
	}
	return &ddb.ProvisionedThroughput{ReadCapacityUnits: api.Some(p.Read), WriteCapacityUnits: api.Some(p.Write)}
}
