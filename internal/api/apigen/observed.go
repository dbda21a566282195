package main

import "slices"

// observed are the orders in which the service lists the values of an enum in
// its complaints, where that is not the order of the model.
var observed = map[string][]string{
	"ComparisonOperator":   {"IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"},
	"ConditionalOperator":  {"OR", "AND"},
	"InputCompressionType": {"ZSTD", "NONE", "GZIP"},
	"ProjectionType":       {"ALL", "INCLUDE", "KEYS_ONLY"},
	"ReturnValue":          {"ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"},
	"ScalarAttributeType":  {"B", "N", "S"},
	"Select":               {"SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"},
	"ShardIteratorType":    {"AFTER_SEQUENCE_NUMBER", "LATEST", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"},
}

// listed returns the values of an enum as the service lists them: those whose
// order was observed, and then the rest of the model's.
func listed(name string, values []string) []string {
	order := observed[name]
	var list []string
	for _, v := range order {
		if slices.Contains(values, v) {
			list = append(list, v)
		}
	}
	for _, v := range values {
		if !slices.Contains(order, v) {
			list = append(list, v)
		}
	}
	return list
}

// unchecked are shapes of which the model says more than the service checks in
// this way: their operations have complaints of their own.
var unchecked = map[string]bool{"BackupArn": true, "TableClass": true, "Tag": true, "TagKeyString": true, "TagValueString": true}

// rewritten are the inputs whose violations the service says in words of its own;
// the package has them, written by hand (reword.go).
var rewritten = map[string]bool{
	"BatchGetItemInput": true, "BatchWriteItemInput": true, "DeleteItemInput": true, "GetItemInput": true, "PutItemInput": true, "QueryInput": true, "UpdateItemInput": true,
}

// missedLater are the inputs whose TableName the service misses in words of its
// own, after all that it checks by the model.
var missedLater = map[string]bool{
	"CreateTableInput": true, "DeleteTableInput": true, "DescribeTableInput": true, "UpdateTableInput": true,
}

// observedMembers are the members of structures in the order in which the
// service checks them, where that is not the order of the model.
var observedMembers = map[string][]string{
	"CreateTableInput":        {"AttributeDefinitions", "TableName", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"},
	"DeleteItemInput":         {"ReturnConsumedCapacity", "TableName", "ReturnValues", "Key", "ReturnItemCollectionMetrics"},
	"ListTablesInput":         {"Limit", "ExclusiveStartTableName"},
	"LocalSecondaryIndex":     {"Projection", "IndexName", "KeySchema"},
	"ProvisionedThroughput":   {"WriteCapacityUnits", "ReadCapacityUnits"},
	"PutItemInput":            {"ReturnConsumedCapacity", "TableName", "ReturnValues", "Item", "ReturnItemCollectionMetrics"},
	"TransactWriteItemsInput": {"TransactItems", "ClientRequestToken", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"},
	"UpdateItemInput":         {"ConditionalOperator", "ReturnConsumedCapacity", "TableName", "ReturnValues", "Key", "ReturnItemCollectionMetrics"},
}

// checkOrder returns the members of a structure in the order of the checks:
// those whose order was observed, and then the rest of the model's.
func checkOrder(name string, all members) members {
	order := observedMembers[name]
	rank := func(m member) int {
		if i := slices.Index(order, m.Name); i >= 0 {
			return i
		}
		return len(order)
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b member) int { return rank(a) - rank(b) })
	return sorted
}

// apart are the structures whose lists keep what is wrong with an attribute value of an
// element in the element: the service looks at the elements one after the other, at
// their values and at all else.
var apart = map[string]bool{"TransactWriteItem": true}
