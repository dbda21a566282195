package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// hostile is a text that would do harm if a page did not escape it.
const hostile = `</textarea><img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'"&`

// tab is a Chromium that is looking at the console of a server.
type tab struct {
	t     *testing.T
	ctx   context.Context
	space string // URL of a namespace
	axe   string // the source of axe-core, "" if it is not there
	out   string // where screenshots go
	fine  string // what the browser may say, "" for nothing
}

// openTab starts Chromium. What the console of the browser says of errors, such
// as a violated content security policy, fails the test.
func openTab(t *testing.T, s *server, c *client) *tab {
	t.Helper()
	path := findChromium()
	if path == "" {
		missing(t, "no Chromium: set CHROMIUM to one, or install chromium")
		t.SkipNow()
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 900))
	alloc, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 300*time.Second)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, space: s.url() + "/_levee/at/" + c.account + "/" + c.region + "/", out: filepath.Join("out", "screens")}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.Text, "status of 4") && (b.fine == "" || !strings.Contains(e.Entry.Text, b.fine)) {
				t.Errorf("the browser says: %s (%s)", e.Entry.Text, e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("a script failed: %s", e.ExceptionDetails.Error())
		case *page.EventJavascriptDialogOpening:
			t.Errorf("a dialog opened: %s", e.Message)
		}
	})
	source, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		missing(t, "no axe-core: set AXE to its axe.min.js to check how accessible the pages are")
	}
	b.axe = string(source)
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

// missing says what the machine does not have. In CI, which installs it, that is a
// failure.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Log(what)
}

func findChromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func (b *tab) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// open opens a page of the namespace, or a whole URL.
func (b *tab) open(path string) {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.space + path
	}
	b.do(chromedp.Navigate(path), chromedp.WaitReady("main"))
}

func (b *tab) text(selector string) (text string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	err := chromedp.Run(ctx, chromedp.Text(selector, &text, chromedp.ByQuery))
	for err != nil && strings.Contains(err.Error(), "No node") { // it was replaced meanwhile
		err = chromedp.Run(ctx, chromedp.Text(selector, &text, chromedp.ByQuery))
	}
	if err != nil {
		var page string
		b.eval(`location + "\n" + document.body.innerText`, &page)
		b.t.Fatalf("%s: %v, on the page %s", selector, err, page)
	}
	return text
}

func (b *tab) eval(script string, into any) {
	b.t.Helper()
	b.do(chromedp.Evaluate(script, into))
}

// submit fills fields by selector and presses a button, which leads to a page.
func (b *tab) submit(button string, fields map[string]string) {
	b.t.Helper()
	for selector, value := range fields {
		b.do(chromedp.SetValue(selector, value, chromedp.ByQuery))
	}
	resp, err := chromedp.RunResponse(b.ctx, chromedp.Click(button, chromedp.ByQuery))
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.Status >= 500 {
		b.t.Errorf("status %d", resp.Status)
	}
	b.do(chromedp.WaitReady("main"))
}

// shoot keeps a screenshot.
func (b *tab) shoot(name string) {
	b.t.Helper()
	var png []byte
	b.do(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(b.out, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// accessible reports what axe-core finds serious about a page.
func (b *tab) accessible(name string) {
	b.t.Helper()
	if b.axe == "" {
		return
	}
	var found string
	b.eval(b.axe+"; 0", nil)
	b.do(chromedp.Evaluate(`axe.run().then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => [v.id, v.nodes.map(n => n.html + " " + n.failureSummary)])))`, &found, awaitPromise))
	var list []any
	if err := json.Unmarshal([]byte(found), &list); err != nil || len(list) > 0 {
		b.t.Errorf("%s: axe-core finds %s %v", name, found, err)
	}
}

// awaitPromise has a script's promise waited for.
func awaitPromise(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }

// fits reports a page that is wider than its window.
func (b *tab) fits(name string) {
	b.t.Helper()
	var over int
	if b.eval("document.documentElement.scrollWidth - window.innerWidth", &over); over > 0 {
		b.t.Errorf("%s is %d pixels too wide", name, over)
	}
}

// furnish makes a table and queues with something in each state.
func furnish(t *testing.T, c *client) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	_, err := c.db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("orders"), BillingMode: dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: []dbtypes.AttributeDefinition{
			{AttributeName: aws.String("customer"), AttributeType: "S"}, {AttributeName: aws.String("number"), AttributeType: "N"}, {AttributeName: aws.String("status"), AttributeType: "S"},
		},
		KeySchema: []dbtypes.KeySchemaElement{{AttributeName: aws.String("customer"), KeyType: "HASH"}, {AttributeName: aws.String("number"), KeyType: "RANGE"}},
		GlobalSecondaryIndexes: []dbtypes.GlobalSecondaryIndex{{
			IndexName: aws.String("by-status"), Projection: &dbtypes.Projection{ProjectionType: "ALL"},
			KeySchema: []dbtypes.KeySchemaElement{{AttributeName: aws.String("status"), KeyType: "HASH"}},
		}},
		StreamSpecification: &dbtypes.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: "NEW_AND_OLD_IMAGES"},
	})
	must(err)
	for i := range 70 {
		must(c.putOrder(ctx, fmt.Sprintf("customer-%02d", i%7), i))
	}
	_, err = c.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]dbtypes.AttributeValue{
		"customer": &dbtypes.AttributeValueMemberS{Value: hostile}, "number": &dbtypes.AttributeValueMemberN{Value: "1"},
		hostile: &dbtypes.AttributeValueMemberS{Value: hostile},
	}})
	must(err)
	_, err = c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("failed-jobs.fifo"), Attributes: map[string]string{"FifoQueue": "true"}})
	must(err)
	jobs, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("jobs.fifo"), Attributes: map[string]string{
		"FifoQueue": "true", "ContentBasedDeduplication": "true",
		"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:` + c.region + ":" + c.account + `:failed-jobs.fifo","maxReceiveCount":"3"}`,
	}})
	must(err)
	for i := range 12 {
		_, err = c.sqs.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: jobs.QueueUrl, MessageGroupId: aws.String(fmt.Sprintf("customer-%02d", i%4)), MessageBody: aws.String(fmt.Sprintf(`{"order":%d,"do":"ship"}`, i)),
		})
		must(err)
	}
	_, err = c.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: jobs.QueueUrl, MaxNumberOfMessages: 2, VisibilityTimeout: 600})
	must(err)
}

// endpoint is a function behind HTTP, which fails for what has boom in it.
func endpoint(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil || bytes.Contains(event, []byte("boom")) {
			http.Error(w, hostile, http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(event)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// furnishFunctions makes a function with invocations that worked and that failed, and
// mappings of the queue and of the stream of furnish. It returns the id of the latter.
func furnishFunctions(t *testing.T, c *client) string {
	t.Helper()
	ctx := t.Context()
	try(c.lambda.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("ship"), PackageType: lambdatypes.PackageTypeImage, Role: aws.String("arn:aws:iam::" + c.account + ":role/any"),
		Code: &lambdatypes.FunctionCode{ImageUri: aws.String(endpoint(t))}, Environment: &lambdatypes.Environment{Variables: map[string]string{"STAGE": "test"}},
	})).must(t)
	for _, event := range []string{`{"order":1}`, `"boom"`, `{"text":"</pre><script>window.harmed=1</script>"}`} {
		try(c.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("ship"), Payload: []byte(event)})).must(t)
	}
	table := try(c.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("orders")})).must(t)
	m := try(c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("ship"), EventSourceArn: table.Table.LatestStreamArn, StartingPosition: lambdatypes.EventSourcePositionTrimHorizon,
	})).must(t)
	try(c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("parcels")})).must(t)
	try(c.lambda.CreateEventSourceMapping(ctx, &lambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("ship"), EventSourceArn: aws.String("arn:aws:sqs:" + c.region + ":" + c.account + ":parcels"), Enabled: aws.Bool(false),
	})).must(t)
	return *m.UUID
}

// furnishTight makes a table that is held to its capacity, and has it throttle.
func furnishTight(t *testing.T, c *client) {
	t.Helper()
	ctx := t.Context()
	try(c.db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:             aws.String("tight"),
		AttributeDefinitions:  []dbtypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:             []dbtypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
		ProvisionedThroughput: &dbtypes.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)},
		Tags:                  []dbtypes.Tag{{Key: aws.String("levee:capacity"), Value: aws.String("enforce")}},
	})).must(t)
	try(c.db.UpdateContributorInsights(ctx, &dynamodb.UpdateContributorInsightsInput{
		TableName: aws.String("tight"), ContributorInsightsAction: dbtypes.ContributorInsightsActionEnable,
	})).must(t)
	throttled := 0
	for i := range 400 {
		_, err := c.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("tight"), Item: map[string]dbtypes.AttributeValue{
			"id": &dbtypes.AttributeValueMemberS{Value: fmt.Sprintf("key <b>%d", i%7)},
		}})
		if err != nil {
			throttled++
		}
	}
	if throttled == 0 {
		t.Fatal("nothing was throttled")
	}
}

func (c *client) putOrder(ctx context.Context, customer string, number int) error {
	_, err := c.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("orders"), Item: map[string]dbtypes.AttributeValue{
		"customer": &dbtypes.AttributeValueMemberS{Value: customer}, "number": &dbtypes.AttributeValueMemberN{Value: fmt.Sprint(number)},
		"status": &dbtypes.AttributeValueMemberS{Value: []string{"open", "paid", "shipped"}[number%3]},
		"total":  &dbtypes.AttributeValueMemberN{Value: fmt.Sprintf("%d.90", 10+number)},
		"lines": &dbtypes.AttributeValueMemberL{Value: []dbtypes.AttributeValue{&dbtypes.AttributeValueMemberM{Value: map[string]dbtypes.AttributeValue{
			"sku": &dbtypes.AttributeValueMemberS{Value: fmt.Sprintf("SKU-%d", number)}, "count": &dbtypes.AttributeValueMemberN{Value: "2"},
		}}}},
	}})
	return err
}

// orderPath is the page of an order, below the namespace.
func orderPath(customer string, number int) string {
	key := fmt.Sprintf(`{"customer":{"S":%q},"number":{"N":"%d"}}`, customer, number)
	return "tables/orders/item?" + url.Values{"key": {key}}.Encode()
}

// TestConsolePages looks at every page: in both languages and schemes, wide and as
// on a phone.
func TestConsolePages(t *testing.T) {
	s := startServer(t, "--memory", "--functions", "--sinks", sinksFile(t))
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	mapping := furnishFunctions(t, c)
	furnishTight(t, c)
	furnishPipes(t, c)
	b.open("tables/orders/counters")
	b.submit(`form[action$="/create"] button.primary`, map[string]string{"[name=name]": "by-customer", "[name=group]": "customer", "[name=sum]": "total"})
	pages := map[string]string{
		"overview": s.url() + "/_levee/", "namespace": "", "tables": "tables/", "queues": "queues/",
		"create-table": "create-table", "create-queue": "create-queue", "statement": "statement",
		"items": "tables/orders", "query": "tables/orders?pk=customer-01&f=status&fop=%3D&ft=S&fv=paid",
		"item": orderPath("customer-01", 1), "item-form": orderPath("customer-01", 1) + "&view=form",
		"settings": "tables/orders/settings", "stream": "tables/orders/stream", "transfer": "tables/orders/transfer",
		"messages": "queues/jobs.fifo", "send": "queues/jobs.fifo/send", "queue-settings": "queues/failed-jobs.fifo/settings",
		"capacity": "tables/tight/capacity", "no-capacity": "tables/orders/capacity",
		"functions": "functions/", "function": "functions/ship", "invoke": "functions/ship/invoke", "function-settings": "functions/ship/settings",
		"mapping": "mappings/" + mapping, "pipes": "pipes/", "pipe": "pipes/changes", "pipe-of-queue": "pipes/parcels", "counters": "tables/orders/counters", "surge": s.url() + "/_levee/surge", "rehearse": s.url() + "/_levee/rehearse",
		"nothing": "tables/nothing",
	}
	b.do(log.Enable(), chromedp.EmulateViewport(1280, 900))
	for name, path := range pages {
		b.open(path)
		b.shoot(name)
		b.accessible(name)
	}
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}), chromedp.EmulateViewport(390, 844))
	for name, path := range pages {
		b.open(path)
		b.fits(name)
		b.shoot(name + "-phone")
		b.accessible(name + " on a phone, dark")
	}
	b.open(s.url() + "/_levee/")
	b.submit("button[value=ko]", nil)
	if title := b.text("h1"); title != "개요" {
		t.Errorf("title %q", title)
	}
	for name, path := range pages {
		b.open(path)
		b.fits(name + " in Korean")
		b.shoot(name + "-korean-phone")
		if got := b.untranslated(); len(got) > 0 {
			t.Errorf("%s in Korean says %q", name, got)
		}
	}
	b.do(chromedp.EmulateViewport(1280, 900))
	for _, name := range []string{"overview", "surge", "function", "capacity"} {
		b.open(pages[name])
		b.shoot(name + "-korean")
		b.accessible(name + " in Korean")
	}
	b.unharmed()
}

// untranslated returns keys of texts that a page shows for want of their text.
func (b *tab) untranslated() (keys []string) {
	b.t.Helper()
	b.eval(`[...document.querySelectorAll("h2, h3, th, dt, label, button, summary, p")].filter(el => el.children.length === 0 && /^[a-z]+\.[a-z]+$/.test(el.textContent.trim())).map(el => el.textContent)`, &keys)
	return keys
}

// unharmed reports a text that was run.
func (b *tab) unharmed() {
	b.t.Helper()
	var harmed bool
	if b.eval("window.harmed !== undefined", &harmed); harmed {
		b.t.Error("a text was run")
	}
}

// TestConsoleEdits edits items as two people would, with numbers of 38 digits and
// hostile texts.
func TestConsoleEdits(t *testing.T) {
	const digits = "98765432109876543210987654321098765432"
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	b.open("tables/orders?pk=" + url.QueryEscape(hostile))
	if got := b.text("tbody th"); got != hostile {
		t.Errorf("the key is shown as %s", got)
	}
	b.do(chromedp.Click("tbody a", chromedp.ByQuery), chromedp.WaitReady("#json"))
	b.unharmed()

	b.open(orderPath("customer-01", 1))
	var json string
	b.do(chromedp.Value("#json", &json, chromedp.ByQuery))
	edited := strings.Replace(json, `"11.9"`, `"`+digits+`"`, 1)
	b.submit("button.primary", map[string]string{"#json": edited})
	if got := b.text(".done"); got != "Saved." {
		t.Errorf("it says %q", got)
	}
	got, err := c.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("orders"), Key: map[string]dbtypes.AttributeValue{
		"customer": &dbtypes.AttributeValueMemberS{Value: "customer-01"}, "number": &dbtypes.AttributeValueMemberN{Value: "1"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := got.Item["total"].(*dbtypes.AttributeValueMemberN); !ok || n.Value != digits {
		t.Errorf("total is %v", got.Item["total"])
	}

	if err := c.putOrder(t.Context(), "customer-01", 1); err != nil { // somebody else, meanwhile
		t.Fatal(err)
	}
	b.submit("button.primary", map[string]string{"#json": strings.Replace(edited, digits, "1", 1)})
	if got := b.text(".problem"); !strings.Contains(got, "somebody else has changed the item") {
		t.Errorf("it says %q", got)
	}
	b.shoot("conflict")
	b.accessible("conflict")
}

// TestConsoleLive watches figures change, and pauses them.
func TestConsoleLive(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			_ = c.putOrder(ctx, fmt.Sprintf("customer-%02d", i%50), i)
		}
	}()
	defer func() { stop(); <-done }()
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open(s.url() + "/_levee/")
	b.do(chromedp.Poll(`Number(document.querySelector('tr[data-id^="t/"] [data-col="0"]').textContent) > 0`, nil))
	b.do(chromedp.Poll(`document.querySelectorAll(".plot canvas").length === 3`, nil))
	if os.Getenv("SCREENS") != "" { // for the documentation: a plot of more than a point
		b.do(chromedp.Sleep(40 * time.Second))
	}
	b.shoot("live")
	b.do(chromedp.Click("#pause", chromedp.ByQuery))
	if got := b.text("#live-state"); got != "Paused" {
		t.Errorf("it says %q", got)
	}
}
