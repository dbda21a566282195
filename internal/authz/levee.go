package authz

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/leveeapi"
)

// collectLevee finds the demands of Levee's own operations. Those of a transaction
// are the demands of its actions; who keeps checkpoints in a stream must be allowed
// to read it.
func (d *demands) collectLevee(in api.Input) {
	switch in := in.(type) {
	case *leveeapi.TransactInput:
		for i := range in.TransactItems {
			d.step(&in.TransactItems[i])
		}
	case *leveeapi.CreateCounterInput:
		d.need("UpdateTable", d.table(in.TableName.V))
		d.need("CreateTable", d.table(in.CounterName.V))
	case *leveeapi.NamedCounterInput:
		action := "DescribeTable"
		if d.operation.Name == "DeleteCounter" {
			action = "DeleteTable"
		}
		d.need(action, d.table(in.CounterName.V))
	case *leveeapi.ListCountersInput:
		d.need("DescribeTable", d.table(in.TableName.V))
	case *leveeapi.ListCheckpointsInput:
		d.need("GetRecords", in.StreamArn.V)
	}
}

// step demands what one action of Transact needs.
func (d *demands) step(t *leveeapi.TransactItem) {
	d.action(&t.TransactWriteItem)
	if m := t.SendMessage; m != nil {
		d.permitAs("SendMessage", "SendMessage", d.located(m.QueueUrl.V))
	}
	if m := t.DeleteMessage; m != nil {
		d.permitAs("DeleteMessage", "DeleteMessage", d.located(m.QueueUrl.V))
	}
	if m := t.ChangeMessageVisibility; m != nil {
		d.permitAs("ChangeMessageVisibility", "ChangeMessageVisibility", d.located(m.QueueUrl.V))
	}
	if m := t.ReturnMessage; m != nil {
		d.permitAs("ChangeMessageVisibility", "ChangeMessageVisibility", d.located(m.QueueUrl.V))
	}
	if c := t.Checkpoint; c != nil {
		d.need("GetRecords", c.StreamArn.V)
	}
}
