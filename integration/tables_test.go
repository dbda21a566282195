package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// tableOption changes the table that createTable asks for.
type tableOption func(*dynamodb.CreateTableInput)

func hashOnly(in *dynamodb.CreateTableInput) {
	in.KeySchema = in.KeySchema[:1]
	in.AttributeDefinitions = in.AttributeDefinitions[:1]
}

func keyTypes(pk, sk types.ScalarAttributeType) tableOption {
	return func(in *dynamodb.CreateTableInput) {
		in.AttributeDefinitions[0].AttributeType, in.AttributeDefinitions[1].AttributeType = pk, sk
	}
}

func withStream(view types.StreamViewType) tableOption {
	return func(in *dynamodb.CreateTableInput) {
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: view}
	}
}

// withGSI adds an index "by-<pk>" on an attribute, and one more of the table as
// its sort key if there is one.
func withGSI(name string, projection types.Projection, keys ...types.AttributeDefinition) tableOption {
	return func(in *dynamodb.CreateTableInput) {
		define(in, keys)
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: &name, KeySchema: schema(keys), Projection: &projection,
		})
	}
}

func withLSI(name string, projection types.Projection, sk types.AttributeDefinition) tableOption {
	return func(in *dynamodb.CreateTableInput) {
		define(in, []types.AttributeDefinition{sk})
		in.LocalSecondaryIndexes = append(in.LocalSecondaryIndexes, types.LocalSecondaryIndex{
			IndexName: &name, KeySchema: schema([]types.AttributeDefinition{in.AttributeDefinitions[0], sk}), Projection: &projection,
		})
	}
}

func define(in *dynamodb.CreateTableInput, attrs []types.AttributeDefinition) {
	for _, a := range attrs {
		known := false
		for _, d := range in.AttributeDefinitions {
			known = known || *d.AttributeName == *a.AttributeName
		}
		if !known {
			in.AttributeDefinitions = append(in.AttributeDefinitions, a)
		}
	}
}

func attribute(name string, t types.ScalarAttributeType) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &name, AttributeType: t}
}

func schema(keys []types.AttributeDefinition) []types.KeySchemaElement {
	out := []types.KeySchemaElement{{AttributeName: keys[0].AttributeName, KeyType: types.KeyTypeHash}}
	if len(keys) > 1 {
		out = append(out, types.KeySchemaElement{AttributeName: keys[1].AttributeName, KeyType: types.KeyTypeRange})
	}
	return out
}

var (
	projectAll  = types.Projection{ProjectionType: types.ProjectionTypeAll}
	projectKeys = types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
)

func projectOnly(attrs ...string) types.Projection {
	return types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: attrs}
}

func tableInput(name string, opts ...tableOption) *dynamodb.CreateTableInput {
	keys := []types.AttributeDefinition{attribute("pk", "S"), attribute("sk", "S")}
	in := &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: keys, KeySchema: schema(keys),
	}
	for _, o := range opts {
		o(in)
	}
	return in
}

// createTable creates a table with the on-demand billing mode and the keys pk
// and sk, both strings, and waits until it and its indexes are active.
func (c *client) createTable(t testing.TB, name string, opts ...tableOption) *types.TableDescription {
	t.Helper()
	try(c.db.CreateTable(ctx(t), tableInput(name, opts...))).must(t)
	return c.waitForTable(t, name)
}

func (c *client) waitForTable(t testing.TB, name string) *types.TableDescription {
	t.Helper()
	var d *types.TableDescription
	eventually(t, name+" becomes active", func() bool {
		d = c.describe(t, name)
		active := d.TableStatus == types.TableStatusActive
		for _, g := range d.GlobalSecondaryIndexes {
			active = active && g.IndexStatus == types.IndexStatusActive
		}
		return active
	})
	return d
}

func (c *client) describe(t testing.TB, name string) *types.TableDescription {
	t.Helper()
	return try(c.db.DescribeTable(ctx(t), &dynamodb.DescribeTableInput{TableName: &name})).must(t).Table
}

func TestCreateTable(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		before := time.Now().Add(-time.Minute)
		out := try(c.db.CreateTable(ctx(t), tableInput("Orders",
			withStream(types.StreamViewTypeNewAndOldImages),
			withGSI("by-status", projectOnly("total"), attribute("status", "S"), attribute("sk", "S")),
			withLSI("by-date", projectKeys, attribute("date", "N"))))).must(t)
		want(t, "status", out.TableDescription.TableStatus, types.TableStatusCreating)

		d := c.waitForTable(t, "Orders")
		arn := fmt.Sprintf("arn:aws:dynamodb:us-east-1:%s:table/Orders", c.account)
		want(t, "name", *d.TableName, "Orders")
		want(t, "ARN", aws.ToString(d.TableArn), arn)
		want(t, "items", aws.ToInt64(d.ItemCount), 0)
		want(t, "key schema", d.KeySchema, schema([]types.AttributeDefinition{attribute("pk", "S"), attribute("sk", "S")}))
		want(t, "billing", d.BillingModeSummary.BillingMode, types.BillingModePayPerRequest)
		want(t, "read units", aws.ToInt64(d.ProvisionedThroughput.ReadCapacityUnits), 0)
		want(t, "deletion protection", aws.ToBool(d.DeletionProtectionEnabled), false)
		if len(aws.ToString(d.TableId)) != 36 {
			t.Errorf("table id %q is not a UUID", aws.ToString(d.TableId))
		}
		if d.CreationDateTime == nil || d.CreationDateTime.Before(before) || d.CreationDateTime.After(time.Now().Add(time.Minute)) {
			t.Errorf("created at %v", d.CreationDateTime)
		}
		if len(d.GlobalSecondaryIndexes) != 1 || len(d.LocalSecondaryIndexes) != 1 {
			t.Fatalf("indexes: %s", show(d))
		}
		g, l := d.GlobalSecondaryIndexes[0], d.LocalSecondaryIndexes[0]
		want(t, "index name", *g.IndexName, "by-status")
		want(t, "index ARN", aws.ToString(g.IndexArn), arn+"/index/by-status")
		want(t, "index projection", *g.Projection, projectOnly("total"))
		want(t, "index keys", g.KeySchema, schema([]types.AttributeDefinition{attribute("status", "S"), attribute("sk", "S")}))
		want(t, "local index", *l.IndexName, "by-date")
		want(t, "local index projection", l.Projection.ProjectionType, types.ProjectionTypeKeysOnly)
		want(t, "stream view", d.StreamSpecification.StreamViewType, types.StreamViewTypeNewAndOldImages)
		want(t, "stream ARN", aws.ToString(d.LatestStreamArn), arn+"/stream/"+aws.ToString(d.LatestStreamLabel))
	})
}

func TestCreateTableProvisioned(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		d := c.createTable(t, "Provisioned", func(in *dynamodb.CreateTableInput) {
			in.BillingMode = ""
			in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(7)}
		})
		want(t, "read units", aws.ToInt64(d.ProvisionedThroughput.ReadCapacityUnits), 5)
		want(t, "write units", aws.ToInt64(d.ProvisionedThroughput.WriteCapacityUnits), 7)
		want(t, "decreases", aws.ToInt64(d.ProvisionedThroughput.NumberOfDecreasesToday), 0)
	})
}

func TestCreateTableRefuses(t *testing.T) {
	const invalid = "One or more parameter values were invalid: "
	tests := []struct {
		name    string
		change  tableOption
		message string
	}{
		{"a key without definition", func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions = in.AttributeDefinitions[:1] },
			"Invalid KeySchema: Some index key attribute have no definition"},
		{"a definition of another attribute", func(in *dynamodb.CreateTableInput) {
			hashOnly(in)
			in.AttributeDefinitions[0].AttributeName = aws.String("id")
		}, invalid + "Some index key attributes are not defined in AttributeDefinitions. Keys: [pk], AttributeDefinitions: [id]"},
		{"a definition without key", func(in *dynamodb.CreateTableInput) { in.KeySchema = in.KeySchema[:1] },
			invalid + "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
		{"throughput of a table on demand", func(in *dynamodb.CreateTableInput) {
			in.ProvisionedThroughput = &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(1), WriteCapacityUnits: aws.Int64(1)}
		}, invalid + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"},
		{"no throughput of a provisioned table", func(in *dynamodb.CreateTableInput) { in.BillingMode = types.BillingModeProvisioned },
			invalid + "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{"the first key not HASH", func(in *dynamodb.CreateTableInput) {
			in.KeySchema = []types.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "RANGE"}, {AttributeName: aws.String("sk"), KeyType: "HASH"}}
		}, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"},
		{"two HASH keys", func(in *dynamodb.CreateTableInput) { in.KeySchema[1].KeyType = types.KeyTypeHash },
			"Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"},
		{"the same attribute twice", func(in *dynamodb.CreateTableInput) {
			in.KeySchema[1].AttributeName = aws.String("pk")
		}, "Both the Hash Key and the Range Key element in the KeySchema have the same name"},
	}
	onStores(t, func(t *testing.T, c *client) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := c.db.CreateTable(ctx(t), tableInput("Refused", tt.change))
				wantInvalid(t, err, tt.message)
			})
		}
		c.createTable(t, "Twice")
		_, err := c.db.CreateTable(ctx(t), tableInput("Twice"))
		wantError[*types.ResourceInUseException](t, err, "Table already exists: Twice")
	})
}

func TestDescribeTableThatIsNotThere(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		_, err := c.db.DescribeTable(ctx(t), &dynamodb.DescribeTableInput{TableName: aws.String("Nowhere")})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found: Table: Nowhere not found")
	})
}

func TestListTables(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		for _, name := range []string{"delta", "alpha", "charlie", "bravo", "echo"} {
			try(c.db.CreateTable(ctx(t), tableInput(name))).must(t)
		}
		var pages [][]string
		p := dynamodb.NewListTablesPaginator(c.db, &dynamodb.ListTablesInput{Limit: aws.Int32(2)})
		for p.HasMorePages() {
			pages = append(pages, try(p.NextPage(ctx(t))).must(t).TableNames)
		}
		want(t, "pages", pages, [][]string{{"alpha", "bravo"}, {"charlie", "delta"}, {"echo"}})
		after := try(c.db.ListTables(ctx(t), &dynamodb.ListTablesInput{ExclusiveStartTableName: aws.String("bzz")})).must(t)
		want(t, "after bzz", after.TableNames, []string{"charlie", "delta", "echo"})
	})
}

func TestDeleteTable(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		c.createTable(t, "Gone")
		c.put(t, "Gone", with(key("a", "1"), item{"v": num(1)}))
		out := try(c.db.DeleteTable(ctx(t), &dynamodb.DeleteTableInput{TableName: aws.String("Gone")})).must(t)
		want(t, "status", out.TableDescription.TableStatus, types.TableStatusDeleting)
		if err := dynamodb.NewTableNotExistsWaiter(c.db).Wait(ctx(t), &dynamodb.DescribeTableInput{TableName: aws.String("Gone")}, time.Minute); err != nil {
			t.Fatal(err)
		}

		_, err := c.db.GetItem(ctx(t), &dynamodb.GetItemInput{TableName: aws.String("Gone"), Key: key("a", "1")})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found")
		_, err = c.db.DeleteTable(ctx(t), &dynamodb.DeleteTableInput{TableName: aws.String("Gone")})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found: Table: Gone not found")

		c.createTable(t, "Gone")
		c.wantItem(t, "Gone", key("a", "1"), nil)
	})
}

func TestDeletionProtection(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		name := aws.String("Protected")
		c.createTable(t, *name, func(in *dynamodb.CreateTableInput) { in.DeletionProtectionEnabled = aws.Bool(true) })
		_, err := c.db.DeleteTable(ctx(t), &dynamodb.DeleteTableInput{TableName: name})
		wantInvalid(t, err, "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		try(c.db.UpdateTable(ctx(t), &dynamodb.UpdateTableInput{TableName: name, DeletionProtectionEnabled: aws.Bool(false)})).must(t)
		c.waitForTable(t, *name)
		try(c.db.DeleteTable(ctx(t), &dynamodb.DeleteTableInput{TableName: name})).must(t)
	})
}

func TestUpdateTableCreatesAnIndexOfWhatIsThere(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		name := aws.String("Backfilled")
		c.createTable(t, *name)
		for i := range 60 {
			colour := []string{"red", "green", "blue"}[i%3]
			c.put(t, *name, with(key("p", fmt.Sprintf("%03d", i)), item{"colour": str(colour), "n": num(i)}))
		}
		c.put(t, *name, key("p", "no colour"), with(key("p", "number"), item{"colour": num(1)}))

		out := try(c.db.UpdateTable(ctx(t), &dynamodb.UpdateTableInput{
			TableName: name, AttributeDefinitions: []types.AttributeDefinition{attribute("colour", "S"), attribute("n", "N")},
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String("by-colour"), Projection: &projectAll,
				KeySchema: schema([]types.AttributeDefinition{attribute("colour", "S"), attribute("n", "N")}),
			}}},
		})).must(t)
		want(t, "table", out.TableDescription.TableStatus, types.TableStatusUpdating)
		want(t, "index", out.TableDescription.GlobalSecondaryIndexes[0].IndexStatus, types.IndexStatusCreating)
		c.waitForTable(t, *name)

		// The items that cannot be in the index are left out of it.
		got := try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: name, IndexName: aws.String("by-colour")})).must(t)
		want(t, "items in the index", got.Count, 60)
		red := try(c.db.Query(ctx(t), &dynamodb.QueryInput{
			TableName: name, IndexName: aws.String("by-colour"), KeyConditionExpression: aws.String("colour = :c AND n < :n"),
			ExpressionAttributeValues: item{":c": str("red"), ":n": num(9)},
		})).must(t)
		want(t, "red and below 9", names(red.Items, "sk"), []string{"000", "003", "006"})

		try(c.db.UpdateTable(ctx(t), &dynamodb.UpdateTableInput{
			TableName: name, GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{
				Delete: &types.DeleteGlobalSecondaryIndexAction{IndexName: aws.String("by-colour")}}},
		})).must(t)
		eventually(t, "the index is gone", func() bool { return len(c.describe(t, *name).GlobalSecondaryIndexes) == 0 })
		_, err := c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: name, IndexName: aws.String("by-colour")})
		wantInvalid(t, err, "The table does not have the specified index: by-colour")
	})
}

func TestUpdateTableBillingAndStream(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		name := aws.String("Changing")
		c.createTable(t, *name)
		update := func(in dynamodb.UpdateTableInput) *types.TableDescription {
			t.Helper()
			in.TableName = name
			try(c.db.UpdateTable(ctx(t), &in)).must(t)
			return c.waitForTable(t, *name)
		}
		d := update(dynamodb.UpdateTableInput{BillingMode: types.BillingModeProvisioned,
			ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(3), WriteCapacityUnits: aws.Int64(4)}})
		want(t, "read units", aws.ToInt64(d.ProvisionedThroughput.ReadCapacityUnits), 3)
		want(t, "write units", aws.ToInt64(d.ProvisionedThroughput.WriteCapacityUnits), 4)

		d = update(dynamodb.UpdateTableInput{StreamSpecification: &types.StreamSpecification{
			StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly}})
		want(t, "stream", d.StreamSpecification.StreamViewType, types.StreamViewTypeKeysOnly)
		d = update(dynamodb.UpdateTableInput{StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)}})
		if d.StreamSpecification != nil {
			t.Errorf("a stream that is off is still described: %s", show(d.StreamSpecification))
		}

		_, err := c.db.UpdateTable(ctx(t), &dynamodb.UpdateTableInput{TableName: aws.String("Nowhere"), BillingMode: types.BillingModePayPerRequest})
		wantError[*types.ResourceNotFoundException](t, err, "Requested resource not found: Table: Nowhere not found")
	})
}

func TestTableTags(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		d := c.createTable(t, "Tagged", func(in *dynamodb.CreateTableInput) {
			in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("chat")}}
		})
		tags := func() map[string]string {
			out := map[string]string{}
			for _, tag := range try(c.db.ListTagsOfResource(ctx(t), &dynamodb.ListTagsOfResourceInput{ResourceArn: d.TableArn})).must(t).Tags {
				out[*tag.Key] = *tag.Value
			}
			return out
		}
		want(t, "tags", tags(), map[string]string{"team": "chat"})
		try(c.db.TagResource(ctx(t), &dynamodb.TagResourceInput{
			ResourceArn: d.TableArn, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("test")}, {Key: aws.String("team"), Value: aws.String("search")}}})).must(t)
		want(t, "tags", tags(), map[string]string{"team": "search", "env": "test"})
		try(c.db.UntagResource(ctx(t), &dynamodb.UntagResourceInput{ResourceArn: d.TableArn, TagKeys: []string{"team"}})).must(t)
		want(t, "tags", tags(), map[string]string{"env": "test"})
	})
}

func TestDescribeLimitsAndEndpoints(t *testing.T) {
	onStores(t, func(t *testing.T, c *client) {
		// The default quotas of an account and of a table.
		limits := try(c.db.DescribeLimits(ctx(t), &dynamodb.DescribeLimitsInput{})).must(t)
		want(t, "units of an account", aws.ToInt64(limits.AccountMaxReadCapacityUnits), 80_000)
		want(t, "units of a table", aws.ToInt64(limits.TableMaxWriteCapacityUnits), 40_000)
		endpoints := try(c.db.DescribeEndpoints(ctx(t), &dynamodb.DescribeEndpointsInput{})).must(t).Endpoints
		want(t, "endpoints", len(endpoints), 1)
		want(t, "address", aws.ToString(endpoints[0].Address), c.server.addr)
	})
}
