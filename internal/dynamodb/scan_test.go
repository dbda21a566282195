package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// pages follows LastEvaluatedKey to the end and returns one attribute of all
// items. in is a request without its closing brace.
func (h *harness) pages(op, in, column string) (all []string) {
	h.t.Helper()
	start := ""
	for range 10_000 {
		f := h.read(op, in+start+`}`)
		if s := f.column(column); s != "" {
			all = append(all, strings.Fields(s)...)
		}
		if f.LastEvaluatedKey == nil {
			return all
		}
		start = `,"ExclusiveStartKey":` + string(f.LastEvaluatedKey)
	}
	h.t.Fatalf("%s %s does not end", op, in)
	return nil
}

func TestScan(t *testing.T) {
	h := newEngine(t)
	songs(h)
	h.mustDo("CreateTable", hashedTable) // empty
	h.expect("Scan", `{"TableName":"hashed"}`, `{"Items":[],"Count":0,"ScannedCount":0}`)
	for in, want := range map[string]int{
		``: 6,
		`,"FilterExpression":"b = :1","ExpressionAttributeValues":{":1":{"S":"1"}}`: 2,
		`,"ConsistentRead":true`:                              6,
		`,"IndexName":"index1"`:                               5, // an item without c or d is in no index
		`,"IndexName":"index2","ConsistentRead":true`:         5,
		`,"IndexName":"index3"`:                               5,
		`,"IndexName":"index4"`:                               5,
		`,"IndexName":"index2","Select":"ALL_ATTRIBUTES"`:     5,
		`,"IndexName":"index3","Segment":0,"TotalSegments":1`: 5,
	} {
		if f := h.read("Scan", `{"TableName":"ranged"`+in+`}`); f.Count != want || len(f.Items) != want {
			t.Errorf("%s: %d items, want %d", in, f.Count, want)
		}
	}
	if f := h.read("Scan", `{"TableName":"ranged","IndexName":"index2","Select":"ALL_ATTRIBUTES"}`); len(strings.Fields(f.column("f"))) != 4 {
		t.Errorf("items of a local index: %v", f.Items)
	}
	f := h.read("Scan", `{"TableName":"ranged","Select":"COUNT","FilterExpression":"e = :1","ExpressionAttributeValues":{":1":{"N":"1"}}}`)
	if f.Items != nil || f.Count != 3 || f.ScannedCount != 6 {
		t.Errorf("count: %+v", f)
	}
}

// Every item is in one segment, of any number of segments, however it is paged.
func TestScanSegmentsPartitionTheTable(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	var want []string
	for i := range 120 {
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"p%d"},"b":{"S":"%d"},"c":{"S":"c%d"},"d":{"S":"d"}}`, i/2, i, i/3))
		want = append(want, fmt.Sprint(i))
	}
	slices.Sort(want)
	for _, index := range []string{"", `,"IndexName":"index1"`, `,"IndexName":"index4"`} {
		for _, n := range []int{1, 2, 3, 7, 64, 1_000} {
			var all []string
			for segment := range n {
				in := fmt.Sprintf(`{"TableName":"ranged"%s,"Segment":%d,"TotalSegments":%d,"Limit":%d`, index, segment, n, 1+segment%5)
				all = append(all, h.pages("Scan", in, "b")...)
			}
			slices.Sort(all)
			if !slices.Equal(all, want) {
				t.Errorf("%d segments%s: %d items, want %d", n, index, len(all), len(want))
			}
		}
	}
}

func TestScanRefusals(t *testing.T) {
	h := newEngine(t)
	songs(h)
	h.fails("Scan", `{"TableName":"absent"}`, "ResourceNotFoundException: Requested resource not found")
	const table = "The provided starting key is invalid: The provided key element does not match the schema"
	for in, message := range map[string]string{
		`"Segment":0`:                   "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
		`"TotalSegments":4`:             "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
		`"Segment":5,"TotalSegments":5`: "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 5 is not less than TotalSegments: 5",
		`"Limit":0`:                     "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
		`"IndexName":"nix"`:             "The table does not have the specified index: nix",
		`"IndexName":"nix","ExclusiveStartKey":{"a":{"S":"x"}}`:                                "The provided starting key is invalid",
		`"IndexName":"index3","ConsistentRead":true`:                                           "Consistent reads are not supported on global secondary indexes",
		`"IndexName":"index4","Select":"ALL_ATTRIBUTES"`:                                       "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index index4 because its projection type is not ALL",
		`"Select":"SPECIFIC_ATTRIBUTES"`:                                                       "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
		`"Select":"ALL_PROJECTED_ATTRIBUTES","ProjectionExpression":"e"`:                       "Cannot specify the ProjectionExpression when choosing to get ALL_PROJECTED_ATTRIBUTES",
		`"ExpressionAttributeValues":{":x":{"S":"x"}}`:                                         "ExpressionAttributeValues can only be specified when using expressions: FilterExpression is null",
		`"ExclusiveStartKey":{"a":{"S":"x"}}`:                                                  table,
		`"ExclusiveStartKey":{"a":{"S":"x"},"b":{"N":"1"}}`:                                    table,
		`"ExclusiveStartKey":{"a":{"S":"x"},"z":{"S":"1"}}`:                                    table,
		`"IndexName":"index1","ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"x"}}`:               "The provided starting key is invalid",
		`"IndexName":"index1","ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"x"},"z":{"S":"x"}}`: "The provided starting key is invalid",
		`"IndexName":"index1","ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"x"},"c":{"N":"1"}}`: msgKeySchema,
		`"IndexName":"index1","ExclusiveStartKey":{"a":{"S":"x"},"b":{"N":"1"},"c":{"S":"x"}}`: table,
	} {
		h.refused("Scan", `{"TableName":"ranged",`+in+`}`, message)
	}
	other := 1 - int(partitionHash(attr.AppendKey(nil, attr.S("x")))>>31)
	h.refused("Scan", fmt.Sprintf(`{"TableName":"ranged","Segment":%d,"TotalSegments":2,"ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"1"}}}`, other),
		fmt.Sprintf("The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: 2 Segment: %d", other))
}

func TestScanEndsWithItsContext(t *testing.T) {
	h := newEngine(t)
	songs(h)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Scan(ctx, &h.caller, &ddb.ScanInput{TableName: api.Some("ranged")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
