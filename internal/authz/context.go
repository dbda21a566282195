package authz

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// question is a demand of a request, to be decided by policies.
type question struct {
	*demand
	caller    *api.Caller
	operation *api.Operation
	in        api.Input
	// partitionKey returns the attributes of the partition key of a table or index.
	partitionKey func(arn string) []string
	// tags returns the tags of a table or queue.
	tags func(arn string) map[string]string
	// unclear is set when a policy asked for what the request does not say clearly
	// enough. Whatever came of that must not count as allowed.
	unclear bool
}

// values returns the values of a condition key that a request has, in lower case.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (q *question) values(key string) []string {
	switch key {
	case "aws:currenttime":
		return []string{time.Now().UTC().Format(time.RFC3339)}
	case "aws:epochtime":
		return []string{strconv.FormatInt(time.Now().Unix(), 10)}
	case "aws:requestedregion":
		return []string{cmp.Or(q.region, q.caller.Region)}
	case "aws:securetransport":
		return []string{strconv.FormatBool(strings.HasPrefix(q.caller.BaseURL, "https:"))}
	case "aws:sourceip":
		return sourceIP(q.caller)
	case "dynamodb:enclosingoperation":
		if strings.HasPrefix(q.operation.Name, "Transact") || q.operation.Name == "ExecuteTransaction" {
			return []string{q.operation.Name}
		}
		return nil
	case "dynamodb:returnconsumedcapacity":
		return given(consumedCapacity(q.in))
	}
	if strings.HasPrefix(key, "aws:") {
		return q.tagValues(key)
	}
	if len(q.accesses) == 0 {
		return nil
	}
	return q.itemValues(key)
}

// itemValues returns the values of a condition key that is about items.
func (q *question) itemValues(key string) []string {
	switch key {
	case "dynamodb:leadingkeys", "dynamodb:firstpartitionkeyvalues":
		return q.partitionValues(0)
	case "dynamodb:secondpartitionkeyvalues":
		return q.partitionValues(1)
	case "dynamodb:thirdpartitionkeyvalues":
		return q.partitionValues(2)
	case "dynamodb:fourthpartitionkeyvalues":
		return q.partitionValues(3)
	case "dynamodb:attributes":
		return q.all((*access).attributes)
	case "dynamodb:fulltablescan":
		return q.fullScan()
	case "dynamodb:select":
		return q.strongest((*access).selectedBy, ddb.SelectCount, ddb.SelectSpecificAttributes, ddb.SelectAllProjectedAttributes, ddb.SelectAllAttributes)
	case "dynamodb:returnvalues":
		return q.strongest((*access).returnedBy, ddb.ReturnValueNone, ddb.ReturnValueUpdatedOld, ddb.ReturnValueUpdatedNew, ddb.ReturnValueAllOld, ddb.ReturnValueAllNew)
	}
	return nil
}

// sourceIP is the address of the client; none for a call within the process.
func sourceIP(c *api.Caller) []string {
	if c.Remote == nil {
		return nil
	}
	at, err := netip.ParseAddrPort(c.Remote.String())
	if err != nil {
		return nil
	}
	return []string{at.Addr().Unmap().WithZone("").String()}
}

// all returns what each access has, each value once.
func (q *question) all(of func(*access) ([]string, bool)) (list []string) {
	for i := range q.accesses {
		values, ok := of(&q.accesses[i])
		if !ok {
			q.unclear = true
		}
		list = append(list, values...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// partitionValues returns the values of the attribute at a place of the partition
// key. Nothing is clear of a table that is not there.
func (q *question) partitionValues(place int) []string {
	names := q.partitionKey(q.resource)
	if place < len(names) {
		return q.all(func(a *access) ([]string, bool) { return a.partition(names[place]) })
	}
	q.unclear = q.unclear || names == nil
	return nil
}

// fullScan returns the value of dynamodb:FullTableScan: "true" if one statement of
// several scans.
func (q *question) fullScan() []string {
	names := q.partitionKey(q.resource)
	if names == nil {
		q.unclear = true
		return nil
	}
	values := q.all(func(a *access) ([]string, bool) {
		value, ok := a.scansAll(names[0])
		return given(value), ok
	})
	return values[max(0, len(values)-1):] // "true" sorts last
}

// strongest returns of the values of the accesses the one that comes last in order:
// a request as a whole reads as much as the most demanding part of it.
func (q *question) strongest(of func(*access) string, order ...string) []string {
	best := ""
	for i := range q.accesses {
		if v := of(&q.accesses[i]); slices.Index(order, v) >= slices.Index(order, best) {
			best = v
		}
	}
	return given(best)
}

// given is a value, if there is one.
func given(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// consumedCapacity returns the ReturnConsumedCapacity in force, "" for a request
// that has no such parameter.
func consumedCapacity(in api.Input) string {
	var chosen api.Opt[string]
	switch in := in.(type) {
	case *ddb.GetItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.PutItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.UpdateItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.DeleteItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.QueryInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.ScanInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.SearchVectorsInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.BatchGetItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.BatchWriteItemInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.TransactGetItemsInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.TransactWriteItemsInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.ExecuteStatementInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.BatchExecuteStatementInput:
		chosen = in.ReturnConsumedCapacity
	case *ddb.ExecuteTransactionInput:
		chosen = in.ReturnConsumedCapacity
	default:
		return ""
	}
	return chosen.Or(ddb.ReturnConsumedCapacityNone)
}
