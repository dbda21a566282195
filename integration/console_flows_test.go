package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// says fails the test unless an element has a text.
func (b *tab) says(selector, text string) {
	b.t.Helper()
	if got := b.text(selector); !strings.Contains(got, text) {
		b.t.Errorf("%s says %q, not %q", selector, got, text)
	}
}

// awaits waits until a script is true, over pages that come meanwhile.
func (b *tab) awaits(script string) {
	b.t.Helper()
	for {
		err := chromedp.Run(b.ctx, chromedp.Poll(script, nil))
		if err == nil {
			return
		}
		if b.ctx.Err() != nil || !strings.Contains(err.Error(), "navigated") && !strings.Contains(err.Error(), "context") {
			var page string
			b.eval(`location + "\n" + document.body.innerText`, &page)
			b.t.Fatalf("%s: %v, on the page %s", script, err, page)
		}
	}
}

// press presses a button of a form by the form's action.
func (b *tab) press(action string, fields map[string]string) {
	b.t.Helper()
	form := `form[action$="` + action + `"]`
	in := map[string]string{}
	for name, value := range fields {
		in[form+` [name="`+name+`"]`] = value
	}
	b.submit(form+" button", in)
}

// TestConsoleFunctions invokes a function, sees what it printed and why it failed, and
// switches its mapping off and on.
func TestConsoleFunctions(t *testing.T) {
	s := startServer(t, "--memory", "--functions")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	mapping := furnishFunctions(t, c)
	b.open("functions/")
	b.says("main", "127.0.0.1")
	b.open("functions/ship/invoke")
	b.submit("form.card button.primary", map[string]string{"#event": `{"n": 98765432109876543210987654321098765432, "s": "<b>"}`})
	b.says("#payload", "98765432109876543210987654321098765432")
	b.says("#log", "REPORT RequestId")
	b.submit("form.card button.primary", map[string]string{"#event": `"boom"`})
	b.says("section [role=status]", "failed")
	b.shoot("invoke-failed")
	b.accessible("invoke-failed")
	b.submit("form.card button.primary", map[string]string{"#event": `{`})
	b.says("[role=alert]", "InvalidRequestContentException")
	b.open("functions/ship")
	b.do(chromedp.Click("details.failed summary", chromedp.ByQuery))
	b.says("details.failed[open] pre", "END RequestId")
	b.shoot("function-log")
	b.accessible("function-log")

	// Somebody writes a poison record: the mapping lags, and says why.
	b.open("mappings/" + mapping)
	if err := c.putOrder(t.Context(), "boom", 1); err != nil {
		t.Fatal(err)
	}
	b.awaits(`document.querySelector("#failure") !== null`)
	b.shoot("mapping-failing")
	b.accessible("mapping-failing")
	b.unharmed()
	b.submit("#switch", nil)
	b.says("#state", "Disabled")
	b.submit("#switch", nil)
	b.says("#state", "Enabled")
	b.press("/delete", map[string]string{"confirm": "shipp"})
	b.says("[role=alert]", "ship")
	b.press("/delete", map[string]string{"confirm": "ship"})
	b.says(".done", "deleted")
}

// TestConsoleSurge starts a surge from the page, watches it live and reads its report;
// and cancels another one.
func TestConsoleSurge(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, "000000000000", "us-east-1")
	b := openTab(t, s, c)
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open(s.url() + "/_levee/surge")
	messages := "3000"
	if os.Getenv("SCREENS") != "" { // for the documentation: longer than some seconds
		messages = "15000"
	}
	b.submit("form.card button.primary", map[string]string{"[name=messages]": messages, "[name=companies]": "5", "[name=segment]": "40", "[name=trouble]": "5"})
	b.awaits(`document.querySelectorAll(".plot canvas").length === 3 && document.querySelector("[data-text=stored]")?.textContent.replace(/\D/g, "") > 0`)
	b.shoot("surge-live")
	b.accessible("surge-live")
	if os.Getenv("SCREENS") != "" {
		b.awaits(`document.querySelector("[data-bar=stored]")?.value > 0.5`)
		b.shoot("surge-documentation")
	}
	b.awaits(`document.querySelector("#surgereport") !== null`)
	b.says("#surgereport .done", "Held")
	b.awaits(`document.querySelectorAll(".plot canvas").length === 3`)
	b.shoot("surge-report")
	b.accessible("surge-report")
	b.do(chromedp.EmulateViewport(390, 844))
	b.open(s.url() + "/_levee/surge")
	b.fits("surge-report")
	b.shoot("surge-report-phone")
	b.open("queues/surge-1.fifo") // which the report links to
	b.says("h1", "surge-1.fifo")

	b.open(s.url() + "/_levee/surge")
	b.submit("form.card button.primary", map[string]string{"[name=messages]": "400000"})
	b.awaits(`document.querySelector("#cancel") !== null`)
	b.fits("surge-live")
	b.shoot("surge-live-phone")
	b.submit("#cancel", nil)
	b.says(".done", "cancelled")
}

// TestConsoleRehearsal plays a scenario from the page and opens its report.
func TestConsoleRehearsal(t *testing.T) {
	s := startServer(t, "--memory")
	b := openTab(t, s, newClient(s, newAccount(), "us-east-1"))
	b.open(s.url() + "/_levee/rehearse")
	b.submit("form.card button.primary", nil)
	b.says(".done", "Played")
	b.shoot("rehearsed")
	b.accessible("rehearsed")
	b.do(chromedp.Click("tbody a", chromedp.ByQuery), chromedp.WaitReady("svg"))
	b.says("h1", "campaign")
	b.shoot("rehearsal")
	b.do(chromedp.EmulateViewport(390, 844))
	b.fits("rehearsal")
	b.shoot("rehearsal-phone")
	b.open(s.url() + "/_levee/rehearse")
	b.submit("form.card button.primary", map[string]string{"#scenario": "traffic: [{log: {file: /etc/passwd}}]\ndesigns: [{name: d}]"})
	b.says("[role=alert]", "names no file")
}

// TestConsoleTable does with a table what a person would: makes one, adds an item,
// exports and imports, sets what there is to set, and deletes it.
func TestConsoleTable(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	b.open("tables/")
	b.says(".empty pre", "aws dynamodb create-table")
	b.open("create-table")
	b.submit("button.primary", map[string]string{"#name": "parts", "[name=hash]": "id"})
	b.says(".done", "created")
	b.open("tables/parts/item")
	b.submit("button.primary", map[string]string{"#json": `{"id":{"S":"a"},"n":{"N":"12345678901234567890123456789012345678"}}`})
	b.says(".done", "Saved")

	for _, format := range []string{"JSON", "CSV"} {
		file := b.download("tables/parts/transfer", `//a[text()="`+format+`"]`)
		try(c.db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("parts"), Key: map[string]dbtypes.AttributeValue{"id": &dbtypes.AttributeValueMemberS{Value: "a"}}})).must(t)
		b.open("tables/parts/transfer")
		b.do(chromedp.SetUploadFiles("#file", []string{file}, chromedp.ByQuery))
		b.submit(`form[action$="/import"] button`, nil)
		b.says(".done", "1 items imported")
		b.open("tables/parts")
		b.says("tbody", "12345678901234567890123456789012345678")
	}

	const settings = "tables/parts/settings"
	for _, step := range []struct {
		action string
		fields map[string]string
	}{
		{"settings/ttl", map[string]string{"attribute": "ends"}},
		{"settings/tag", map[string]string{"key": "team", "value": hostile[:60]}},
		{"settings/backup", map[string]string{"name": "before"}},
	} {
		b.open(settings)
		if step.action == "settings/ttl" {
			b.eval(`document.querySelector('form[action$="settings/ttl"] [name=on]').checked = true`, nil)
		}
		if step.action == "settings/tag" { // the service does not take it
			b.press(step.action, step.fields)
			b.says("[role=alert]", "Exception")
			step.fields["value"] = "a b"
		}
		b.press(step.action, step.fields)
		b.says(".done", "changed")
	}
	b.says("main", "ENABL")
	b.says("main", "team = a b")
	b.says("main", "before · AVAILABLE")
	b.press("settings/restore", map[string]string{"name": "restored"})
	b.open("tables/restored")
	b.says("tbody", "12345678901234567890123456789012345678")
	b.open(settings)
	b.press("/delete-table", map[string]string{"confirm": "part"})
	b.says("[role=alert]", "parts")
	b.press("/delete-table", map[string]string{"confirm": "parts"})
	b.says(".done", "deleted")
	b.unharmed()
}

// download opens a page, follows a link to a file, and returns where the file is.
func (b *tab) download(page, link string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	done := make(chan string, 1)
	chromedp.ListenTarget(b.ctx, func(event any) {
		if e, ok := event.(*browser.EventDownloadProgress); ok && e.State == browser.DownloadProgressStateCompleted {
			select {
			case done <- e.GUID:
			default:
			}
		}
	})
	b.open(page)
	b.do(browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllowAndName).WithDownloadPath(dir).WithEventsEnabled(true),
		chromedp.Click(link, chromedp.BySearch))
	select {
	case id := <-done:
		name := filepath.Join(dir, "export."+strings.ToLower(b.text2(link)))
		if err := os.Rename(filepath.Join(dir, id), name); err != nil {
			b.t.Fatal(err)
		}
		return name
	case <-b.ctx.Done():
		b.t.Fatal("the file does not come")
	}
	return ""
}

func (b *tab) text2(link string) (text string) {
	b.t.Helper()
	b.do(chromedp.Text(link, &text, chromedp.BySearch))
	return text
}

// TestConsoleQueue does with queues what a person would: sends, peeks, redrives dead
// letters, purges and deletes.
func TestConsoleQueue(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	b.open("queues/")
	b.says(".empty pre", "aws sqs create-queue")
	for _, name := range []string{"dead", "jobs"} {
		b.open("create-queue")
		b.submit("button.primary", map[string]string{"#name": name})
		b.says(".done", "created")
	}
	b.open("queues/jobs/settings")
	b.press("settings/dead", map[string]string{"target": "arn:aws:sqs:us-east-1:" + c.account + ":dead", "receives": "1"})
	b.says(".done", "Done")
	b.open("queues/jobs/send")
	b.submit("button.primary", map[string]string{"#body": hostile})
	b.says(".done", "Sent")
	b.says("#messages", hostile)
	url := try(c.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("jobs")})).must(t).QueueUrl
	for range 2 { // the second finds it received once too often
		for _, m := range try(c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url})).must(t).Messages {
			try(c.sqs.ChangeMessageVisibility(t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle})).must(t)
		}
	}
	b.open("queues/dead")
	b.says("#messages", "a dead letter of")
	b.shoot("dead-letters")
	b.accessible("dead-letters")
	b.open("queues/dead/settings")
	b.press("settings/move", nil)
	b.says(".done", "Done")
	b.open("queues/jobs")
	b.awaits(`document.querySelector("#messages").textContent.includes("waits to be received")`)
	b.open("queues/jobs/settings")
	b.press("settings/purge", map[string]string{"confirm": "x"})
	b.says("[role=alert]", "jobs")
	b.press("settings/purge", map[string]string{"confirm": "jobs"})
	b.open("queues/jobs")
	b.says("#messages .empty", "aws sqs send-message")
	b.open("queues/jobs/settings")
	b.press("/delete-queue", map[string]string{"confirm": "jobs"})
	b.says(".done", "deleted")
	b.unharmed()
}

// TestConsoleGroups sees which groups of a FIFO queue are deepest, and why a message of
// them is held back.
func TestConsoleGroups(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	b.open("queues/jobs.fifo")
	b.says("#messages", "4 message groups, the deepest first")
	b.says("#messages", "closed")
	b.says("#messages", "held back: a message of its group is in flight")
	b.open("queues/")
	b.awaits(`document.querySelector('[data-col="12"]').textContent === "1" && document.querySelector('[data-col="11"]').textContent === "3" || document.querySelectorAll('[data-col="12"]')[1]?.textContent === "1"`)
}

// TestConsoleKeyboard reaches what there is by the keyboard alone.
func TestConsoleKeyboard(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	b.open("tables/orders")
	b.do(emulation.SetFocusEmulationEnabled(true), chromedp.KeyEvent(kb.Tab))
	var at string
	if b.eval(`document.activeElement.className`, &at); at != "skip" {
		t.Errorf("the first stop is %q", at)
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	if b.eval(`document.activeElement.id`, &at); at != "main" {
		t.Errorf("the link to the content leads to %q", at)
	}
	seen := map[string]bool{}
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
		var outlined bool
		b.eval(`(document.activeElement.name || document.activeElement.textContent).trim()`, &at)
		if b.eval(`getComputedStyle(document.activeElement).outlineStyle !== "none"`, &outlined); !outlined {
			t.Errorf("nobody sees that %q has the focus", at)
		}
		seen[at] = true
		if at == "customer-00" {
			break
		}
	}
	for _, name := range []string{"Settings", "index", "pk", "skop", "Run", "New item"} {
		if !seen[name] {
			t.Errorf("no stop at %s: %v", name, seen)
		}
	}
	// A part of a page that is asked for again keeps the focus and what is open.
	b.open("queues/jobs.fifo")
	b.do(chromedp.Focus("#messagelist", chromedp.ByQuery))
	b.eval(`document.querySelector("#messagelist").dataset.old = "1"`, nil)
	b.awaits(`document.querySelector("#messagelist").dataset.old !== "1"`)
	if b.eval(`document.activeElement.id`, &at); at != "messagelist" {
		t.Errorf("the focus went to %q", at)
	}
	// What is paused stays as it is, and what a link shows is in its address.
	b.do(chromedp.Click("#pause", chromedp.ByQuery))
	b.says("#live-state", "Paused")
	var here string
	b.open("tables/orders?pk=customer-01&f=status&fop=%3D&ft=S&fv=paid")
	b.do(chromedp.Location(&here))
	first := b.text("tbody")
	b.open(here)
	if again := b.text("tbody"); again != first || !strings.Contains(first, "paid") {
		t.Errorf("the same address shows %q and %q", first, again)
	}
}

// TestConsoleLogin logs in, and out.
func TestConsoleLogin(t *testing.T) {
	s := startServer(t, "--memory", "--console-password", "open sesame")
	b := openTab(t, s, newClient(s, newAccount(), "us-east-1"))
	b.open("tables/?q=x")
	b.shoot("login")
	b.accessible("login")
	b.submit("button.primary", map[string]string{"#password": "open"})
	b.says("[role=alert]", "not the password")
	b.submit("button.primary", map[string]string{"#password": "open sesame"})
	b.says("h1", "Tables")
	b.submit(`form[action$="/logout"] button`, nil)
	b.open("tables/")
	b.says("h1", "Log in")
}

// TestConsoleRefuses: without the token of the page nothing is changed, and what a
// page loads is its own.
func TestConsoleRefuses(t *testing.T) {
	s := startServer(t, "--memory")
	c := newClient(s, newAccount(), "us-east-1")
	b := openTab(t, s, c)
	furnish(t, c)
	b.open("tables/orders/settings")
	b.eval(`document.querySelectorAll("[name=csrf]").forEach(el => el.value = "x")`, nil)
	b.press("/delete-table", map[string]string{"confirm": "orders"})
	b.says("[role=alert]", "was not sent by this console")
	b.open("tables/orders")
	b.says("tbody", "customer-")
	var ran string
	b.fine = "Content Security Policy"
	b.do(chromedp.Evaluate(`new Promise(done => {
		document.addEventListener("securitypolicyviolation", e => done(e.effectiveDirective));
		const el = document.createElement("script"); el.textContent = "window.harmed = 1"; document.body.append(el);
		setTimeout(() => done("nothing"), 2000);
	})`, &ran, awaitPromise))
	if !strings.HasPrefix(ran, "script-src") {
		t.Errorf("a script within the page: %s is violated", ran)
	}
	b.unharmed()
	var hosts []string
	b.eval(`[...new Set(performance.getEntriesByType("resource").map(e => new URL(e.name).host))]`, &hosts)
	if len(hosts) != 1 || hosts[0] != s.addr {
		t.Errorf("the page loads from %v", hosts)
	}
}
