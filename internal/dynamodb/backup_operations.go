package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// backupOperations are those that copy whole tables.
func (e *Engine) backupOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "CreateBackup", api.Control, "whole; point-in-time recovery need not be waited for", e.CreateBackup),
		api.Op(ddb.Target, "DescribeBackup", api.Control, "whole", e.DescribeBackup),
		api.Op(ddb.Target, "DeleteBackup", api.Control, "whole; the backup is gone at once", e.DeleteBackup),
		api.Op(ddb.Target, "ListBackups", api.Control, "whole", e.ListBackups),
		api.Op(ddb.Target, "RestoreTableFromBackup", api.Control, "whole", e.RestoreTableFromBackup),
		api.Op(ddb.Target, "DescribeContinuousBackups", api.Control, "whole; the latest restorable time is the present, not minutes ago", e.DescribeContinuousBackups),
		api.Op(ddb.Target, "UpdateContinuousBackups", api.Control, "whole; the change is done at once", e.UpdateContinuousBackups),
		api.Op(ddb.Target, "RestoreTableToPointInTime", api.Control, "whole; from the caller's account and region", e.RestoreTableToPointInTime),
		api.Op(ddb.Target, "ExportTableToPointInTime", api.Control, "whole, but for Amazon Ion; to the buckets that the server was given", e.ExportTableToPointInTime),
		api.Op(ddb.Target, "DescribeExport", api.Control, "whole", e.DescribeExport),
		api.Op(ddb.Target, "ListExports", api.Control, "whole", e.ListExports),
		api.Op(ddb.Target, "ImportTable", api.Control, "whole, but for Amazon Ion; from the buckets that the server was given", e.ImportTable),
		api.Op(ddb.Target, "DescribeImport", api.Control, "whole; errors are counted, and not written to a log", e.DescribeImport),
		api.Op(ddb.Target, "ListImports", api.Control, "whole", e.ListImports),
	}
}
