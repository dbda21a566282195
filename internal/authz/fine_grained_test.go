package authz

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/iam"
)

const (
	scores = table + "GameScores"
	byTime = scores + "/index/TopScoreDateTimeIndex"
)

// The policies of the Developer Guide, "Using IAM policy conditions for
// fine-grained access control" and "IAM security policies with PartiQL", with the
// name of the user in place of an identity of the web.
const (
	ownItems = `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:BatchGetItem","dynamodb:Query","dynamodb:PutItem","dynamodb:UpdateItem","dynamodb:DeleteItem","dynamodb:BatchWriteItem","dynamodb:ConditionCheckItem","dynamodb:PartiQL*"],
		"Resource":["` + scores + `"],"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}}`
	someAttributes = `{"Effect":"Allow","Action":["dynamodb:UpdateItem","dynamodb:GetItem","dynamodb:Query","dynamodb:BatchGetItem","dynamodb:Scan","dynamodb:PartiQLUpdate","dynamodb:PartiQLSelect"],
		"Resource":["` + scores + `"],"Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["UserId","TopScore"]},
		"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES","dynamodb:ReturnValues":["NONE","UPDATED_OLD","UPDATED_NEW"]}}}`
	notThese = `{"Effect":"Allow","Action":["dynamodb:UpdateItem"],"Resource":"` + scores + `","Condition":{"ForAllValues:StringNotLike":{"dynamodb:Attributes":["FreeGamesAvailable","BossLevelUnlocked"]},
		"StringEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES","dynamodb:ReturnValues":["NONE","UPDATED_OLD","UPDATED_NEW"]}}}`
	projectedOnly = `{"Effect":"Allow","Action":["dynamodb:Query"],"Resource":["` + byTime + `"],"Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["TopScoreDateTime","GameTitle","Wins"]},
		"StringEquals":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}}`
	allProjected = `{"Effect":"Allow","Action":["dynamodb:Query"],"Resource":["` + byTime + `"],"Condition":{"StringEquals":{"dynamodb:Select":"ALL_PROJECTED_ATTRIBUTES"}}}`
	denied       = `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:Scan"],"Resource":"` + scores + `"},
		{"Effect":"Deny","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:Scan"],"Resource":"` + scores + `","Condition":{"ForAnyValue:StringEquals":{"dynamodb:Attributes":["SSN"]}}},
		{"Effect":"Deny","Action":["dynamodb:GetItem","dynamodb:Query","dynamodb:Scan"],"Resource":"` + scores + `","Condition":{"StringNotEqualsIfExists":{"dynamodb:Select":"SPECIFIC_ATTRIBUTES"}}}`
	noFullScan = `{"Effect":"Deny","Action":["dynamodb:PartiQLSelect"],"Resource":["` + scores + `"],"Condition":{"Bool":{"dynamodb:FullTableScan":["true"]}}},
		{"Effect":"Allow","Action":["dynamodb:PartiQLSelect"],"Resource":["` + scores + `"]}`
	onlyTransactions = `{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*","Condition":{"StringEquals":{"dynamodb:EnclosingOperation":["TransactWriteItems","ExecuteTransaction"]}}}`
	noCapacity       = `{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*","Condition":{"StringEquals":{"dynamodb:ReturnConsumedCapacity":"NONE"}}}`
	fromInside       = `{"Effect":"Allow","Action":["dynamodb:*"],"Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]}}}`
	twoParts         = `{"Effect":"Allow","Action":["dynamodb:Query"],"Resource":"*","Condition":{"ForAllValues:StringEquals":{"dynamodb:FirstPartitionKeyValues":["clerk"],"dynamodb:SecondPartitionKeyValues":["7"]}}}`
)

var shapes = map[string]func() api.Input{
	"GetItem": func() api.Input { return &ddb.GetItemInput{} }, "PutItem": func() api.Input { return &ddb.PutItemInput{} },
	"UpdateItem": func() api.Input { return &ddb.UpdateItemInput{} }, "DeleteItem": func() api.Input { return &ddb.DeleteItemInput{} },
	"Query": func() api.Input { return &ddb.QueryInput{} }, "Scan": func() api.Input { return &ddb.ScanInput{} },
	"SearchVectors": func() api.Input { return &ddb.SearchVectorsInput{} },
	"BatchGetItem":  func() api.Input { return &ddb.BatchGetItemInput{} }, "BatchWriteItem": func() api.Input { return &ddb.BatchWriteItemInput{} },
	"TransactGetItems": func() api.Input { return &ddb.TransactGetItemsInput{} }, "TransactWriteItems": func() api.Input { return &ddb.TransactWriteItemsInput{} },
	"ExecuteStatement": func() api.Input { return &ddb.ExecuteStatementInput{} }, "BatchExecuteStatement": func() api.Input { return &ddb.BatchExecuteStatementInput{} },
	"ExecuteTransaction": func() api.Input { return &ddb.ExecuteTransactionInput{} },
}

func partitionKeys(arn string) []string {
	switch {
	case arn == byTime:
		return []string{"TopScoreDateTime"}
	case strings.HasSuffix(arn, "/index/pair"):
		return []string{"UserId", "Level"}
	case strings.HasSuffix(arn, "/index/near"):
		return []string{}
	case strings.HasPrefix(arn, scores):
		return []string{"UserId"}
	}
	return nil
}

func TestFineGrainedAccess(t *testing.T) {
	const (
		mine  = `{"UserId":{"S":"clerk"}}`
		other = `{"UserId":{"S":"other"}}`
		in    = `"TableName":"GameScores",`
		who   = `,"ExpressionAttributeValues":{":u":{"S":"clerk"}}`
	)
	for _, c := range []struct {
		what, policy, operation, body string
		allowed                       bool
	}{
		{"own item", ownItems, "GetItem", `{` + in + `"Key":` + mine + `}`, true},
		{"another's item", ownItems, "GetItem", `{` + in + `"Key":` + other + `}`, false},
		{"no key at all", ownItems, "GetItem", `{` + in + `"Key":{}}`, false},
		{"an item put", ownItems, "PutItem", `{` + in + `"Item":{"UserId":{"S":"clerk"},"Wins":{"N":"1"}}}`, true},
		{"an item put for another", ownItems, "PutItem", `{` + in + `"Item":` + other + `}`, false},
		{"a batch of own items", ownItems, "BatchGetItem", `{"RequestItems":{"GameScores":{"Keys":[` + mine + `,` + mine + `]}}}`, true},
		{"a batch with another's", ownItems, "BatchGetItem", `{"RequestItems":{"GameScores":{"Keys":[` + mine + `,` + other + `]}}}`, false},
		{"writes with another's", ownItems, "BatchWriteItem", `{"RequestItems":{"GameScores":[{"PutRequest":{"Item":` + mine + `}},{"DeleteRequest":{"Key":` + other + `}}]}}`, false},
		{"own writes", ownItems, "BatchWriteItem", `{"RequestItems":{"GameScores":[{"PutRequest":{"Item":` + mine + `}},{"DeleteRequest":{"Key":` + mine + `}}]}}`, true},
		{"a transaction with another's", ownItems, "TransactWriteItems", `{"TransactItems":[{"Put":{` + in + `"Item":` + mine + `}},{"Put":{` + in + `"Item":` + other + `}}]}`, false},
		{"own transaction", ownItems, "TransactWriteItems", `{"TransactItems":[{"Put":{` + in + `"Item":` + mine + `}},{"ConditionCheck":{` + in + `"Key":` + mine + `,"ConditionExpression":"a = b"}}]}`, true},
		{"reads with another's", ownItems, "TransactGetItems", `{"TransactItems":[{"Get":{` + in + `"Key":` + mine + `}},{"Get":{` + in + `"Key":` + other + `}}]}`, false},
		{"own query", ownItems, "Query", `{` + in + `"KeyConditionExpression":"GameTitle > :u AND UserId = :u"` + who + `}`, true},
		{"own query by name", ownItems, "Query", `{` + in + `"KeyConditionExpression":":u = #u","ExpressionAttributeNames":{"#u":"UserId"}` + who + `}`, true},
		{"another's query", ownItems, "Query", `{` + in + `"KeyConditionExpression":"UserId = :u","ExpressionAttributeValues":{":u":{"S":"other"}}}`, false},
		{"a query that is none", ownItems, "Query", `{` + in + `"KeyConditionExpression":"UserId > :u"` + who + `}`, false},
		{"a query of the old kind", ownItems, "Query", `{` + in + `"KeyConditions":{"UserId":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"clerk"}]}}}`, true},
		{"another's of the old kind", ownItems, "Query", `{` + in + `"KeyConditions":{"UserId":{"ComparisonOperator":"EQ","AttributeValueList":[{"S":"other"}]}}}`, false},
		{"a table that is not there", strings.ReplaceAll(ownItems, scores, "*"), "GetItem", `{"TableName":"None","Key":` + mine + `}`, false},
		{"own statement", ownItems, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE UserId = ? AND Wins > 3","Parameters":[{"S":"clerk"}]}`, true},
		{"another's statement", ownItems, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE UserId IN ['clerk','other']"}`, false},
		{"own and another's statement", ownItems, "BatchExecuteStatement", `{"Statements":[{"Statement":"DELETE FROM GameScores WHERE UserId = 'clerk'"},{"Statement":"DELETE FROM GameScores WHERE UserId = 'other'"}]}`, false},
		{"own INSERT", ownItems, "ExecuteStatement", `{"Statement":"INSERT INTO GameScores VALUE {'UserId': 'clerk'}"}`, true},
		{"another's INSERT", ownItems, "ExecuteStatement", `{"Statement":"INSERT INTO GameScores VALUE {'UserId': 'other'}"}`, false},
		{"own UPDATE", ownItems, "ExecuteTransaction", `{"TransactStatements":[{"Statement":"UPDATE GameScores SET Wins = 1 WHERE UserId = 'clerk'"}]}`, true},

		{"allowed attributes", someAttributes, "GetItem", `{` + in + `"Key":` + mine + `,"ProjectionExpression":"UserId, TopScore.best"}`, true},
		{"a forbidden attribute", someAttributes, "GetItem", `{` + in + `"Key":` + mine + `,"ProjectionExpression":"UserId, #w","ExpressionAttributeNames":{"#w":"Wins"}}`, false},
		{"all attributes", someAttributes, "GetItem", `{` + in + `"Key":` + mine + `}`, false},
		{"AttributesToGet", someAttributes, "BatchGetItem", `{"RequestItems":{"GameScores":{"Keys":[` + mine + `],"AttributesToGet":["TopScore"]}}}`, true},
		{"a scan's filter", someAttributes, "Scan", `{` + in + `"ProjectionExpression":"UserId","FilterExpression":"Wins > :u"` + who + `}`, false},
		{"a scan of the old kind", someAttributes, "Scan", `{` + in + `"AttributesToGet":["UserId"],"ScanFilter":{"Wins":{"ComparisonOperator":"NULL"}}}`, false},
		{"an update", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"SET TopScore = TopScore + :n","ExpressionAttributeValues":{":n":{"N":"1"}},"ReturnValues":"UPDATED_NEW"}`, true},
		{"an update that reads another", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"SET TopScore = Wins"}`, false},
		{"a condition on another", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"REMOVE TopScore","ConditionExpression":"attribute_exists(Wins)"}`, false},
		{"an update that returns all", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"REMOVE TopScore","ReturnValues":"ALL_OLD"}`, false},
		{"an update of the old kind", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"AttributeUpdates":{"Wins":{"Action":"DELETE"}}}`, false},
		{"an expression that is none", someAttributes, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"SET"}`, false},
		{"columns", someAttributes, "ExecuteStatement", `{"Statement":"SELECT TopScore FROM GameScores WHERE UserId = 'clerk'"}`, true},
		{"all columns", someAttributes, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE UserId = 'clerk'"}`, false},
		{"UPDATE returns all", someAttributes, "ExecuteStatement", `{"Statement":"UPDATE GameScores SET TopScore = 1 WHERE UserId = 'clerk' RETURNING ALL OLD *"}`, false},
		{"UPDATE returns what it modified", someAttributes, "ExecuteStatement", `{"Statement":"UPDATE GameScores SET TopScore = 1 WHERE UserId = 'clerk' RETURNING MODIFIED NEW *"}`, true},

		{"an update of what is not listed", notThese, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"REMOVE Wins"}`, true},
		{"an update of what is", notThese, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"REMOVE BossLevelUnlocked"}`, false},
		{"an update that cannot be read", notThese, "UpdateItem", `{` + in + `"Key":` + mine + `,"UpdateExpression":"REMOVE"}`, false},

		{"a query for some", projectedOnly, "Query", `{` + in + `"IndexName":"TopScoreDateTimeIndex","KeyConditionExpression":"TopScoreDateTime = :u","ProjectionExpression":"Wins"` + who + `}`, true},
		{"a query for all", projectedOnly, "Query", `{` + in + `"IndexName":"TopScoreDateTimeIndex","KeyConditionExpression":"TopScoreDateTime = :u"` + who + `}`, false},
		{"all projected", allProjected, "Query", `{` + in + `"IndexName":"TopScoreDateTimeIndex","KeyConditionExpression":"TopScoreDateTime = :u"` + who + `}`, true},
		{"a count", allProjected, "Query", `{` + in + `"IndexName":"TopScoreDateTimeIndex","Select":"COUNT","KeyConditionExpression":"TopScoreDateTime = :u"` + who + `}`, false},

		{"nothing sensitive", denied, "Query", `{` + in + `"KeyConditionExpression":"UserId = :u","ProjectionExpression":"Wins"` + who + `}`, true},
		{"something sensitive", denied, "Query", `{` + in + `"KeyConditionExpression":"UserId = :u","ProjectionExpression":"Wins, SSN.part"` + who + `}`, false},
		{"no projection", denied, "Scan", `{` + in + `"Limit":1}`, false},

		{"a key", noFullScan, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE UserId = 'clerk'"}`, true},
		{"a scan", noFullScan, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE Wins = 3"}`, false},
		{"a scan on one side", noFullScan, "ExecuteStatement", `{"Statement":"SELECT * FROM GameScores WHERE UserId = 'clerk' OR Wins = 3"}`, false},

		{"in a transaction", onlyTransactions, "TransactWriteItems", `{"TransactItems":[{"Put":{` + in + `"Item":` + mine + `}}]}`, true},
		{"in none", onlyTransactions, "PutItem", `{` + in + `"Item":` + mine + `}`, false},
		{"no capacity asked for", noCapacity, "GetItem", `{` + in + `"Key":` + mine + `}`, true},
		{"capacity asked for", noCapacity, "GetItem", `{` + in + `"Key":` + mine + `,"ReturnConsumedCapacity":"TOTAL"}`, false},
		{"from an address inside", fromInside, "GetItem", `{` + in + `"Key":` + mine + `}`, true},

		{"a key of two attributes", twoParts, "Query", `{` + in + `"IndexName":"pair","KeyConditionExpression":"UserId = :u AND #l = :l","ExpressionAttributeNames":{"#l":"Level"},"ExpressionAttributeValues":{":u":{"S":"clerk"},":l":{"N":"7.0"}}}`, true},
		{"another second attribute", twoParts, "Query", `{` + in + `"IndexName":"pair","KeyConditionExpression":"UserId = :u AND #l = :l","ExpressionAttributeNames":{"#l":"Level"},"ExpressionAttributeValues":{":u":{"S":"clerk"},":l":{"N":"8"}}}`, false},
		{"a search of a partition", strings.ReplaceAll(twoParts, "Query", "SearchVectors"), "SearchVectors", `{` + in + `"IndexName":"pair","SearchVector":[],"SearchConditionExpression":"UserId = :u AND #l = :l","ExpressionAttributeNames":{"#l":"Level"},"ExpressionAttributeValues":{":u":{"S":"clerk"},":l":{"N":"7"}}}`, true},
		{"a search of another", strings.ReplaceAll(twoParts, "Query", "SearchVectors"), "SearchVectors", `{` + in + `"IndexName":"pair","SearchVector":[],"SearchConditionExpression":"UserId = :u AND #l = :l","ExpressionAttributeNames":{"#l":"Level"},"ExpressionAttributeValues":{":u":{"S":"clerk"},":l":{"N":"6"}}}`, false},
	} {
		g := New(Options{Identities: map[string]Identity{"KEY": {"clerk", policy(t, c.policy)}}, PartitionKey: partitionKeys})
		_, err := runFrom(g, "10.1.2.3:4567", c.operation, fill(t, shapes[c.operation](), c.body))
		if allowed := err == nil; allowed != c.allowed {
			t.Errorf("%s: allowed %t, want %t (%v)", c.what, allowed, c.allowed, err)
		}
	}
}

// runFrom is run for a client at an address.
func runFrom(g *Guard, addr, name string, in api.Input) (api.Output, error) {
	ops := g.Wrap([]api.Operation{{Target: ddb.Target, Name: name, Class: api.Read, Handle: func(context.Context, *api.Caller, api.Input) (api.Output, error) { return nil, nil }}})
	c := caller()
	if addr != "" {
		c.Remote = netip.MustParseAddrPort(addr)
	}
	return ops[0].Handle(context.Background(), c, in)
}

func TestSourceAddress(t *testing.T) {
	p, err := iam.Parse(`{"Version":"2012-10-17","Statement":[`+fromInside+`]}`, iam.IdentityPolicy)
	if err != nil {
		t.Fatal(err)
	}
	g := New(Options{Identities: map[string]Identity{"KEY": {"clerk", []*iam.Policy{p}}}})
	for addr, want := range map[string]bool{
		"10.0.0.1:80": true, "[::ffff:10.0.0.1]:80": true, "[2001:db8::1%eth0]:80": true, "11.0.0.1:80": false, "[::1]:80": false,
		"": false, // in this process
	} {
		_, err := runFrom(g, addr, "GetItem", &ddb.GetItemInput{TableName: api.Some("T")})
		if (err == nil) != want {
			t.Errorf("from %q: %v, want allowed %t", addr, err, want)
		}
	}
}

// Replicas may be allowed by the region in which they are to be.
func TestReplicasByRegion(t *testing.T) {
	const creating = `{"Effect":"Allow","Action":"dynamodb:UpdateTable","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}},
		{"Effect":"Allow","Action":["dynamodb:CreateTable","dynamodb:CreateTableReplica","dynamodb:UpdateTable","dynamodb:Query","dynamodb:Scan","dynamodb:UpdateItem","dynamodb:PutItem",
		"dynamodb:GetItem","dynamodb:DeleteItem","dynamodb:BatchWriteItem"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["us-east-2"]}}}`
	g := New(Options{Identities: map[string]Identity{"KEY": {"clerk", policy(t, creating)}}})
	for region, want := range map[string]bool{"us-east-2": true, "us-west-2": false} {
		_, err := runFrom(g, "", "UpdateTable", fill(t, &ddb.UpdateTableInput{}, `{"TableName":"T","ReplicaUpdates":[{"Create":{"RegionName":"`+region+`"}}]}`))
		if (err == nil) != want {
			t.Errorf("%s: %v, want allowed %t", region, err, want)
		}
	}
}
