package fair

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// perBatch is how many items or messages of a batch weigh as much as one write.
const perBatch = 5

// weightOf returns how many writes of one item a request is like; 0 if it does not
// write.
func weightOf(in api.Input) int {
	switch in := in.(type) {
	case *ddb.PutItemInput, *ddb.UpdateItemInput, *ddb.DeleteItemInput,
		*sqsapi.SendMessageRequest, *sqsapi.DeleteMessageRequest, *sqsapi.ChangeMessageVisibilityRequest:
		return 1
	case *ddb.TransactWriteItemsInput:
		return len(in.TransactItems)
	case *ddb.BatchWriteItemInput:
		n := 0
		for _, e := range in.RequestItems {
			n += len(e.Value)
		}
		return batch(n)
	case *sqsapi.SendMessageBatchRequest:
		return batch(len(in.Entries))
	case *sqsapi.ReceiveMessageRequest:
		return batch(int(max(1, min(in.MaxNumberOfMessages.V, 10))))
	case *sqsapi.DeleteMessageBatchRequest:
		return batch(len(in.Entries))
	case *sqsapi.ChangeMessageVisibilityBatchRequest:
		return batch(len(in.Entries))
	}
	return 0
}

func batch(n int) int { return (n + perBatch - 1) / perBatch }
