package authz

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// shared are the operations that another account may be allowed (SQS Developer
// Guide, "Overview of managing access": cross-account permissions do not apply to
// the others).
var shared = []string{
	"ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage", "DeleteMessageBatch", "GetQueueAttributes",
	"GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage", "SendMessageBatch",
}

// permit demands the operation's action on a queue. The actions of a batch are
// those of its entries, and messages name actions in lower case.
func (d *demands) permit(queue string) {
	d.permitTo(strings.TrimSuffix(d.operation.Name, "Batch"), queue)
}

func (d *demands) permitTo(action, queue string) {
	d.permitAs(d.operation.Name, action, queue)
}

// permitAs is permitTo as a request of another operation would demand it.
func (d *demands) permitAs(operation, action, queue string) {
	d.list = append(d.list, demand{
		action: "sqs:" + strings.ToLower(action), resource: queue, ownOnly: !slices.Contains(shared, operation),
	})
}

// named is the ARN of a queue of the caller's region.
func (d *demands) named(account, name string) string {
	return "arn:aws:sqs:" + d.caller.Region + ":" + account + ":" + name
}

// located is the ARN of the queue of a URL, whose path ends with account and
// name. Twelve zeros stand for the caller's own account.
func (d *demands) located(url string) string {
	path := strings.Split(strings.TrimSuffix(url, "/"), "/")
	name, account := path[len(path)-1], ""
	if len(path) > 1 {
		account = path[len(path)-2]
	}
	return d.named(d.ownerOr(account), name)
}

// ownerOr is the account that is named, if any is.
func (d *demands) ownerOr(account string) string {
	if account == "" || account == "000000000000" {
		return d.caller.Account
	}
	return account
}

func (d *demands) collectSQS(in api.Input) {
	switch in := in.(type) {
	case *sqsapi.SendMessageRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.SendMessageBatchRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.ReceiveMessageRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.DeleteMessageRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.DeleteMessageBatchRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.ChangeMessageVisibilityRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.ChangeMessageVisibilityBatchRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.GetQueueAttributesRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.SetQueueAttributesRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.PurgeQueueRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.DeleteQueueRequest:
		d.permit(d.located(in.QueueUrl.V))
	default:
		d.collectQueues(in)
	}
}

// collectQueues finds the demands of the rarer requests.
func (d *demands) collectQueues(in api.Input) {
	switch in := in.(type) {
	case *sqsapi.CreateQueueRequest:
		queue := d.named(d.caller.Account, in.QueueName.V)
		d.permit(queue)
		if len(in.Tags) > 0 {
			d.permitTo("TagQueue", queue)
		}
	case *sqsapi.GetQueueUrlRequest:
		d.permit(d.named(d.ownerOr(in.QueueOwnerAWSAccountId.V), in.QueueName.V))
	case *sqsapi.ListQueuesRequest:
		d.permit(d.named(d.caller.Account, ""))
	case *sqsapi.ListDeadLetterSourceQueuesRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.TagQueueRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.UntagQueueRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.ListQueueTagsRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.AddPermissionRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.RemovePermissionRequest:
		d.permit(d.located(in.QueueUrl.V))
	case *sqsapi.StartMessageMoveTaskRequest:
		d.permitMove(in.SourceArn.V)
		if in.DestinationArn.OK {
			d.permitTo("SendMessage", in.DestinationArn.V)
		}
	case *sqsapi.ListMessageMoveTasksRequest:
		d.permit(in.SourceArn.V)
		d.permitTo("GetQueueAttributes", in.SourceArn.V)
	case *sqsapi.CancelMessageMoveTaskRequest:
		d.permitMove(movedFrom(in.TaskHandle.V))
	default:
		d.permit("*")
	}
}

// permitMove demands what it takes to start or end a move task.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
func (d *demands) permitMove(queue string) {
	d.permit(queue)
	for _, action := range []string{"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} {
		d.permitTo(action, queue)
	}
}

// movedFrom returns the source in the handle of a move task, which is JSON in
// base64 as the service's is; "*" if it is none.
func movedFrom(handle string) string {
	var task struct {
		SourceARN string `json:"sourceArn"`
	}
	text, err := base64.StdEncoding.DecodeString(handle)
	if err != nil || json.Unmarshal(text, &task) != nil || task.SourceARN == "" {
		return "*"
	}
	return task.SourceARN
}
