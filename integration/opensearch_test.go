package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
)

var openSearchPort = regexp.MustCompile(`HTTP Port: *(\d+)`)

// get asks for a page of JSON, and returns the status.
func get(ctx context.Context, url string, into any) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := transport.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, json.NewDecoder(resp.Body).Decode(into)
}

// startOpenSearch starts a node, which says what port it has found, and returns its
// URL.
func startOpenSearch(t *testing.T) (url string) {
	t.Helper()
	jars := installed(t, "opensearch")
	startNeighbour(t, func(ctx context.Context, n *neighbour) bool {
		found := openSearchPort.FindStringSubmatch(n.log.String())
		if found == nil && url == "" {
			return false
		}
		if found != nil {
			url = "http://127.0.0.1:" + found[1]
		}
		var health struct{ Status string }
		status, err := get(ctx, url+"/_cluster/health", &health)
		return err == nil && status == http.StatusOK && health.Status == "green"
	}, "java", java(jars, "org.codelibs.opensearch.runner.OpenSearchRunner", "-numOfNode", "1", "-basePath", t.TempDir())...)
	return url
}

// indexed is a document.
type indexed struct {
	Found  bool
	Source struct{ N int } `json:"_source"`
}

// An index follows a table, over the death of the server: the newest version of each
// item, nothing of what was removed, also while all changes come once more.
func TestPipeToOpenSearch(t *testing.T) {
	url := startOpenSearch(t)
	c := startWithSinks(t, `search: {opensearch: {url: %q, index: items, mappings: {properties: {n: {type: long}, code: {type: keyword}}},
		settings: {index.number_of_replicas: 0}, aws: {region: eu-west-1, access_key: key, secret_key: secret}}}`, url)
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	stream := *c.describe(t, "source").LatestStreamArn
	c.pipe(t, "first", stream, "search", "")
	const items, changes = 10, 10
	key := func(i int) map[string]ddb.AttributeValue {
		return map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint("item", i)}}
	}
	put := func(i, n int) {
		t.Helper()
		item := key(i)
		item["n"], item["code"] = &ddb.AttributeValueMemberN{Value: fmt.Sprint(n)}, &ddb.AttributeValueMemberS{Value: "a b"}
		try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: item})).must(t)
	}
	for n := range changes {
		for i := range items {
			put(i, n)
		}
		if n == changes/2 {
			c.server.restart(t, os.Kill)
		}
	}
	try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: aws.String("source"), Key: key(0)})).must(t)

	document := func(i int) (d indexed) {
		t.Helper()
		if _, err := get(ctx(t), fmt.Sprintf("%s/items/_doc/item%d", url, i), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	eventually(t, "the index is as new as the table", func() bool {
		for i := 1; i < items; i++ {
			if d := document(i); !d.Found || d.Source.N != changes-1 {
				return false
			}
		}
		return !document(0).Found
	})
	var mapping map[string]struct {
		Mappings struct {
			Properties map[string]struct{ Type string }
		}
	}
	try(get(ctx(t), url+"/items/_mapping", &mapping)).must(t)
	want(t, "type of code", mapping["items"].Mappings.Properties["code"].Type, "keyword")

	// Once more, all from the beginning: nothing may go back on the way to what is new.
	try(c.pipes.DeletePipe(ctx(t), &pipes.DeletePipeInput{Name: aws.String("first")})).must(t)
	c.pipe(t, "again", stream, "search", "")
	for i := range items {
		put(i, changes)
	}
	eventually(t, "the second pipe has done what the first did, and more", func() bool {
		done := true
		for i := range items {
			d := document(i)
			if i == 0 && d.Found && d.Source.N != changes || i > 0 && (!d.Found || d.Source.N < changes-1) {
				t.Fatalf("item%d has gone back: %+v", i, d)
			}
			done = done && d.Found && d.Source.N == changes
		}
		return done
	})
}
