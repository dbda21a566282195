package surge

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Line is one statement of the audit.
type Line struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Unpromised says that the design does not promise it: Text says what was, and OK is true.
	Unpromised bool     `json:"unpromised,omitempty"`
	Text       string   `json:"text"`
	Examples   []string `json:"examples,omitempty"` // of what is wrong
}

// scanSegments is how many parts of a table are read at once.
const scanSegments = 4

// audit recounts everything from the tables, and compares it with the script.
func (r *run) audit(ctx context.Context) ([]Line, error) {
	lanes, _, err := r.progress.load(ctx)
	if err != nil {
		return nil, err
	}
	var noted, everyday int64
	for name, l := range lanes {
		noted += l.sent
		if name == everydayLane {
			everyday = l.reserved
		}
	}
	t := newTally()
	for m, err := range r.script.messages(everyday) {
		if err != nil {
			return nil, err
		}
		t.addSent(m)
	}
	if err := r.recount(ctx, t); err != nil {
		return nil, err
	}
	lines := t.lines(noted, r.Design)
	if r.Design.queued() {
		left, err := r.backlog(ctx, r.queue)
		if err != nil {
			return nil, err
		}
		dead, err := r.backlog(ctx, r.dead)
		if err != nil {
			return nil, err
		}
		lines = append(lines, queueLine(left, dead))
	}
	return append(lines, duplicatesLine(&r.counters, r.Design)), nil
}

// recount reads the tables. The rows come before what is compared with them.
func (r *run) recount(ctx context.Context, t *tally) error {
	for _, step := range []struct {
		table string
		add   func(item)
	}{
		{r.names.messages, t.addRow},
		{r.names.search, t.addCopy},
		{r.names.chats, t.addChat},
		{r.names.chatBadges, t.addChatBadge},
		{r.names.managerBadges, t.addManagerBadge},
	} {
		if err := r.clients.scan(ctx, step.table, step.add); err != nil {
			return err
		}
	}
	return nil
}

// scan reads a whole table, several segments at once; add is called for one item at a time.
func (c *clients) scan(ctx context.Context, table string, add func(item)) error {
	var mu sync.Mutex
	readers := newCrew(ctx)
	for segment := range int32(scanSegments) {
		readers.start(func(ctx context.Context) error {
			pages := dynamodb.NewScanPaginator(c.tables, &dynamodb.ScanInput{
				TableName: &table, ConsistentRead: aws.Bool(true), Segment: &segment, TotalSegments: aws.Int32(scanSegments),
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(ctx)
				if err != nil {
					return fmt.Errorf("scan %s: %w", table, err)
				}
				mu.Lock()
				for _, it := range page.Items {
					add(it)
				}
				mu.Unlock()
			}
			return nil
		})
	}
	if err := readers.wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// lines are the audit's statements about the tables; noted is how many messages the producers noted as sent.
func (t *tally) lines(noted int64, d Design) []Line {
	altered := t.altered()
	for _, x := range t.foreign.texts {
		altered.texts = append(altered.texts, "never sent: "+x)
	}
	altered.n += t.foreign.n
	return []Line{
		{Name: "sent", OK: noted == t.sent, Text: fmt.Sprintf("%s of %s messages, each accepted by the %s", group(noted), group(t.sent), d.first())},
		{Name: "stored", OK: t.rows == t.sent && altered.n == 0, Examples: altered.texts,
			Text: fmt.Sprintf("%s rows, %s", group(t.rows), verdict(altered.n, "each as it was sent", "of chats or rows not as sent"))},
		line("lost", t.lost(), "no message", "messages"),
		line("doubled", t.doubled(), "no message", "messages"),
		t.orderLine(d),
		line("chat counts", t.miscounted(), fmt.Sprintf("%s equal to a recount", group(int64(len(t.chats)))), "differ from a recount"),
		line("chat badges", t.wrongChatBadges(), fmt.Sprintf("%s equal to a recount", group(t.chatBadges)), "differ from a recount"),
		line("manager badges", t.wrongManagerBadges(), fmt.Sprintf("%s equal to a recount", group(int64(len(t.managers)))), "differ from a recount"),
		t.propagatedLine(),
	}
}

// first is where producers put messages.
func (d Design) first() string {
	if d.queued() {
		return "queue"
	}
	return "tables"
}

func (t *tally) orderLine(d Design) Line {
	l := line("order", t.reordered(), fmt.Sprintf("as sent, in each of %s chats", group(int64(len(t.chats)))), "messages out of order")
	if !d.ordered() {
		l = Line{Name: l.Name, OK: true, Unpromised: true, Text: "not promised by this design: " + l.Text}
	}
	return l
}

func (t *tally) propagatedLine() Line {
	l := line("propagated", t.unpropagated(), fmt.Sprintf("%s rows in the search table, equal to the stored ones", group(t.copies)), "chats differ in the search table")
	l.OK = l.OK && t.copies == t.rows
	return l
}

// line says good if there are no faults, or how many there are.
func line(name string, e examples, good, bad string) Line {
	return Line{Name: name, OK: e.n == 0, Text: verdict(e.n, good, bad), Examples: e.texts}
}

func verdict(n int64, good, bad string) string {
	if n == 0 {
		return good
	}
	return group(n) + " " + bad
}

func queueLine(left, dead depth) Line {
	n := left.waiting + left.inFlight
	d := dead.waiting + dead.inFlight
	l := Line{Name: "queue", OK: n == 0 && d == 0, Text: "empty, no dead letters"}
	if !l.OK {
		l.Text = fmt.Sprintf("%s messages left, %s dead letters", group(n), group(d))
	}
	return l
}

// duplicatesLine fails if a queue that suppresses duplicates let through a send that was repeated at once, well within
// the five minutes.
func duplicatesLine(c *counters, d Design) Line {
	resent, suppressed := c.resent.Load(), c.suppressed.Load()
	if !d.groups() {
		return Line{Name: "duplicates", OK: true, Unpromised: true, Text: fmt.Sprintf(
			"%s sends repeated, which nothing suppresses here; %s stored messages recognized by the application", group(resent), group(c.duplicates.Load()))}
	}
	return Line{
		Name: "duplicates", OK: resent == suppressed,
		Text: fmt.Sprintf("%s of %s repeated sends suppressed by the queue, %s deliveries of stored messages by the tables",
			group(suppressed), group(resent), group(c.duplicates.Load())),
	}
}

// count is the number of items of a table.
func (c *clients) count(ctx context.Context, table string) (n int64, err error) {
	pages := dynamodb.NewScanPaginator(c.tables, &dynamodb.ScanInput{
		TableName: &table, ConsistentRead: aws.Bool(true), Select: types.SelectCount,
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, fmt.Errorf("count %s: %w", table, err)
		}
		n += int64(page.Count)
	}
	return n, nil
}
