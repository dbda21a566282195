package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// globalOperations are those of global tables of version 2017.11.29, which the
// service has ceased to make, and of Kinesis data streams.
func (e *Engine) globalOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "CreateGlobalTable", api.Control, "refused, as in the service: version 2017.11.29 is not supported any more", e.CreateGlobalTable),
		api.Op(ddb.Target, "DescribeGlobalTable", api.Control, "there is none of version 2017.11.29", e.DescribeGlobalTable),
		api.Op(ddb.Target, "ListGlobalTables", api.Control, "none of version 2017.11.29", e.ListGlobalTables),
		api.Op(ddb.Target, "UpdateGlobalTable", api.Control, "refused, as in the service", e.UpdateGlobalTable),
		api.Op(ddb.Target, "DescribeGlobalTableSettings", api.Control, "there is none of version 2017.11.29", e.DescribeGlobalTableSettings),
		api.Op(ddb.Target, "UpdateGlobalTableSettings", api.Control, "there is none of version 2017.11.29", e.UpdateGlobalTableSettings),
		api.Op(ddb.Target, "DescribeTableReplicaAutoScaling", api.Control, "whole; the settings are those of Application Auto Scaling", e.DescribeTableReplicaAutoScaling),
		api.Op(ddb.Target, "UpdateTableReplicaAutoScaling", api.Control, "the settings are kept by Application Auto Scaling, where nothing acts on them yet", e.UpdateTableReplicaAutoScaling),
		api.Op(ddb.Target, "EnableKinesisStreamingDestination", api.Control, "whole with `--kinesis-endpoint`; without it kept and described, and nothing is delivered", e.EnableKinesisStreamingDestination),
		api.Op(ddb.Target, "DisableKinesisStreamingDestination", api.Control, "whole", e.DisableKinesisStreamingDestination),
		api.Op(ddb.Target, "UpdateKinesisStreamingDestination", api.Control, "whole", e.UpdateKinesisStreamingDestination),
		api.Op(ddb.Target, "DescribeKinesisStreamingDestination", api.Control, "whole", e.DescribeKinesisStreamingDestination),
	}
}
