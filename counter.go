package levee

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// ErrNoCounters is what comes of declaring or describing a counter at an endpoint
// that has none, as that of any other service.
var ErrNoCounters = errors.New("levee: the endpoint has no counters")

// Counter declares that a table counts its items and sums up attributes of them,
// by group: see Client.CreateCounter.
type Counter struct {
	// Name is that of the table that holds the counts. It is made, and only read.
	Name string
	// Table is the table whose items are counted.
	Table string
	// GroupBy are up to two attributes with their types. An item that lacks one of
	// them does not count. Without any there is one group.
	GroupBy []types.AttributeDefinition
	// Sum are up to ten attributes to be summed up; what is no number counts as nothing.
	Sum []string
	// Filter says which items count, as the FilterExpression of a Scan; empty: all.
	Filter string
	// Names and Values are the ExpressionAttributeNames and ExpressionAttributeValues
	// of Filter. DescribeCounter and ListCounters leave them out.
	Names  map[string]string
	Values map[string]types.AttributeValue
}

// CounterDescription is a counter as it is.
type CounterDescription struct {
	Counter
	// Building is true while the items that were in the table before are counted.
	// Until then the counts cannot be read.
	Building bool
	// Created is when the counter was declared.
	Created time.Time
}

// Count is what a counter says of a group.
type Count struct {
	// Items is how many items the group has.
	Items int64
	// Sums are the sums over them by attribute, numbers of up to 38 digits as items
	// have them.
	Sums map[string]string
}

// CreateCounter declares a counter: from now on every write of an item of the table
// changes the counts of its groups in the same transaction. The items that are in
// the table are counted in the background; AwaitCounter waits for that.
//
// A name that is taken is a *types.ResourceInUseException of package dynamodb, a
// table that does not exist a *types.ResourceNotFoundException.
func (c *Client) CreateCounter(ctx context.Context, counter Counter) error {
	// The values are written by the SDK, as part of an action on a table.
	carrier := []types.TransactWriteItem{{ConditionCheck: &types.ConditionCheck{
		TableName: &counter.Table, Key: map[string]types.AttributeValue{}, ConditionExpression: aws.String(""),
		ExpressionAttributeValues: counter.Values,
	}}}
	_, err := c.counters(ctx, "CreateCounter", carrier, func(body []byte) ([]byte, error) {
		var written struct {
			TransactItems []struct {
				ConditionCheck struct{ ExpressionAttributeValues json.RawMessage }
			}
		}
		if err := json.Unmarshal(body, &written); err != nil {
			return nil, err
		}
		in := counterRequest{
			CounterName: counter.Name, TableName: counter.Table, Sum: counter.Sum,
			FilterExpression: counter.Filter, ExpressionAttributeNames: counter.Names,
		}
		for _, a := range counter.GroupBy {
			in.GroupBy = append(in.GroupBy, groupAttribute{aws.ToString(a.AttributeName), a.AttributeType})
		}
		if len(counter.Values) > 0 {
			in.ExpressionAttributeValues = written.TransactItems[0].ConditionCheck.ExpressionAttributeValues
		}
		return json.Marshal(in)
	})
	return err
}

// AwaitCounter waits until a counter is built.
func (c *Client) AwaitCounter(ctx context.Context, name string) error {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		d, err := c.DescribeCounter(ctx, name)
		if err != nil || !d.Building {
			return err
		}
		if pause(ctx, wait); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// DescribeCounter describes a counter. One that does not exist is a
// *types.ResourceNotFoundException of package dynamodb.
func (c *Client) DescribeCounter(ctx context.Context, name string) (CounterDescription, error) {
	return c.namedCounter(ctx, "DescribeCounter", name)
}

// DeleteCounter deletes a counter with its counts, and returns what it was.
func (c *Client) DeleteCounter(ctx context.Context, name string) (CounterDescription, error) {
	return c.namedCounter(ctx, "DeleteCounter", name)
}

// ListCounters describes the counters of a table.
func (c *Client) ListCounters(ctx context.Context, table string) ([]CounterDescription, error) {
	var out struct{ Counters []describedCounter }
	if err := c.askCounters(ctx, "ListCounters", map[string]string{"TableName": table}, &out); err != nil {
		return nil, err
	}
	list := make([]CounterDescription, len(out.Counters))
	for i, d := range out.Counters {
		list[i] = d.description()
	}
	return list, nil
}

// ReadCounter reads what a counter says of the group with these values of its
// GroupBy attributes, by name; nil for a counter without any. It is a consistent
// read of one item, whose key that is. A group without items has no item, and a
// count of 0 without sums. Several groups can be read as items are, with BatchGetItem
// or Query.
func (c *Client) ReadCounter(ctx context.Context, name string, group map[string]types.AttributeValue) (Count, error) {
	if len(group) == 0 {
		group = map[string]types.AttributeValue{"counter": &types.AttributeValueMemberS{Value: name}}
	}
	out, err := c.Tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: &name, Key: group, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return Count{}, err
	}
	return countOf(out.Item, group)
}

// countOf reads the item of a group.
func countOf(item, group map[string]types.AttributeValue) (Count, error) {
	count := Count{Sums: map[string]string{}}
	for name, value := range item {
		n, ok := value.(*types.AttributeValueMemberN)
		if _, key := group[name]; key || !ok {
			continue
		}
		if name != "count" {
			count.Sums[name] = n.Value
			continue
		}
		items, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return Count{}, fmt.Errorf("levee: read a counter: %w", err)
		}
		count.Items = items
	}
	return count, nil
}

// counterRequest is the request of CreateCounter.
type counterRequest struct {
	CounterName, TableName    string
	GroupBy                   []groupAttribute  `json:",omitempty"`
	Sum                       []string          `json:",omitempty"`
	FilterExpression          string            `json:",omitempty"`
	ExpressionAttributeNames  map[string]string `json:",omitempty"`
	ExpressionAttributeValues json.RawMessage   `json:",omitempty"`
}

type groupAttribute struct {
	AttributeName string
	AttributeType types.ScalarAttributeType
}

// describedCounter is a counter as it is answered.
type describedCounter struct {
	CounterName, TableName, CounterStatus string
	CreationDateTime                      float64 // seconds since 1970
	GroupBy                               []groupAttribute
	Sum                                   []string
	FilterExpression                      string
}

func (d *describedCounter) description() CounterDescription {
	out := CounterDescription{
		Counter:  Counter{Name: d.CounterName, Table: d.TableName, Sum: d.Sum, Filter: d.FilterExpression},
		Building: d.CounterStatus == "BUILDING", Created: time.UnixMilli(int64(d.CreationDateTime * 1000)),
	}
	for _, a := range d.GroupBy {
		out.GroupBy = append(out.GroupBy, types.AttributeDefinition{AttributeName: aws.String(a.AttributeName), AttributeType: a.AttributeType})
	}
	return out
}

func (c *Client) namedCounter(ctx context.Context, operation, name string) (CounterDescription, error) {
	var out struct{ Counter describedCounter }
	err := c.askCounters(ctx, operation, map[string]string{"CounterName": name}, &out)
	if err != nil {
		return CounterDescription{}, err
	}
	return out.Counter.description(), nil
}

// askCounters makes a request and reads its answer.
func (c *Client) askCounters(ctx context.Context, operation string, in, out any) error {
	body, err := c.counters(ctx, operation, nil, func([]byte) ([]byte, error) { return json.Marshal(in) })
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("levee: read the answer of %s: %w", operation, err)
	}
	return nil
}

// counters makes a request. What the SDK does not know as an error of the operation
// that stands in for it gets its type here.
func (c *Client) counters(ctx context.Context, operation string, carrier []types.TransactWriteItem, rewrite func([]byte) ([]byte, error)) ([]byte, error) {
	body, err := c.request(ctx, operation, carrier, rewrite)
	var typed smithy.APIError
	if !errors.As(err, &typed) {
		return body, err
	}
	switch message := aws.String(typed.ErrorMessage()); typed.ErrorCode() {
	case codeUnknownOperation:
		return nil, ErrNoCounters
	case "ResourceInUseException":
		return nil, &types.ResourceInUseException{Message: message}
	case "LimitExceededException":
		return nil, &types.LimitExceededException{Message: message}
	}
	return nil, err
}
