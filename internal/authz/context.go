package authz

import (
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// unknownValue stands for the values of a key that a request has and the guard
// does not know. It equals nothing that a policy names.
const unknownValue = "\x00"

// contextValues returns the values of a condition key that a request has, in
// lower case. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func contextValues(c *api.Caller, op *api.Operation, in api.Input, key string) []string {
	switch key {
	case "aws:currenttime":
		return []string{time.Now().UTC().Format(time.RFC3339)}
	case "aws:epochtime":
		return []string{strconv.FormatInt(time.Now().Unix(), 10)}
	case "aws:requestedregion":
		return []string{c.Region}
	case "aws:securetransport":
		return []string{strconv.FormatBool(strings.HasPrefix(c.BaseURL, "https:"))}
	case "dynamodb:enclosingoperation":
		if strings.HasPrefix(op.Name, "Transact") || op.Name == "ExecuteTransaction" {
			return []string{op.Name}
		}
	case "dynamodb:leadingkeys", "dynamodb:attributes":
		// Not worked out yet. Absent, they would let ForAllValues hold for any item.
		if op.Class != api.Control {
			return []string{unknownValue}
		}
	case "dynamodb:select", "dynamodb:returnvalues", "dynamodb:returnconsumedcapacity":
		return option(in, key)
	}
	return nil
}

// option returns the value of a parameter that is a condition key.
func option(in api.Input, key string) []string {
	var selected, values, capacity api.Opt[string]
	switch in := in.(type) {
	case *ddb.GetItemInput:
		capacity = in.ReturnConsumedCapacity
	case *ddb.PutItemInput:
		values, capacity = in.ReturnValues, in.ReturnConsumedCapacity
	case *ddb.UpdateItemInput:
		values, capacity = in.ReturnValues, in.ReturnConsumedCapacity
	case *ddb.DeleteItemInput:
		values, capacity = in.ReturnValues, in.ReturnConsumedCapacity
	case *ddb.QueryInput:
		selected, capacity = in.Select, in.ReturnConsumedCapacity
	case *ddb.ScanInput:
		selected, capacity = in.Select, in.ReturnConsumedCapacity
	case *ddb.BatchGetItemInput:
		capacity = in.ReturnConsumedCapacity
	case *ddb.BatchWriteItemInput:
		capacity = in.ReturnConsumedCapacity
	}
	chosen := map[string]api.Opt[string]{
		"dynamodb:select": selected, "dynamodb:returnvalues": values, "dynamodb:returnconsumedcapacity": capacity,
	}[key]
	if !chosen.OK {
		return nil
	}
	return []string{chosen.V}
}
