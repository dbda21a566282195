package integration

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// killItems puts ever higher versions of a few items, each with one writer.
type killItems struct {
	c   *client
	arn string

	mu    sync.Mutex
	acked map[string]int // highest version acknowledged
	tried map[string]int // highest version sent
}

func newKillItems(t *testing.T, c *client) *killItems {
	d := c.createTable(t, "Items", withStream(types.StreamViewTypeNewImage), withGSI("by-v", projectAll, attribute("pk", "S"), attribute("v", "N")))
	return &killItems{c: c, arn: *d.LatestStreamArn, acked: map[string]int{}, tried: map[string]int{}}
}

func (k *killItems) write(ctx context.Context, writer int) {
	for v := 1; ctx.Err() == nil; v++ {
		name := fmt.Sprintf("%d-%d", writer, v%10)
		k.note(k.tried, name, v)
		call, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, err := k.c.db.PutItem(call, &dynamodb.PutItemInput{TableName: aws.String("Items"), Item: with(key(name, "s"), item{"v": num(v)})})
		cancel()
		if err == nil {
			k.note(k.acked, name, v)
		} else if !again(ctx) {
			return
		}
	}
}

func (k *killItems) note(where map[string]int, name string, v int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	where[name] = v
}

func (k *killItems) check(t *testing.T) {
	missing, invented := lost{what: "acknowledged puts that are lost"}, lost{what: "versions that nobody sent"}
	index, stream := lost{what: "items that differ in the index"}, lost{what: "stream records that are lost or out of order"}
	inIndex := map[string]int{}
	for p := dynamodb.NewScanPaginator(k.c.db, &dynamodb.ScanInput{TableName: aws.String("Items"), IndexName: aws.String("by-v")}); p.HasMorePages(); {
		for _, i := range try(p.NextPage(ctx(t))).must(t).Items {
			if _, twice := inIndex[strOf(i["pk"])]; twice {
				index.add("%s is there twice", strOf(i["pk"]))
			}
			inIndex[strOf(i["pk"])] = numOf(i["v"])
		}
	}
	inStream := map[string]int{}
	for _, r := range k.c.history(t, k.arn) {
		name := r.Dynamodb.NewImage["pk"].(*streamtypes.AttributeValueMemberS).Value
		var v int
		fmt.Sscan(r.Dynamodb.NewImage["v"].(*streamtypes.AttributeValueMemberN).Value, &v)
		if v <= inStream[name] {
			stream.add("%s: %d after %d", name, v, inStream[name])
		}
		inStream[name] = v
	}
	total := 0
	for name, tried := range k.tried {
		stored := numOf(k.c.get(t, "Items", key(name, "s"))["v"])
		if stored < k.acked[name] {
			missing.add("%s: %d is acknowledged, %d is stored", name, k.acked[name], stored)
		}
		if stored > tried {
			invented.add("%s: %d", name, stored)
		}
		if stored >= 0 && inIndex[name] != stored {
			index.add("%s: %d in the table, %d in the index", name, stored, inIndex[name])
		}
		if stored >= 0 && inStream[name] != stored {
			stream.add("%s: the last is %d, stored is %d", name, inStream[name], stored)
		}
		total = max(total, k.acked[name])
	}
	if total < 100 {
		t.Errorf("only %d puts of one writer were acknowledged", total)
	}
	t.Logf("about %d puts a writer", total)
	for _, l := range []*lost{&missing, &invented, &index, &stream} {
		l.report(t)
	}
}

// killBank moves money between accounts, and with each move writes down, in the
// same transaction, what was moved.
type killBank struct {
	c *client

	mu    sync.Mutex
	acked []string
}

const bankAccounts = 5

func newKillBank(t *testing.T, c *client) *killBank {
	c.createTable(t, "Accounts", hashOnly)
	c.createTable(t, "Moves", hashOnly)
	return &killBank{c: c}
}

func (k *killBank) write(ctx context.Context, writer int) {
	for n := 0; ctx.Err() == nil; n++ {
		id, from, to := fmt.Sprintf("%d-%d", writer, n), (n+writer)%bankAccounts, (n*3+writer+1)%bankAccounts
		if from == to {
			continue
		}
		for ctx.Err() == nil { // the same transaction with the same token until it is answered
			if k.move(ctx, id, from, to) == nil {
				k.mu.Lock()
				k.acked = append(k.acked, id)
				k.mu.Unlock()
				break
			}
			if !again(ctx) {
				return
			}
		}
	}
}

func (k *killBank) move(ctx context.Context, id string, from, to int) error {
	call, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	account := func(n int) item { return item{"pk": str(fmt.Sprint(n))} }
	_, err := k.c.db.TransactWriteItems(call, &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String("move-" + id), TransactItems: []types.TransactWriteItem{
		txUpdate("Accounts", account(from), "ADD n :v", item{":v": num(-1)}),
		txUpdate("Accounts", account(to), "ADD n :v", item{":v": num(1)}),
		txPut("Moves", item{"pk": str(id), "from": num(from), "to": num(to)}),
	}})
	return err
}

func (k *killBank) check(t *testing.T) {
	var expected, stored [bankAccounts]int
	moves := map[string]bool{}
	for p := dynamodb.NewScanPaginator(k.c.db, &dynamodb.ScanInput{TableName: aws.String("Moves"), ConsistentRead: aws.Bool(true)}); p.HasMorePages(); {
		for _, i := range try(p.NextPage(ctx(t))).must(t).Items {
			moves[strOf(i["pk"])] = true
			expected[numOf(i["from"])]--
			expected[numOf(i["to"])]++
		}
	}
	for n := range stored {
		if i := k.c.get(t, "Accounts", item{"pk": str(fmt.Sprint(n))}); i != nil {
			fmt.Sscan(i["n"].(*types.AttributeValueMemberN).Value, &stored[n])
		}
	}
	want(t, "accounts, recounted from the moves", stored, expected)
	missing := lost{what: "acknowledged transactions that are lost"}
	for _, id := range k.acked {
		if !moves[id] {
			missing.add("%s", id)
		}
	}
	missing.report(t)
	if len(k.acked) < 100 {
		t.Errorf("only %d transactions were acknowledged", len(k.acked))
	}
	t.Logf("%d transactions", len(k.acked))
}
