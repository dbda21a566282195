package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// readOperations are those that read items.
func (e *Engine) readOperations() []api.Operation {
	return []api.Operation{
		api.Op(ddb.Target, "GetItem", api.Read, "whole", e.GetItem).Checking(api.CheckCurrent),
		api.Op(ddb.Target, "BatchGetItem", api.Read, "whole; items come in the order of the request, which the service does not promise", e.BatchGetItem).Checking(api.CheckCurrent),
		api.Op(ddb.Target, "Query", api.Read, "whole; an index shows a write at once", e.Query).Checking(api.CheckCurrent),
		api.Op(ddb.Target, "Scan", api.Read, "whole; an index shows a write at once", e.Scan),
		api.Op(ddb.Target, "SearchVectors", api.Read, "whole; among 2,000 entries or more the search is nearly exact, by a graph in memory; an index shows a write at once; conditions are those of the newest documentation (until October 2026 the service took equalities only), of whose functions begins_with, attribute_exists and attribute_not_exists are taken, and whose limit on the number of conditions is not known here", e.SearchVectors).Reading(checkSearchBody),
		api.Op(ddb.Target, "TransactGetItems", api.Read, "whole; only an ongoing transaction is in its way, no other write", e.TransactGetItems),
	}
}
