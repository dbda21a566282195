package authz

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/attr"
)

// collectDynamoDB finds the demands of a request for items. Whatever is no such
// request is one for a table, or something beside it.
func (d *demands) collectDynamoDB(in api.Input) {
	switch in := in.(type) {
	case *ddb.GetItemInput:
		d.reach(d.table(in.TableName.V), accessOfGet(in))
	case *ddb.PutItemInput:
		d.reach(d.table(in.TableName.V), accessOfPut(in))
	case *ddb.UpdateItemInput:
		d.reach(d.table(in.TableName.V), accessOfUpdate(in))
	case *ddb.DeleteItemInput:
		d.reach(d.table(in.TableName.V), accessOfDelete(in))
	case *ddb.QueryInput:
		d.reach(d.indexed(in.TableName.V, in.IndexName), accessOfQuery(in))
	case *ddb.ScanInput:
		d.reach(d.indexed(in.TableName.V, in.IndexName), accessOfScan(in))
	case *ddb.SearchVectorsInput:
		d.reach(d.indexed(in.TableName.V, in.IndexName), accessOfSearch(in))
	case *ddb.BatchGetItemInput:
		for i := range in.RequestItems {
			d.reach(d.table(in.RequestItems[i].Key), accessOfKeys(&in.RequestItems[i].Value))
		}
	case *ddb.BatchWriteItemInput:
		for i := range in.RequestItems {
			d.reach(d.table(in.RequestItems[i].Key), accessOfWrites(in.RequestItems[i].Value))
		}
	default:
		d.collectTransactions(in)
	}
}

// collectTransactions finds the demands of requests of several actions.
func (d *demands) collectTransactions(in api.Input) {
	switch in := in.(type) {
	case *ddb.TransactGetItemsInput:
		for i := range in.TransactItems {
			if get := in.TransactItems[i].Get; get != nil {
				d.once("GetItem", d.table(get.TableName.V), accessOfKeys(&ddb.KeysAndAttributes{
					Keys: []attr.Map{get.Key}, ExpressionAttributeNames: get.ExpressionAttributeNames, ProjectionExpression: get.ProjectionExpression}))
			}
		}
	case *ddb.TransactWriteItemsInput:
		for i := range in.TransactItems {
			d.action(&in.TransactItems[i])
		}
	case *ddb.ExecuteStatementInput:
		d.statement(in.Statement.V, in.Parameters)
	case *ddb.BatchExecuteStatementInput:
		for i := range in.Statements {
			d.statement(in.Statements[i].Statement.V, in.Statements[i].Parameters)
		}
	case *ddb.ExecuteTransactionInput:
		for i := range in.TransactStatements {
			d.statement(in.TransactStatements[i].Statement.V, in.TransactStatements[i].Parameters)
		}
	default:
		d.collectTables(in)
	}
}

// action demands what one action of a transaction needs.
func (d *demands) action(t *ddb.TransactWriteItem) {
	switch {
	case t.Put != nil:
		d.once("PutItem", d.table(t.Put.TableName.V), accessOfAction(t))
	case t.Update != nil:
		d.once("UpdateItem", d.table(t.Update.TableName.V), accessOfAction(t))
	case t.Delete != nil:
		d.once("DeleteItem", d.table(t.Delete.TableName.V), accessOfAction(t))
	case t.ConditionCheck != nil:
		d.once("ConditionCheckItem", d.table(t.ConditionCheck.TableName.V), accessOfAction(t))
	}
}

// collectTables finds the demands of requests that manage a table.
func (d *demands) collectTables(in api.Input) {
	switch in := in.(type) {
	case *ddb.CreateTableInput:
		d.add(d.table(in.TableName.V))
		if in.GlobalTableSourceArn.OK {
			d.needIn(regionOf(in.GlobalTableSourceArn.V), "AssociateTableReplica", in.GlobalTableSourceArn.V)
		}
		if in.Tags != nil {
			d.need("TagResource", d.table(in.TableName.V))
		}
		if in.ResourcePolicy.OK {
			d.need("PutResourcePolicy", d.table(in.TableName.V))
		}
	case *ddb.DescribeTableInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTableInput:
		d.update(in)
	case *ddb.DeleteTableInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTimeToLiveInput:
		d.timeToLive(d.table(in.TableName.V))
	case *ddb.DescribeTimeToLiveInput:
		d.add(d.table(in.TableName.V))
	case *ddb.DescribeContributorInsightsInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.UpdateContributorInsightsInput:
		d.add(d.indexed(in.TableName.V, in.IndexName))
	case *ddb.DescribeTableReplicaAutoScalingInput:
		d.add(d.table(in.TableName.V))
	case *ddb.UpdateTableReplicaAutoScalingInput:
		d.replicaScaling(d.table(in.TableName.V))
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
