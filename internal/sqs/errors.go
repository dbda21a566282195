package sqs

import (
	"errors"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// The codes that the service uses and its model does not name.
const (
	codeInvalidParameterValue = "InvalidParameterValue"
	codeMissingParameter      = "MissingParameter"
)

// errClosed ends what still runs when the engine closes.
var errClosed = errors.New("sqs: the engine is closed")

func errNoQueue() error {
	return api.Errorf(model.CodeQueueDoesNotExist, "The specified queue does not exist.")
}

func errMissing(parameter string) error {
	return api.Errorf(codeMissingParameter, "The request must contain the parameter %s.", parameter)
}

// errParameter is the error of a value that is out of its range or form.
func errParameter(value any, parameter, format string, args ...any) error {
	e := api.Errorf(codeInvalidParameterValue, format, args...)
	return api.Errorf(codeInvalidParameterValue, "Value %v for parameter %s is invalid. Reason: %s", value, parameter, e.Message)
}

// errQueueType is the error of a parameter that only the other type of queue has.
func errQueueType(value any, parameter string) error {
	return errParameter(value, parameter, "The request include parameter that is not valid for this queue type.")
}

func errAttributeName(name string) error {
	return api.Errorf(model.CodeInvalidAttributeName, "Unknown Attribute %s.", name)
}

// errFifoOnly is the error of an attribute that only FIFO queues have. The service
// does not know the oldest of them on other queues.
func errFifoOnly(name string) error {
	if name == model.QueueAttributeNameContentBasedDeduplication {
		return errAttributeName(name)
	}
	return api.Errorf(model.CodeInvalidAttributeName, "You can specify the %s only when FifoQueue is set to true.", name)
}

func errAttributeValue(name string) error {
	return api.Errorf(model.CodeInvalidAttributeValue, "Invalid value for the parameter %s.", name)
}

func errReceipt(handle string) error {
	return api.Errorf(model.CodeReceiptHandleIsInvalid, "The input receipt handle \"%s\" is not a valid receipt handle.", handle)
}

func errReceiptExpired(handle string) error {
	return errParameter(handle, "ReceiptHandle", "The receipt handle has expired.")
}

// failure is the entry of a batch's result for an entry that failed. ok is
// false for an error that is not the client's.
func failure(id string, err error) (entry model.BatchResultErrorEntry, ok bool) {
	var e *api.Error
	if !errors.As(err, &e) || e.Fault != api.Client {
		return entry, false
	}
	return model.BatchResultErrorEntry{
		Id: api.Some(id), SenderFault: api.Some(true), Code: api.Some(e.Code), Message: api.Some(e.Message),
	}, true
}
