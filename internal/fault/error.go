package fault

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

const codeInternal = "InternalServerError"

// messages are the usual texts of errors.
var messages = map[string]string{
	codeInternal:                                   "Internal server error",
	"ServiceUnavailableException":                  "The service is currently unavailable.",
	"ThrottlingException":                          "Rate of requests exceeds the allowed throughput.",
	"RequestThrottled":                             "Request is throttled.",
	ddb.CodeConditionalCheckFailedException:        "The conditional request failed",
	ddb.CodeTransactionConflictException:           "Transaction is ongoing for the item",
	ddb.CodeTransactionInProgressException:         "The transaction with the given request token is already in progress.",
	ddb.CodeProvisionedThroughputExceededException: "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
	ddb.CodeRequestLimitExceeded:                   "Throughput exceeds the current throughput limit for your account. Please contact AWS Support to request a limit increase.",
}

// error makes the error of a request. A transaction has no error of its own for
// what befalls one item: it is cancelled, and the error is the reason of its first
// action.
func (f *Fault) error(in api.Input) *api.Error {
	e := &api.Error{Code: f.Code, Message: f.Message}
	if e.Code == "" {
		e.Code = codeInternal
	}
	if e.Message == "" {
		e.Message = messages[e.Code]
	}
	if e.Code == codeInternal || e.Code == "ServiceUnavailableException" {
		e.Fault = api.Server
	}
	reason := e.Code == ddb.CodeConditionalCheckFailedException || e.Code == ddb.CodeTransactionConflictException
	if n := actions(in); reason && n > 0 {
		return cancelled(e, n)
	}
	return e
}

// actions returns the number of actions of a transaction, 0 for any other request.
func actions(in api.Input) int {
	switch in := in.(type) {
	case *ddb.TransactWriteItemsInput:
		return len(in.TransactItems)
	case *ddb.TransactGetItemsInput:
		return len(in.TransactItems)
	}
	return 0
}

// cancelled makes the error of a transaction of n actions whose first has the
// error e.
func cancelled(e *api.Error, n int) *api.Error {
	reasons, codes := make([]api.CancellationReason, n), make([]string, n)
	for i := range reasons {
		reasons[i].Code = "None"
	}
	reasons[0] = api.CancellationReason{Code: strings.TrimSuffix(e.Code, "Exception"), Message: e.Message}
	for i := range reasons {
		codes[i] = reasons[i].Code
	}
	err := api.Errorf(ddb.CodeTransactionCanceledException,
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	err.Reasons = reasons
	return err
}
