package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// tableOperations are those that manage tables and say what there is.
func (e *Engine) tableOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "CreateTable", api.Control, "whole; with `GlobalTableSourceArn` a table becomes a replica of one of another account in this process, whose policy has to let it with `--auth` only; the texts of its refusals are not the service's; the table is usable at once, or after `--table-delay`", e.CreateTable),
		api.Op(ddb.Target, "DescribeTable", api.Control, "whole; counts and sizes are those of the moment, not of the last six hours", e.DescribeTable),
		api.Op(ddb.Target, "ListTables", api.Control, "whole", e.ListTables),
		api.Op(ddb.Target, "UpdateTable", api.Control, "whole; replicas are tables in other regions of this process, and with strong consistency a ReplicatedWriteConflictException arises only where two writes really overlap; changes are done at once, or after `--table-delay`, except that a new index is filled beside other work", e.UpdateTable),
		api.Op(ddb.Target, "DeleteTable", api.Control, "whole; the table is gone at once, or after `--table-delay`; its streams can be read for a day", e.DeleteTable),
		api.Op(ddb.Target, "UpdateTimeToLive", api.Control, "whole; expired items are deleted within seconds once the items that were there have been looked at", e.UpdateTimeToLive),
		api.Op(ddb.Target, "DescribeTimeToLive", api.Control, "whole", e.DescribeTimeToLive),
		api.Op(ddb.Target, "UpdateContributorInsights", api.Control, "whole; what is accessed and throttled is counted inside the engine and shown in the console; no rules are made elsewhere", e.UpdateContributorInsights),
		api.Op(ddb.Target, "DescribeContributorInsights", api.Control, "whole", e.DescribeContributorInsights),
		api.Op(ddb.Target, "ListContributorInsights", api.Control, "whole; no page but the last is empty", e.ListContributorInsights),
		api.Op(ddb.Target, "TagResource", api.Control, "tables only; tags are changed at once", e.TagResource),
		api.Op(ddb.Target, "UntagResource", api.Control, "tables only; tags are changed at once", e.UntagResource),
		api.Op(ddb.Target, "ListTagsOfResource", api.Control, "tables only; one page", e.ListTagsOfResource),
		api.Op(ddb.Target, "PutResourcePolicy", api.Control, "whole, for tables and streams; in force at once, and only with `--auth`", e.PutResourcePolicy),
		api.Op(ddb.Target, "GetResourcePolicy", api.Control, "whole", e.GetResourcePolicy),
		api.Op(ddb.Target, "DeleteResourcePolicy", api.Control, "whole", e.DeleteResourcePolicy),
		api.Op(ddb.Target, "DescribeLimits", api.Control, "the default quotas", e.DescribeLimits),
		api.Op(ddb.Target, "DescribeEndpoints", api.Control, "the address that the caller used", e.DescribeEndpoints),
	}
}
