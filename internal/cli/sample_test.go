package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
	"github.com/levee-io/levee/internal/rehearse"
	"github.com/levee-io/levee/leveetest"
)

// chats makes a table of 9, 4, 2 and 1 messages in four chats, and returns where.
func chats(t *testing.T) (endpoint string) {
	t.Helper()
	srv := leveetest.RunT(t, func(s *levee.Server) { s.Listen = "127.0.0.1:0" })
	cfg := srv.AWSConfig()
	db := dynamodb.NewFromConfig(cfg)
	_, err := db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("chats"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("chat"), AttributeType: types.ScalarAttributeTypeS}, {AttributeName: aws.String("n"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("chat"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("n"), KeyType: types.KeyTypeRange}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for chat, n := range map[string]int{"busy": 9, "a\tb\n": 4, `"quoted"`: 2, "quiet": 1} {
		for i := range n {
			item := map[string]types.AttributeValue{
				"chat": &types.AttributeValueMemberS{Value: chat}, "n": &types.AttributeValueMemberN{Value: fmt.Sprint(i)},
				"list": &types.AttributeValueMemberL{}, "long": &types.AttributeValueMemberS{Value: strings.Repeat("x", maxSampled+1)},
			}
			if i%2 == 0 {
				item["name"] = &types.AttributeValueMemberB{Value: []byte{byte(i % 4)}} // a reserved word
			}
			if _, err := db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("chats"), Item: item}); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "000000000000")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "any")
	t.Setenv("AWS_REGION", cfg.Region)
	return "http://" + srv.Addr()
}

func TestSample(t *testing.T) {
	endpoint := chats(t)
	for name, tt := range map[string]struct {
		args   []string
		status int
		out    string
		err    string
	}{
		"keys":         {nil, 0, "busy\t9\n\"a\\tb\\n\"\t4\n\"\\\"quoted\\\"\"\t2\nquiet\t1\n", "16 items, 0 without chat, 4 different"},
		"an attribute": {[]string{"--attribute", "name"}, 0, "AA==\t6\nAg==\t3\n", "16 items, 7 without name, 2 different"},
		"no such":      {[]string{"--attribute", "x"}, 1, "", "none of 16 items of chats has the attribute x"},
		"a list":       {[]string{"--attribute", "list"}, 1, "", "only strings"},
		"too long":     {[]string{"--attribute", "long"}, 1, "", "long: a value is longer than 2048 bytes"},
		"no limit":     {[]string{"--limit", "0"}, 1, "", "--limit must be"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, err output
			status := run(t.Context(), append([]string{"sample", "chats", "--endpoint", endpoint}, tt.args...), streams{&out, &err})
			if status != tt.status || out.String() != tt.out || !strings.Contains(err.String(), tt.err) {
				t.Errorf("status %d, printed %q and %q, want %d, %q and %q", status, out.String(), err.String(), tt.status, tt.out, tt.err)
			}
		})
	}
	var out, err output
	if status := run(t.Context(), []string{"sample", "chats", "--endpoint", endpoint, "--limit", "5"}, streams{&out, &err}); status != 0 || !strings.Contains(err.String(), "5 items") {
		t.Errorf("status %d, said %q, want 5 items", status, err.String())
	}
}

// A scenario reads what the command prints.
func TestSampleIsRead(t *testing.T) {
	endpoint := chats(t)
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "keys.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	var said output
	if status := run(t.Context(), []string{"sample", "chats", "--endpoint", endpoint}, streams{f, &said}); status != 0 {
		t.Fatalf("status %d: %s", status, said.String())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := rehearse.Read(strings.NewReader("duration: 1m\ntraffic: [{rate: 10, items: [{keys: {kind: sample, file: keys.tsv}}]}]\ndesigns: [{name: d}]"), rehearse.FilesIn(dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rehearse.Run(t.Context(), s); err != nil {
		t.Error(err)
	}
}
