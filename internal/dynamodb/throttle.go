package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/capacity"
)

// What the service says when something is throttled (API reference,
// TransactWriteItems, and Developer Guide, "Diagnosing throttling").
const (
	msgProvisioned      = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."
	msgProvisionedIndex = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API."
	msgScaling          = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
	msgScalingIndex     = "Throughput exceeds the current capacity for one or more global secondary indexes. DynamoDB is automatically scaling your index so please try again shortly."
	msgMaximum          = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
	msgAccount          = "Throughput exceeds the current throughput limit for your account. Please contact AWS Support at https://aws.amazon.com/support to request a limit increase."
)

// errThrottled is the error of what the model did not admit.
func (v *view) errThrottled(d capacity.Decision) *api.Error {
	err := &api.Error{Code: ddb.CodeProvisionedThroughputExceededException, Message: msgProvisioned}
	resource := v.arn()
	if d.Index != capacity.Itself {
		resource, err.Message = v.indexARN(v.metered(d.Index)), msgProvisionedIndex
	}
	switch {
	case d.Limit == capacity.MaxOnDemand:
		err.Code, err.Message = ddb.CodeThrottlingException, msgMaximum
	case d.Limit == capacity.AccountLimit:
		err.Code, err.Message = ddb.CodeRequestLimitExceeded, msgAccount
	case v.OnDemand && d.Index != capacity.Itself:
		err.Code, err.Message = ddb.CodeThrottlingException, msgScalingIndex
	case v.OnDemand:
		err.Code, err.Message = ddb.CodeThrottlingException, msgScaling
	}
	err.Throttling = []api.ThrottlingReason{{Reason: d.Reason(), Resource: resource}}
	return err
}

// metered returns the name of the index that has a number in the model.
func (v *view) metered(slot int) string {
	for i := range v.indexes {
		if v.indexes[i].Global && v.indexes[i].slot == slot {
			return v.indexes[i].Name
		}
	}
	return ""
}
