package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// Limits of items and keys in bytes (Developer Guide, "Service, account, and
// table quotas").
const (
	maxItemSize         = 400 * 1024
	maxPartitionKeySize = 2048
	maxSortKeySize      = 1024
)

// Texts of the service that more than one place needs.
const (
	msgKeySchema = "The provided key element does not match the schema"
	// msgNotValid begins what is said of an empty key.
	msgNotValid           = "One or more parameter values are not valid. "
	msgCondition          = "The conditional request failed"
	msgItemSize           = "Item size has exceeded the maximum allowed size"
	msgUpdateItemSize     = "Item size to update has exceeded the maximum allowed size"
	msgTransactionRepeats = "Transaction request cannot include multiple operations on one item"
	msgTransactionSize    = "Collection size of items in the transaction has exceeded the maximum allowed size"
)

func errNoResource() *api.Error {
	return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found")
}

func errNoTable(name string) *api.Error {
	return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Table: %s not found", name)
}

// errUnsupported refuses what Levee does not do, rather than ignore it.
func errUnsupported(parameter string) error {
	return api.Validation("Levee does not support the parameter %s yet", parameter)
}

// errDenied refuses an ARN of another account where the service names neither the
// caller nor the action.
func errDenied() error {
	return api.Errorf("AccessDeniedException", "Access is denied")
}
