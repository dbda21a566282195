package integration

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fill stores n items with different partition keys and returns these, sorted.
func (c *client) fill(t *testing.T, table string, n int) []string {
	t.Helper()
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("p%04d", i))
		c.put(t, table, with(key(keys[i], "s"), item{"n": num(i), "g": str("g")}))
	}
	return keys
}

func (c *client) scan(t *testing.T, in dynamodb.ScanInput) (keys []string, pages int) {
	t.Helper()
	for p := dynamodb.NewScanPaginator(c.db, &in); p.HasMorePages(); pages++ {
		keys = append(keys, names(try(p.NextPage(ctx(t))).must(t).Items, "pk")...)
	}
	return keys, pages
}

func TestScan(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Scanned")
		c.createTable(t, *table, withGSI("by-g", projectKeys, attribute("g", "S")))
		all := c.fill(t, *table, 100)

		whole, _ := c.scan(t, dynamodb.ScanInput{TableName: table})
		paged, pages := c.scan(t, dynamodb.ScanInput{TableName: table, Limit: aws.Int32(7)})
		want(t, "the order of pages", paged, whole)
		if pages < 15 {
			t.Errorf("%d pages of at most 7 items", pages)
		}
		slices.Sort(whole)
		want(t, "all items", whole, all)

		indexed, _ := c.scan(t, dynamodb.ScanInput{TableName: table, IndexName: aws.String("by-g"), Limit: aws.Int32(13)})
		slices.Sort(indexed)
		want(t, "all of the index", indexed, all)

		out := try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: table, FilterExpression: aws.String("n < :n"), ExpressionAttributeValues: item{":n": num(10)},
			ProjectionExpression: aws.String("n"), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal})).must(t)
		want(t, "count", out.Count, 10)
		want(t, "scanned", out.ScannedCount, 100)
		want(t, "projected", len(out.Items[0]), 1)
		want(t, "units, half of one for each started 4 KB", *out.ConsumedCapacity.CapacityUnits, 0.5)
	})
}

func TestScanSegments(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		table := aws.String("Segments")
		c.createTable(t, *table)
		all := c.fill(t, *table, 200)
		var got []string
		for segment := range int32(5) {
			keys, _ := c.scan(t, dynamodb.ScanInput{TableName: table, Segment: aws.Int32(segment), TotalSegments: aws.Int32(5), Limit: aws.Int32(11)})
			if len(keys) == 0 {
				t.Errorf("segment %d of 5 is empty", segment)
			}
			got = append(got, keys...)
		}
		slices.Sort(got)
		want(t, "all segments together", got, all)
	})
}

func TestScanRefuses(t *testing.T) {
	tests := []struct {
		name    string
		in      dynamodb.ScanInput
		message string
	}{
		{"a segment of nothing", dynamodb.ScanInput{Segment: aws.Int32(0)}, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"},
		{"segments without one", dynamodb.ScanInput{TotalSegments: aws.Int32(2)}, "The Segment parameter is required but was not present in the request when parameter TotalSegments is present"},
		{"a segment too many", dynamodb.ScanInput{Segment: aws.Int32(2), TotalSegments: aws.Int32(2)},
			"The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 2 is not less than TotalSegments: 2"},
		{"a limit of none", dynamodb.ScanInput{Limit: aws.Int32(0)}, "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"two wrongs", dynamodb.ScanInput{Limit: aws.Int32(0), Segment: aws.Int32(-1), TotalSegments: aws.Int32(1)},
			"2 validation errors detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; " +
				"Value '-1' at 'segment' failed to satisfy constraint: Member must have value greater than or equal to 0"},
		{"a filter that is none", dynamodb.ScanInput{FilterExpression: aws.String("n =")}, `Invalid FilterExpression: Syntax error; token: "<EOF>", near: "="`},
		{"a starting key that is none", dynamodb.ScanInput{ExclusiveStartKey: item{"x": str("a")}}, "The provided starting key is invalid: The provided key element does not match the schema"},
	}
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Strict")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				tt.in.TableName = aws.String("Strict")
				_, err := c.db.Scan(ctx(t), &tt.in)
				wantInvalid(t, err, tt.message)
			})
		}
	})
}
