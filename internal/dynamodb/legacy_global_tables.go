package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// The operations of global tables of version 2017.11.29 are there in the service
// as they are here: it makes no such table any more, in no region, and finds none.
// Tables of version 2019.11.21 are none to them.

func errNoLegacy() error {
	return badParameter("DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy).")
}

func errNoGlobalTable(name string) error {
	return api.Errorf(ddb.CodeGlobalTableNotFoundException, "Global table with name: '%s' does not exist.", name)
}
