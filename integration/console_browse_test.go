package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/pipes"
	pipetypes "github.com/aws/aws-sdk-go-v2/service/pipes/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/chromedp/chromedp"
)

// column returns the texts of a column of the list.
func (b *tab) column(name string) (list []string) {
	b.t.Helper()
	b.eval(`(() => {
		const at = [...document.querySelectorAll("thead th")].findIndex(th => th.textContent.trim() === `+"`"+name+"`"+`);
		return at < 0 ? [] : [...document.querySelectorAll("tbody tr")].map(tr => tr.children[at + 1].textContent);
	})()`, &list)
	return list
}

// TestConsoleBrowse does with a list of items what a person would: sorts it, chooses
// its columns, looks at its code, copies an item, takes a query home, and deletes what
// was chosen.
func TestConsoleBrowse(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("tables/orders?pk=customer-01")
	for range 2 {
		b.submit(`th a[href*="by=total"]`, nil)
	}
	totals := b.column("total")
	want := []string{"74.9", "67.9", "60.9", "53.9", "46.9", "39.9", "32.9", "25.9", "18.9", "11.9"}
	if !slices.Equal(totals, want) {
		t.Errorf("sorted down by total: %q", totals)
	}
	b.do(chromedp.Click("#columns summary", chromedp.ByQuery))
	b.eval(`document.querySelector('#columns [value=lines]').checked = false`, nil)
	b.submit("#columns button", nil)
	if got := b.column("lines"); len(got) > 0 || len(b.column("status")) != 10 {
		t.Errorf("the column is still there: %q", got)
	}
	b.do(chromedp.Click("#code summary", chromedp.ByQuery))
	if got := b.text("#command"); !strings.Contains(got, "aws dynamodb query") || !strings.Contains(got, s.url()) {
		t.Errorf("the command is %s", got)
	}
	b.shoot("items-sorted")
	b.accessible("items, sorted, with code")

	file, err := os.ReadFile(b.download("tables/orders?pk=customer-01", `//a[@id="csv"]`))
	if err != nil || strings.Count(string(file), "\n") != 11 || strings.Contains(string(file), "customer-02") {
		t.Errorf("%v\n%s", err, file)
	}

	b.open(orderPath("customer-01", 1))
	b.submit("#copy", nil)
	var json string
	b.do(chromedp.Value("#json", &json, chromedp.ByQuery))
	b.submit("button.primary", map[string]string{"#json": strings.Replace(json, `"N": "1"`, `"N": "1000"`, 1)})
	b.says(".done", "Saved.")

	b.open("tables/orders?pk=customer-01")
	b.do(chromedp.Click("[data-all]", chromedp.ByQuery), chromedp.Click(`[name=key]`, chromedp.ByQuery), chromedp.Click("#chosen summary", chromedp.ByQuery))
	b.submit("#chosen button.danger", map[string]string{"[name=confirm]": "order"})
	b.says("[role=alert]", "orders")
	b.shoot("items-delete")
	b.accessible("items to be deleted")
	b.submit("#chosen button.danger", map[string]string{"[name=confirm]": "orders"})
	b.says(".done", "deleted")
	if left := b.column("number"); !slices.Equal(left, []string{"1"}) {
		t.Errorf("left are %q", left)
	}
	b.unharmed()
}

// furnishPipes makes a pipe from the queue of parcels to the table orders, and one from
// its stream that fails, and a counter of the table. It wants what furnishFunctions
// makes.
func furnishPipes(t *testing.T, c *client) {
	t.Helper()
	ctx := t.Context()
	table := try(c.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")})).must(t)
	try(c.pipes.CreatePipe(ctx, &pipes.CreatePipeInput{
		Name: aws.String("parcels"), RoleArn: pipeRole, Description: aws.String(hostile[:80]),
		Source: aws.String(c.queueARN("parcels")), Target: aws.String("arn:aws:levee:::sink/archive"),
		TargetParameters: &pipetypes.PipeTargetParameters{InputTemplate: aws.String(`{"parcel": <$.body.id>, "seen": "<aws.pipes.event.ingestion-time>"}`)},
		SourceParameters: &pipetypes.PipeSourceParameters{FilterCriteria: &pipetypes.FilterCriteria{Filters: []pipetypes.Filter{{Pattern: aws.String(`{"body":{"id":[{"exists":true}]}}`)}}}},
	})).must(t)
	try(c.pipes.CreatePipe(ctx, &pipes.CreatePipeInput{
		Name: aws.String("changes"), RoleArn: pipeRole, Source: table.Table.LatestStreamArn, Target: aws.String("arn:aws:lambda:us-east-1:" + c.account + ":function:ship"),
		SourceParameters: &pipetypes.PipeSourceParameters{DynamoDBStreamParameters: &pipetypes.PipeSourceDynamoDBStreamParameters{StartingPosition: pipetypes.DynamoDBStreamStartPositionTrimHorizon}},
		TargetParameters: &pipetypes.PipeTargetParameters{InputTemplate: aws.String(`"boom"`)},
	})).must(t)
}

// sinksFile declares a sink of files.
func sinksFile(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "sinks.yaml")
	if err := os.WriteFile(name, []byte("archive: {files: {dir: "+filepath.Join(dir, "archive")+"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestConsolePipes watches pipes, stops and deletes one, and makes a counter and
// watches it count.
func TestConsolePipes(t *testing.T) {
	s := startServer(t, "--memory", "--functions", "--sinks", sinksFile(t))
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	furnishFunctions(t, c)
	furnishPipes(t, c)
	b.open("pipes/")
	b.says("#sink-archive", "archive")
	url := aws.String(s.url() + "/" + c.account + "/parcels")
	for _, body := range []string{`{"id":1}`, `{"id":2}`, `{"other":3}`} {
		try(c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(body)})).must(t)
	}
	b.submit("#p-parcels", nil)
	b.says("#template", "$.body.id")
	b.do(chromedp.Poll(`document.getElementById("handled").textContent === "2"`, nil))
	b.unharmed()
	b.open("pipes/changes")
	b.do(chromedp.Poll(`document.querySelector("pre.bad") !== null && document.querySelectorAll("#shards tbody tr").length > 0`, nil))
	b.submit("#switch", nil)
	b.says(".done", "changed")
	b.says("#state", "Off")
	b.submit(`form[action$="/delete"] button`, map[string]string{"[name=confirm]": "changes"})
	b.says(".done", "deleted")

	b.open("tables/orders/counters")
	b.submit(`form[action$="/create"] button.primary`, map[string]string{"[name=name]": "by-customer", "[name=group]": "customer", "[name=sum]": "total"})
	b.says(".done", "made")
	b.do(chromedp.Poll(`document.querySelector(".counter").textContent.includes("customer-01")`, nil))
	if err := c.putOrder(t.Context(), "customer-new", 1); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Poll(`document.querySelector(".counter").textContent.includes("customer-new")`, nil))
	b.submit(`form[action$="/counters/delete"] button`, map[string]string{`form[action$="/counters/delete"] [name=confirm]`: "by-customer"})
	b.says(".done", "deleted")
}
