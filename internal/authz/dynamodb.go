package authz

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// collectDynamoDB finds the demands of a request for items. Whatever is no such
// request is one for a table, or something beside it.
func (d *demands) collectDynamoDB(in api.Input) {
	switch in := in.(type) {
	case *ddb.GetItemInput:
		d.add(d.table(in.TableName.V))
	case *ddb.PutItemInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateItemInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DeleteItemInput:
		d.add(d.table(in.TableName.V))
	case *ddb.QueryInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.ScanInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.SearchVectorsInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.BatchGetItemInput:
		for i := range in.RequestItems {
			d.add(d.table(in.RequestItems[i].Key))
		}
	case *ddb.BatchWriteItemInput:
		for i := range in.RequestItems {
			d.add(d.table(in.RequestItems[i].Key))
		}
	case *ddb.TransactGetItemsInput:
		for _, t := range in.TransactItems {
			if t.Get != nil {
				d.once("GetItem", d.table(t.Get.TableName.V))
			}
		}
	case *ddb.TransactWriteItemsInput:
		for i := range in.TransactItems {
			d.action(&in.TransactItems[i])
		}
	case *ddb.ExecuteStatementInput:
		d.statement(in.Statement.V)
	case *ddb.BatchExecuteStatementInput:
		for i := range in.Statements {
			d.statement(in.Statements[i].Statement.V)
		}
	case *ddb.ExecuteTransactionInput:
		for i := range in.TransactStatements {
			d.statement(in.TransactStatements[i].Statement.V)
		}
	default:
		d.collectTables(in)
	}
}

// action demands what one action of a transaction needs.
func (d *demands) action(t *ddb.TransactWriteItem) {
	switch {
	case t.Put != nil:
		d.once("PutItem", d.table(t.Put.TableName.V))
	case t.Update != nil:
		d.once("UpdateItem", d.table(t.Update.TableName.V))
	case t.Delete != nil:
		d.once("DeleteItem", d.table(t.Delete.TableName.V))
	case t.ConditionCheck != nil:
		d.once("ConditionCheckItem", d.table(t.ConditionCheck.TableName.V))
	}
}

// once is need, unless it is the same as the demand before.
func (d *demands) once(action, resource string) {
	if n := len(d.list); n > 0 && d.list[n-1].resource == resource && d.list[n-1].action == "dynamodb:"+action {
		return
	}
	d.need(action, resource)
}

// collectTables finds the demands of requests that manage a table.
func (d *demands) collectTables(in api.Input) {
	switch in := in.(type) {
	case *ddb.CreateTableInput:
		d.add(d.table(in.TableName.V))
		if in.Tags != nil {
			d.need("TagResource", d.table(in.TableName.V))
		}
		if in.ResourcePolicy.OK {
			d.need("PutResourcePolicy", d.table(in.TableName.V))
		}
	case *ddb.DescribeTableInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTableInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DeleteTableInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTimeToLiveInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeTimeToLiveInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeContributorInsightsInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.UpdateContributorInsightsInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.DescribeTableReplicaAutoScalingInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTableReplicaAutoScalingInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeKinesisStreamingDestinationInput:
		d.add(d.table(in.TableName.V))
	case *ddb.KinesisStreamingDestinationInput: // to enable and to disable
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateKinesisStreamingDestinationInput:
		d.add(d.table(in.TableName.V))
	default:
		d.collectCopies(in)
	}
}

// collectCopies finds the demands of requests about backups, exports and imports.
func (d *demands) collectCopies(in api.Input) {
	switch in := in.(type) {
	case *ddb.CreateBackupInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeContinuousBackupsInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateContinuousBackupsInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeBackupInput:
		d.add(in.BackupArn.V)
	case *ddb.DeleteBackupInput:
		d.add(in.BackupArn.V)
	case *ddb.RestoreTableFromBackupInput:
		d.add(in.BackupArn.V)
		d.add(d.table(in.TargetTableName.V))
	case *ddb.RestoreTableToPointInTimeInput:
		d.add(d.table(in.SourceTableArn.Or(in.SourceTableName.V)))
		d.add(d.table(in.TargetTableName.V))
	case *ddb.ExportTableToPointInTimeInput:
		d.add(in.TableArn.V)
	case *ddb.DescribeExportInput:
		d.add(in.ExportArn.V)
	case *ddb.DescribeImportInput:
		d.add(in.ImportArn.V)
	case *ddb.ImportTableInput:
		if in.TableCreationParameters != nil {
			d.add(d.table(in.TableCreationParameters.TableName.V))
		}
	default:
		d.collectRest(in)
	}
}

// collectRest finds the demands of requests about policies, tags, streams and
// global tables, and of those that are about no resource.
func (d *demands) collectRest(in api.Input) {
	switch in := in.(type) {
	case *ddb.PutResourcePolicyInput:
		d.add(in.ResourceArn.V)
	case *ddb.GetResourcePolicyInput:
		d.add(in.ResourceArn.V)
	case *ddb.DeleteResourcePolicyInput:
		d.add(in.ResourceArn.V)
	case *ddb.TagResourceInput:
		d.add(in.ResourceArn.V)
	case *ddb.UntagResourceInput:
		d.add(in.ResourceArn.V)
	case *ddb.ListTagsOfResourceInput:
		d.add(in.ResourceArn.V)
	case *streams.DescribeStreamInput:
		d.add(in.StreamArn.V)
	case *streams.GetShardIteratorInput:
		d.add(in.StreamArn.V)
	case *streams.GetRecordsInput:
		stream, _, _ := strings.Cut(in.ShardIterator.V, "|") // an iterator begins with its stream
		d.add(stream)
	case *ddb.CreateGlobalTableInput:
		d.add(d.global(in.GlobalTableName.V))
	case *ddb.DescribeGlobalTableInput:
		d.add(d.global(in.GlobalTableName.V))
	case *ddb.UpdateGlobalTableInput:
		d.add(d.global(in.GlobalTableName.V))
	case *ddb.DescribeGlobalTableSettingsInput:
		d.add(d.global(in.GlobalTableName.V))
	case *ddb.UpdateGlobalTableSettingsInput:
		d.add(d.global(in.GlobalTableName.V))
	case *ddb.DescribeEndpointsRequest:
		// Anybody may ask.
	default:
		d.add("*")
	}
}

// global is the ARN of a global table of version 2017, which is of no region.
func (d *demands) global(name string) string {
	return "arn:aws:dynamodb::" + d.caller.Account + ":global-table/" + name
}
