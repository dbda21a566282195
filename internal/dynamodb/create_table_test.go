package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

// plain is a CreateTable of one hash attribute; more are further members.
func plain(name, more string) string {
	return `{"TableName":"` + name + `","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]` + more + `}`
}

const onDemand = `,"BillingMode":"PAY_PER_REQUEST"`

func TestCreateTableAnswersAsTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // for the time in the answers
		h := newEngine(t)
		const uuid = `"TableId":"`
		out := h.mustDo("CreateTable", plain("plain", `,"ProvisionedThroughput":{"ReadCapacityUnits":5,"WriteCapacityUnits":6}`))
		at := strings.Index(out, uuid) + len(uuid)
		id := out[at : at+36]
		common := `"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"TableName":"plain","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],"TableStatus":"%s","CreationDateTime":946684800,"ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6},"TableSizeBytes":0,"ItemCount":0,"TableArn":"arn:aws:dynamodb:us-east-1:000000000000:table/plain","TableId":"` + id + `","DeletionProtectionEnabled":false%s}}`
		if want := fmt.Sprintf(`{"TableDescription":{`+common, "CREATING", ""); out != want {
			t.Errorf("CreateTable\n got %s\nwant %s", out, want)
		}
		warm := `,"WarmThroughput":{"ReadUnitsPerSecond":5,"WriteUnitsPerSecond":6,"Status":"ACTIVE"}`
		described := fmt.Sprintf(`{"Table":{`+common, "ACTIVE", warm)
		h.expect("DescribeTable", `{"TableName":"plain"}`, described)
		h.expect("DescribeTable", `{"TableName":"arn:aws:dynamodb:us-east-1:000000000000:table/plain"}`, described)
		h.restart()
		h.expect("DescribeTable", `{"TableName":"plain"}`, described)
	})
}

func TestCreateTableDescribesEverySetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", `{"TableName":"full","BillingMode":"PAY_PER_REQUEST","TableClass":"STANDARD_INFREQUENT_ACCESS","DeletionProtectionEnabled":true,
			"OnDemandThroughput":{"MaxReadRequestUnits":10},"WarmThroughput":{"ReadUnitsPerSecond":13000},
			"SSESpecification":{"Enabled":true,"SSEType":"KMS","KMSMasterKeyId":"alias/mine"},
			"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
			"AttributeDefinitions":[{"AttributeName":"z","AttributeType":"N"},{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"B"}],
			"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
			"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"z","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["y","x"]}}],
			"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"z","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"},"OnDemandThroughput":{"MaxWriteRequestUnits":7}}]}`)
		out := h.mustDo("DescribeTable", `{"TableName":"full"}`)
		for _, want := range []string{
			`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"B"},{"AttributeName":"z","AttributeType":"N"}]`,
			`"ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0}`,
			`"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST","LastUpdateToPayPerRequestDateTime":946684800}`,
			`"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"z","KeyType":"RANGE"}],"Projection":{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","y"]},"IndexSizeBytes":0,"ItemCount":0,"IndexArn":"arn:aws:dynamodb:us-east-1:000000000000:table/full/index/local"}]`,
			`"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"z","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"},"IndexStatus":"ACTIVE","ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":0,"WriteCapacityUnits":0},"IndexSizeBytes":0,"ItemCount":0,"IndexArn":"arn:aws:dynamodb:us-east-1:000000000000:table/full/index/global","OnDemandThroughput":{"MaxWriteRequestUnits":7},"WarmThroughput":{"ReadUnitsPerSecond":12000,"WriteUnitsPerSecond":4000,"Status":"ACTIVE"}}]`,
			`"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},"LatestStreamLabel":"2000-01-01T00:00:00.000","LatestStreamArn":"arn:aws:dynamodb:us-east-1:000000000000:table/full/stream/2000-01-01T00:00:00.000"`,
			`"SSEDescription":{"Status":"ENABLED","SSEType":"KMS","KMSMasterKeyArn":"arn:aws:kms:us-east-1:000000000000:alias/mine"}`,
			`"TableClassSummary":{"TableClass":"STANDARD_INFREQUENT_ACCESS"}`,
			`"DeletionProtectionEnabled":true,"OnDemandThroughput":{"MaxReadRequestUnits":10},"WarmThroughput":{"ReadUnitsPerSecond":13000,"WriteUnitsPerSecond":4000,"Status":"ACTIVE"}`,
		} {
			if !strings.Contains(out, want) {
				t.Errorf("want %s\n in %s", want, out)
			}
		}
	})
}

func TestCreateTableTwice(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("twice", onDemand))
	h.fails("CreateTable", plain("twice", onDemand), "ResourceInUseException: Table already exists: twice")
	h.caller.Region = "eu-west-1"
	h.mustDo("CreateTable", plain("twice", onDemand))
}

// ab is a CreateTable with the attributes a and b and the given key schema and
// further members.
func ab(keys, more string) string {
	return `{"TableName":"abc","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"S"}],"KeySchema":` + keys +
		`,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}` + more + `}`
}

const (
	hashA      = `[{"AttributeName":"a","KeyType":"HASH"}]`
	hashArange = `[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}]`
	all        = `{"ProjectionType":"ALL"}`
)

func key(pairs ...string) string {
	var list []string
	for _, p := range pairs {
		name, kind, _ := strings.Cut(p, ":")
		list = append(list, fmt.Sprintf(`{"AttributeName":%q,"KeyType":%q}`, name, kind))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func lsi(name, keys, projection string) string {
	return fmt.Sprintf(`{"IndexName":%q,"KeySchema":%s,"Projection":%s}`, name, keys, projection)
}

func lsis(list ...string) string { return `,"LocalSecondaryIndexes":[` + strings.Join(list, ",") + `]` }

func gsi(name, keys, projection string) string {
	return fmt.Sprintf(`{"IndexName":%q,"KeySchema":%s,"Projection":%s,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`, name, keys, projection)
}

func gsis(list ...string) string {
	return `,"GlobalSecondaryIndexes":[` + strings.Join(list, ",") + `]`
}

func TestCreateTableValidation(t *testing.T) {

	const provisioned = `,"ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`
	names := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("index%d", i))
		}
		return list
	}
	many := func(n int, one func(string) string) (list []string) {
		for _, name := range names(n) {
			list = append(list, one(name))
		}
		return list
	}
	for _, c := range []struct{ in, want string }{
		{`{}`, "The parameter 'TableName' is required but was not present in the request"},
		{`{"TableName":"ab","AttributeDefinitions":[],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}]}`, "1 validation error detected: Value 'ab' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 3"},
		{`{"TableName":"abc;"}`, "3 validation errors detected: Value null at 'attributeDefinitions' failed to satisfy constraint: Member must not be null; Value 'abc;' at 'tableName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value null at 'keySchema' failed to satisfy constraint: Member must not be null"},
		{plain("abc", ``), bad + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{plain("abc", onDemand+provisioned), bad + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{plain("abc", `,"ProvisionedThroughput":{"ReadCapacityUnits":1000000000001,"WriteCapacityUnits":1000000000001}`), "Given value 1000000000001 for ReadCapacityUnits is out of bounds"},
		{plain("abc", `,"ProvisionedThroughput":{"ReadCapacityUnits":1000000000000,"WriteCapacityUnits":1000000000001}`), "Given value 1000000000001 for WriteCapacityUnits is out of bounds"},
		{plain("abc", provisioned+`,"OnDemandThroughput":{"MaxReadRequestUnits":1}`), bad + "MaxReadRequestUnits for OnDemandThroughput cannot be specified when table BillingMode is PROVISIONED."},
		{plain("abc", onDemand+`,"OnDemandThroughput":{"MaxWriteRequestUnits":0}`), bad + "Requested MaxWriteRequestUnits for OnDemandThroughput for table is outside of valid range"},
		{plain("abc", provisioned+`,"WarmThroughput":{"ReadUnitsPerSecond":0}`), bad + "Requested ReadUnitsPerSecond for WarmThroughput for table is lower than ReadCapacityUnits of ProvisionedThroughput"},
		{plain("abc", onDemand+`,"VectorIndexes":[]`), bad + "List of VectorIndexes is empty"},
		{plain("abc", onDemand+`,"StreamSpecification":{"StreamEnabled":true}`), bad + "Table is being created with a stream enabled, UpdateViewType is required"},
		{plain("abc", onDemand+`,"StreamSpecification":{"StreamEnabled":false,"StreamViewType":"NEW_IMAGE"}`), bad + "Table is being created with a stream disabled, UpdateViewType should not be specified"},
		{plain("abc", onDemand+`,"SSESpecification":{"Enabled":false,"SSEType":"KMS"}`), bad + "SSEType can not be specified if Enabled is false"},
		{plain("abc", onDemand+`,"SSESpecification":{"Enabled":true,"SSEType":"AES256"}`), bad + "SSEType AES256 is not supported"},
		{plain("abc", onDemand+`,"Tags":[{"Key":"aws:x","Value":"y"}]`), "Tag Key cannot be prefixed with aws:, Key: aws:x"},

		{`{"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[],"KeySchema":` + hashA + `}`, "Invalid KeySchema: Some index key attribute have no definition"},
		{`{"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"b","AttributeType":"S"}],"KeySchema":` + hashA + `}`, bad + "Some index key attributes are not defined in AttributeDefinitions. Keys: [a], AttributeDefinitions: [b]"},
		{`{"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"a","AttributeType":"N"}],"KeySchema":` + hashA + `}`, "Attribute Name is duplicated: a"},
		{ab(key("a:HASH", "a:HASH"), ``), "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
		{ab(key("a:HASH", "b:HASH"), ``), "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
		{ab(key("a:RANGE", "b:HASH"), ``), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{ab(key("a:HASH", "b:RANGE", "b:RANGE"), ``), "1 validation error detected: Value '[KeySchemaElement(attributeName=a, keyType=HASH), KeySchemaElement(attributeName=b, keyType=RANGE), KeySchemaElement(attributeName=b, keyType=RANGE)]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2"},
		{ab(hashA, ``), bad + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},

		{ab(hashA, lsis()), bad + "List of LocalSecondaryIndexes is empty"},
		{ab(hashA, gsis()), bad + "List of GlobalSecondaryIndexes is empty"},
		{ab(hashA, lsis(lsi("abc", key("c:RANGE"), `{}`))), bad + "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"},
		{ab(hashArange, lsis(lsi("abc", key("c:RANGE", "d:RANGE"), `{}`))), bad + "Some index key attributes are not defined in AttributeDefinitions. Keys: [c, d], AttributeDefinitions: [a, b]"},
		{ab(hashArange, lsis(lsi("abc", key("a:RANGE"), `{}`))), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{ab(hashArange, lsis(lsi("abc", key("b:HASH"), `{}`))), bad + "Index KeySchema does not have a range key for index: abc"},
		{ab(hashArange, lsis(lsi("abc", key("b:HASH", "a:RANGE"), `{}`))), bad + "Index KeySchema does not have the same leading hash key as table KeySchema for index: abc. index hash key: b, table hash key: a"},
		{ab(hashArange, lsis(lsi("abc", hashArange, `{}`))), bad + "Unknown ProjectionType: null"},
		{ab(hashArange, lsis(lsi("abc", hashArange, `{"ProjectionType":"ALL","NonKeyAttributes":["a"]}`))), bad + "ProjectionType is ALL, but NonKeyAttributes is specified"},
		{ab(hashArange, lsis(lsi("abc", hashArange, `{"ProjectionType":"INCLUDE"}`))), bad + "ProjectionType is INCLUDE, but NonKeyAttributes is not specified"},
		{ab(hashArange, lsis(lsi("abc", hashArange, `{"ProjectionType":"INCLUDE","NonKeyAttributes":["x","y","x"]}`))), bad + "Duplicate element in NonKeyAttributes: x"},
		{ab(hashArange, lsis(lsi("abc", hashArange, all), lsi("abc", hashArange, all))), bad + "Duplicate index name: abc"},
		{ab(hashArange, lsis(many(6, func(n string) string { return lsi(n, hashArange, all) })...)), bad + "Number of LocalSecondaryIndexes exceeds per-table limit of 5"},
		{ab(hashArange, lsis(lsi("abc", hashArange, all))+gsis(gsi("abc", hashA, all))), bad + "Duplicate index name: abc"},
		{ab(hashA, gsis(gsi("abc", key("a:HASH"), `{}`))), bad + "Some AttributeDefinitions are not used. AttributeDefinitions: [a, b], keys used: [a]"},
		{ab(hashArange, gsis(gsi("abc", key("a:RANGE"), `{}`))), "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{ab(hashArange, gsis(gsi("abc", key("a:HASH", "a:RANGE"), `{}`))), "The KeySchema contains multiple key attributes with the same name"},
		{ab(hashArange, gsis(gsi("abc", key("b:HASH", "a:RANGE"), `{}`))), bad + "Unknown ProjectionType: null"},
		{ab(hashArange, gsis(lsi("abc", hashA, all))), bad + "ProvisionedThroughput is not specified for index: abc"},
		{ab(hashArange, gsis(many(21, func(n string) string { return gsi(n, hashA, all) })...)), bad + "GlobalSecondaryIndex count exceeds the per-table limit of 20"},
	} {
		newEngine(t).refused("CreateTable", c.in, c.want)
	}
}

func TestCreateTableWithKeysOfSeveralAttributes(t *testing.T) {
	h := newEngine(t)
	create := func(name string, keys ...string) string {
		var defs []string
		for _, a := range []string{"pk", "a", "b", "c", "d", "e"} {
			if a == "pk" || strings.Contains(strings.Join(keys, ","), a+":") {
				defs = append(defs, fmt.Sprintf(`{"AttributeName":%q,"AttributeType":"S"}`, a))
			}
		}
		return fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[%s],"KeySchema":%s,"GlobalSecondaryIndexes":[%s]}`,
			name, strings.Join(defs, ","), key("pk:HASH"), lsi("index", key(keys...), all))
	}
	h.mustDo("CreateTable", create("four", "a:HASH", "b:HASH", "c:HASH", "d:HASH", "pk:RANGE"))

	h.refused("CreateTable", create("five", "a:HASH", "b:HASH", "c:HASH", "d:HASH", "e:HASH"), bad+"The KeySchema exceeds the maximum allowed number of HASH key attributes")
	h.refused("CreateTable", create("mixed", "a:HASH", "b:RANGE", "c:HASH"), bad+"All HASH key attributes must precede RANGE key attributes in the KeySchema")
}

// Of all indexes together (Developer Guide, "Service, account, and table
// quotas": projected secondary index attributes per table).
func TestIndexesNameAHundredAttributesAtMost(t *testing.T) {
	projecting := func(name string, n int) string {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf(`"%s%d"`, name, i))
		}
		return gsi(name, hashA, `{"ProjectionType":"INCLUDE","NonKeyAttributes":[`+strings.Join(names, ",")+`]}`)
	}
	list := []string{}
	for i := range 5 {
		list = append(list, projecting(fmt.Sprintf("index%d", i), 20))
	}
	h := newEngine(t)
	h.refused("CreateTable", ab(hashArange, gsis(append(list, projecting("more", 1))...)), bad+"Number of NonKeyAttributes across all secondary indexes exceeds the per-table limit of 100")
	h.mustDo("CreateTable", ab(hashArange, gsis(list...)))
}

// A request of very many indexes is refused before they are compared with each
// other: what is wrong with one of them does not matter any more.
func TestAbsurdlyManyIndexes(t *testing.T) {
	h := newEngine(t)
	const index = `{"IndexName":"abc","KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}`
	for member, want := range map[string]string{
		"GlobalSecondaryIndexes": "GlobalSecondaryIndex count exceeds the per-table limit of 20",
		"LocalSecondaryIndexes":  "Number of LocalSecondaryIndexes exceeds per-table limit of 5",
	} {
		h.refused("CreateTable", `{"TableName":"abc","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],
			"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"`+member+`":[`+index+strings.Repeat(","+index, 2000)+`]}`, bad+want)
	}
}
