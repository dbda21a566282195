package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression" // whose examples these are
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// examplesMain runs the examples of the package that it is put beside. They ask a
// variable of theirs for the configuration.
const examplesMain = `package expression_test

import (
	"context"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func TestExamples(t *testing.T) {
	config.LoadDefaultConfig = func(context.Context) (aws.Config, error) {
		return aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String(os.Getenv("ENDPOINT")),
			Credentials: credentials.NewStaticCredentialsProvider(os.Getenv("ACCOUNT"), "any", ""),
		}, nil
	}
	for _, example := range []func(){
		ExampleBuilder_WithProjection, ExampleBuilder_WithKeyCondition, ExampleBuilder_WithFilter, ExampleBuilder_WithUpdate, ExampleBuilder_WithCondition,
	} {
		example()
	}
}
`

// TestExpressionExamples runs the examples of the SDK's package expression, as its
// module has them, on the table that they speak of. Each prints what it gets.
func TestExpressionExamples(t *testing.T) {
	const module = "github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	from, err := exec.Command("go", "list", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(from)), "examples_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(".", "_examples") // where the SDK is found, and ./... does not look
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string][]byte{"examples_test.go": text, "run_test.go": []byte(examplesMain)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}

	c := newClient(sharedServer(t, "memory"), newAccount(), "us-east-1")
	musicTable(t, c)
	cmd := exec.Command("go", "test", "-vet=off", "-v", "-run", "TestExamples", "./"+dir)
	cmd.Env = append(os.Environ(), "ENDPOINT="+c.server.url(), "ACCOUNT="+c.account)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The first example forgets the names of its expression.
	const refusal = "Invalid KeyConditionExpression: An expression attribute name used in the document path is not defined; attribute name: #0"
	if n := strings.Count(string(out), "\n&{"); n != 4 || !strings.Contains(string(out), refusal) {
		t.Errorf("%d examples of 4 got an answer:\n%s", n, out)
	}
	song := c.song(t, "Acme Band", "Happy Day")
	if year, ok := song["Year"].(*types.AttributeValueMemberN); !ok || year.Value != "2015" {
		t.Errorf("the example of an update left %v", song)
	}
	if song := c.song(t, "No One You Know", "Scared of My Shadow"); song != nil {
		t.Errorf("the example of a condition deleted nothing: %v", song)
	}
}

// musicTable makes the table of the examples, with songs that are rated below 7.
func musicTable(t *testing.T, c *client) {
	t.Helper()
	_, err := c.db.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: aws.String("Music"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("Artist"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("SongTitle"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("Artist"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("SongTitle"), KeyType: types.KeyTypeRange},
		},
	})
	for i := 0; i < 2 && err == nil; i++ {
		artist, title := []string{"Acme Band", "No One You Know"}[i], []string{"Happy Day", "Scared of My Shadow"}[i]
		_, err = c.db.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String("Music"), Item: map[string]types.AttributeValue{
			"Artist": &types.AttributeValueMemberS{Value: artist}, "SongTitle": &types.AttributeValueMemberS{Value: title},
			"Rating": &types.AttributeValueMemberN{Value: fmt.Sprint(i)},
		}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// song reads an item of that table.
func (c *client) song(t *testing.T, artist, title string) map[string]types.AttributeValue {
	t.Helper()
	out, err := c.db.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("Music"), Key: map[string]types.AttributeValue{
		"Artist": &types.AttributeValueMemberS{Value: artist}, "SongTitle": &types.AttributeValueMemberS{Value: title},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}
