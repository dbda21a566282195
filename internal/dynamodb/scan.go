package dynamodb

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
)

// Scan returns the items of a table or index, or of one segment of it, in no
// order that means anything.
func (e *Engine) Scan(ctx context.Context, c *api.Caller, in *ddb.ScanInput) (*ddb.ScanOutput, error) {
	p, err := parseScan(in)
	if err != nil {
		return nil, err
	}
	v, err := e.view(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	if in.IndexName.OK && in.ExclusiveStartKey != nil && v.find(in.IndexName.V) == nil {
		return nil, api.Validation(msgStartKey)
	}
	s, err := v.source(in.IndexName, in.ConsistentRead.V)
	if err != nil {
		return nil, err
	}
	rows, err := s.scanRows(in, &p)
	if err != nil {
		return nil, err
	}
	pg := newPage(s, &p, in.Select, in.Limit, in.ConsistentRead.V)
	if err := e.fill(ctx, pg, rows); err != nil {
		return nil, err
	}
	out := ddb.ScanOutput(pg.output(in.TableName.V, in.ReturnConsumedCapacity))
	return &out, nil
}

// parseScan checks what needs no table.
func parseScan(in *ddb.ScanInput) (p parsed, err error) {
	x := expressions{
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
		filter: in.FilterExpression, projection: in.ProjectionExpression,
		legacy: legacy{
			attributes: in.AttributesToGet, filter: in.ScanFilter, filterKind: expr.ScanFilter,
			operator: in.ConditionalOperator,
		},
		null: "FilterExpression is null",
	}
	if err := x.checkStyle(); err != nil {
		return p, err
	}
	if err := checkSelect(in.Select, in.IndexName.OK, x.projectedBy()); err != nil {
		return p, err
	}
	if err := checkSegment(in.Segment, in.TotalSegments); err != nil {
		return p, err
	}
	return x.parse()
}

func checkSegment(segment, total api.Opt[int64]) error {
	switch {
	case segment.OK && !total.OK:
		return api.Validation("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case !segment.OK && total.OK:
		return api.Validation("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case segment.OK && segment.V >= total.V:
		return api.Validation("The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: %d is not less than TotalSegments: %d", segment.V, total.V)
	}
	return nil
}

// scanRows checks a Scan against its source and returns the rows that it reads.
// Its checks are in the order of the service.
func (s source) scanRows(in *ddb.ScanInput, p *parsed) (rows kv.Range, err error) {
	start := in.ExclusiveStartKey
	if start != nil {
		if err := s.checkScanStart(start); err != nil {
			return rows, err
		}
	}
	if err := s.checkAttributes(in.Select, p); err != nil {
		return rows, err
	}
	if start != nil {
		if err := s.v.checkTableStart(start); err != nil {
			return rows, err
		}
	}
	rows = segmentRows(s.prefix(), uint64(in.Segment.V), uint64(in.TotalSegments.Or(1)))
	if start != nil {
		row := s.row(start)
		if !within(rows, row) {
			return rows, api.Validation(msgStartKey+": Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", in.TotalSegments.V, in.Segment.V)
		}
		rows = after(rows, row)
	}
	if p.projection != nil {
		if err := s.v.checkScalars(p.projection); err != nil {
			return rows, err
		}
	}
	if p.filter != nil {
		return rows, s.v.checkScalars(p.filter)
	}
	return rows, nil
}

// checkScanStart checks the attributes of a starting key, and their types as
// far as they are the index's. The service words it differently for a table.
func (s source) checkScanStart(start attr.Map) error {
	if len(start) != len(s.place()) {
		if s.x == nil {
			return api.Validation(msgStartKey + ": " + msgKeySchema)
		}
		return api.Validation(msgStartKey)
	}
	if s.x == nil {
		return nil
	}
	return s.x.Key.checkStart(s.x.Key.attrs(), start)
}

// segmentRows returns the rows under a prefix whose partition hash falls to one
// of several segments of equal size.
func segmentRows(prefix []byte, segment, total uint64) kv.Range {
	rows := kv.PrefixRange(prefix)
	bound := func(i uint64) []byte {
		return binary.BigEndian.AppendUint32(prefix[:len(prefix):len(prefix)], uint32(i<<32/total))
	}
	if segment > 0 {
		rows.Start = bound(segment)
	}
	if segment+1 < total {
		rows.End = bound(segment + 1)
	}
	return rows
}

func within(rows kv.Range, row []byte) bool {
	return bytes.Compare(row, rows.Start) >= 0 && (rows.End == nil || bytes.Compare(row, rows.End) < 0)
}
