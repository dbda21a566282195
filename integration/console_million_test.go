package integration

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/chromedp/chromedp"
)

// furnishMillion fills the table large with a million items, a thousand of each key.
func furnishMillion(t *testing.T, c *client) {
	t.Helper()
	const items, batch, writers = 1_000_000, 25, 8
	try(c.db.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("large"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("p"), AttributeType: types.ScalarAttributeTypeS}, {AttributeName: aws.String("n"), AttributeType: types.ScalarAttributeTypeN},
		},
		KeySchema: []types.KeySchemaElement{{AttributeName: aws.String("p"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("n"), KeyType: types.KeyTypeRange}},
	})).must(t)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for first := w * batch; first < items && t.Context().Err() == nil; first += writers * batch {
				list := make([]types.WriteRequest, batch)
				for i := range list {
					list[i].PutRequest = &types.PutRequest{Item: map[string]types.AttributeValue{
						"p": &types.AttributeValueMemberS{Value: "p" + strconv.Itoa((first+i)/1000)}, "n": &types.AttributeValueMemberN{Value: strconv.Itoa((first + i) % 1000)},
					}}
				}
				if _, err := c.db.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"large": list}}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestConsoleMillionItems looks through a table of a million items. How long its pages take
// in the server is measured by BenchmarkMillionItems of internal/console.
func TestConsoleMillionItems(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnishMillion(t, c)
	b.open("tables/large")
	first := b.column("n")
	if len(first) == 0 {
		t.Fatal("the first page has no items")
	}
	b.submit(`a[rel="next"]`, nil)
	if second := b.column("n"); len(second) == 0 || fmt.Sprint(second) == fmt.Sprint(first) {
		t.Errorf("the second page has %q", second)
	}
	b.shoot("items-million")
	b.open("tables/large?pk=p777&desc=1")
	if got := b.column("n"); len(got) == 0 || got[0] != "999" {
		t.Errorf("backwards from the last of a key: %q", got)
	}
	b.open("tables/large?f=n&fop=%3D&ft=N&fv=-1")
	b.says("main", "Continue the search") // as far as it came in its time
	b.open("")
	b.do(chromedp.Poll(`document.body.innerText.replace(/\D/g, "").includes("1000000")`, nil))
	b.unharmed()
}
