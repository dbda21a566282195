package sqs

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// Operations returns the operation table of SQS, sorted by name. Operations that
// the engine does not have yet stand in it without a handler.
func (e *Engine) Operations() []api.Operation {
	have := slices.Concat(e.queueOperations(), e.messageOperations(), e.moveOperations())
	ops := make([]api.Operation, 0, len(model.OperationNames))
	for _, name := range model.OperationNames {
		at := slices.IndexFunc(have, func(op api.Operation) bool { return op.Name == name })
		if at < 0 {
			ops = append(ops, api.Operation{Target: model.Target, Name: name, Doc: "not implemented yet"})
			continue
		}
		ops = append(ops, have[at])
	}
	return ops
}

func (e *Engine) queueOperations() []api.Operation {
	const t = model.Target
	return []api.Operation{
		api.Op(t, "AddPermission", api.Control, "whole; any account of 12 digits is taken for one that exists", e.AddPermission),
		api.Op(t, "CreateQueue", api.Control, "whole; the name of a deleted queue is free at once, unless `--queue-cooldowns` is given", e.CreateQueue),
		api.Op(t, "DeleteQueue", api.Control, "whole; takes effect at once", e.DeleteQueue),
		api.Op(t, "GetQueueAttributes", api.Control, "whole; the counts are exact", e.GetQueueAttributes),
		api.Op(t, "GetQueueUrl", api.Control, "whole; queues of other accounts with `--auth` only", e.GetQueueUrl),
		api.Op(t, "ListDeadLetterSourceQueues", api.Control, "whole", e.ListDeadLetterSourceQueues),
		api.Op(t, "ListQueueTags", api.Control, "whole", e.ListQueueTags),
		api.Op(t, "ListQueues", api.Control, "whole", e.ListQueues),
		api.Op(t, "PurgeQueue", api.Control, "whole; takes effect at once, and may be repeated at once unless `--queue-cooldowns` is given", e.PurgeQueue),
		api.Op(t, "RemovePermission", api.Control, "whole", e.RemovePermission),
		api.Op(t, "SetQueueAttributes", api.Control, "whole; in force at once; KMS keys are kept and not used; a changed DeduplicationScope is kept and shown, but the scope of creation stays in force, as people saw in the service", e.SetQueueAttributes),
		api.Op(t, "TagQueue", api.Control, "whole", e.TagQueue),
		api.Op(t, "UntagQueue", api.Control, "whole", e.UntagQueue),
	}
}

func (e *Engine) messageOperations() []api.Operation {
	const t = model.Target
	return []api.Operation{
		api.Op(t, "ChangeMessageVisibility", api.Write, "whole", e.ChangeMessageVisibility),
		api.Op(t, "ChangeMessageVisibilityBatch", api.Write, "whole", e.ChangeMessageVisibilityBatch),
		api.Op(t, "DeleteMessage", api.Write, "whole", e.DeleteMessage),
		api.Op(t, "DeleteMessageBatch", api.Write, "whole", e.DeleteMessageBatch),
		api.Op(t, "ReceiveMessage", api.Read, "whole; attempt ids, and the past processing time that makes a tenant noisy, are forgotten at a restart", e.ReceiveMessage),
		api.Op(t, "SendMessage", api.Write, "whole; numbers of message attributes are kept as they were written, whatever their precision, and every AWSTraceHeader is taken", e.SendMessage),
		api.Op(t, "SendMessageBatch", api.Write, "whole; the messages of one call are accepted together", e.SendMessageBatch),
	}
}

func (e *Engine) moveOperations() []api.Operation {
	const t = model.Target
	return []api.Operation{
		api.Op(t, "CancelMessageMoveTask", api.Control, "whole; a task ends at once, without being CANCELLING first", e.CancelMessageMoveTask),
		api.Op(t, "ListMessageMoveTasks", api.Control, "whole; the counts are exact", e.ListMessageMoveTasks),
		api.Op(t, "StartMessageMoveTask", api.Control, "whole; moves as many messages as were visible at the start, and goes on after a restart; a task may take more than 36 hours, and an account have more than 100", e.StartMessageMoveTask),
	}
}
