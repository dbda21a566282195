package dynamodb

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/expr/partiql"
	"github.com/levee-io/levee/internal/kv"
)

// executeSelect reads one page of a SELECT.
func (e *Engine) executeSelect(ctx context.Context, c *api.Caller, s *partiql.Statement, in *ddb.ExecuteStatementInput) (*ddb.ExecuteStatementOutput, error) {
	v, err := e.statementView(c, s)
	if err != nil {
		return nil, err
	}
	plan, err := v.planSelect(s, in.ConsistentRead.V)
	if err != nil {
		return nil, err
	}
	print := statementPrint(c, in)
	from, err := plan.resume(in.NextToken, print)
	if err != nil {
		return nil, err
	}
	pg := newPage(plan.source, &parsed{projection: s.Projection}, api.Opt[string]{}, in.Limit, in.ConsistentRead.V)
	pg.filter = plan.filter
	at, units, err := e.fillRanges(ctx, pg, plan.ranges, from)
	if err != nil {
		return nil, err
	}
	out := &ddb.ExecuteStatementOutput{Items: pg.items}
	if report := pg.used(s.Table, units).report(in.ReturnConsumedCapacity); report != nil {
		out.ConsumedCapacity = report
	}
	if pg.last != nil && !(plan.ranges[at].point && at+1 == len(plan.ranges)) {
		out.LastEvaluatedKey = pg.last
		out.NextToken = api.Some(nextToken{print: print, at: at, last: pg.last}.encode())
	}
	return out, nil
}

// fillRanges reads the page from several ranges, beginning with that of a number,
// and returns the number of the one where it ended and the units that it cost: each
// range is a read of its own.
func (e *Engine) fillRanges(ctx context.Context, p *page, ranges []keyRange, first int) (at int, units float64, err error) {
	var from kv.Reader = e.store
	if p.fetch || len(ranges) > 1 {
		snapshot := e.store.Snapshot()
		defer snapshot.Close()
		from = snapshot
	}
	for at = first; at < len(ranges); at++ {
		r := ranges[at].Range
		r.Limit = int(min(max(p.limit-p.scanned, 0), 1<<16))
		if partition := ranges[at].partition; !partition.IsZero() {
			p.accessedPartition([]attr.Value{partition})
		}
		before, fetched := p.size, p.fetchedUnits
		if err := p.read(ctx, from, r); err != nil {
			return at, 0, err
		}
		cost := capacity.ReadUnits(p.size-before, p.consistent)
		if err := p.admit(r, cost, p.fetchedUnits-fetched); err != nil {
			return at, 0, err
		}
		units += cost
		if p.last != nil {
			break
		}
	}
	if p.consistent {
		err = e.settled()
	}
	return at, units, err
}
