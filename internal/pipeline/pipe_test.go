package pipeline_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// ask sends a request about the pipe of a name, and returns the answer in JSON.
func (h *house) ask(operation, name, body string) (string, error) {
	h.t.Helper()
	for _, op := range h.pipes.Operations() {
		if op.Target != pipesapi.Target || op.Name != operation {
			continue
		}
		in := op.New().(api.RESTInput)
		query := ""
		if strings.HasPrefix(body, "?") {
			query, body = body[1:], ""
		}
		in.ReadREST(api.NewRESTRequest(map[string]string{"Name": name, "resourceArn": name}, query, nil, nil))
		if body != "" {
			var d jsontok.Decoder
			d.Reset([]byte(body))
			in.ReadJSON(&d)
			h.must(d.End())
		}
		var v api.Violations
		in.Validate(&v)
		if err := v.Err(); err != nil {
			return "", err
		}
		out, err := op.Handle(h.t.Context(), caller, in)
		if err != nil {
			return "", err
		}
		return string(out.AppendJSON(nil)), nil
	}
	h.t.Fatalf("there is no operation %s", operation)
	return "", nil
}

const role = `"RoleArn":"arn:aws:iam::111122223333:role/pipes"`

// pipe creates a pipe, with more members of the request.
func (h *house) pipe(name, source, target, more string) {
	h.t.Helper()
	_, err := h.ask("CreatePipe", name, fmt.Sprintf(`{"Source":%q,"Target":%q,%s%s}`, source, target, role, more))
	h.must(err)
}

// bodies takes all messages out of a queue, and returns their bodies.
func (h *house) bodies(url string) []string {
	h.t.Helper()
	var list []string
	for {
		out, err := h.queues.ReceiveMessage(h.t.Context(), caller, &sqsapi.ReceiveMessageRequest{QueueUrl: api.Some(url), MaxNumberOfMessages: api.Some(int64(10))})
		h.must(err)
		if len(out.Messages) == 0 {
			return list
		}
		for _, m := range out.Messages {
			list = append(list, m.Body.V)
			_, err := h.queues.DeleteMessage(h.t.Context(), caller, &sqsapi.DeleteMessageRequest{QueueUrl: api.Some(url), ReceiptHandle: m.ReceiptHandle})
			h.must(err)
		}
	}
}

// rows returns the items of a table, n by id.
func (h *house) rows(table string) map[string]string {
	h.t.Helper()
	out, err := h.tables.Scan(h.t.Context(), caller, &dynamodbapi.ScanInput{TableName: api.Some(table)})
	h.must(err)
	all := map[string]string{}
	for _, item := range out.Items {
		var row map[string]map[string]string
		h.must(json.Unmarshal(item.AppendJSON(nil), &row))
		all[row["id"]["S"]] = row["n"]["N"]
	}
	return all
}

func (h *house) drop(table, id string) {
	h.t.Helper()
	var in dynamodbapi.DeleteItemInput
	var d jsontok.Decoder
	d.Reset(fmt.Appendf(nil, `{"TableName":%q,"Key":{"id":{"S":%q}}}`, table, id))
	in.ReadJSON(&d)
	h.must(d.End())
	_, err := h.tables.DeleteItem(h.t.Context(), caller, &in)
	h.must(err)
}

const arnOf = "arn:aws:sqs:us-east-1:111122223333:"

// A pipe from queue to queue moves what passes its filters, in the words of its
// template, and leaves nothing behind.
func TestPipeOfQueues(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from")
		to, _ := h.queue("to")
		h.pipe("p", arn, arnOf+"to", `,"SourceParameters":{"FilterCriteria":{"Filters":[{"Pattern":"{\"body\":{\"kind\":[\"order\"]}}"}]}},
			"TargetParameters":{"InputTemplate":"{\"n\":<$.body.n>,\"pipe\":\"<aws.pipes.pipe-name>\"}"}`)
		var want []string
		for i := range 40 {
			h.send(from, fmt.Sprintf(`{"kind":"order","n":%d}`, i), "")
			h.send(from, fmt.Sprintf(`{"kind":"other","n":%d}`, i), "")
			want = append(want, fmt.Sprintf(`{"n":%d,"pipe":"p"}`, i))
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got := h.bodies(to)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) || h.count(from) != 0 {
			t.Errorf("got %d messages, %d left: %v", len(got), h.count(from), got)
		}
	})
}

// A FIFO target has its group from the message. A message for which it cannot be
// sent comes again, and the others do not wait.
func TestPipeToFIFO(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from")
		to, _ := h.queue("to.fifo", "FifoQueue", "true")
		h.pipe("p", arn, arnOf+"to.fifo", `,"TargetParameters":{"SqsQueueParameters":{"MessageGroupId":"$.body.group","MessageDeduplicationId":"$.messageId"},"InputTemplate":"<$.body.n>"}`)
		h.send(from, `{"group":"a","n":1}`, "")
		h.send(from, `{"n":2}`, "")
		h.send(from, `{"group":"b","n":3}`, "")
		time.Sleep(5 * time.Second)
		got := h.bodies(to)
		slices.Sort(got)
		if !slices.Equal(got, []string{"1", "3"}) || h.count(from) != 1 {
			t.Errorf("got %v, %d left", got, h.count(from))
		}
	})
}

// A table is kept as another is, over many changes of few items.
func TestPipeMirrorsTable(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		stream := h.table("tab")
		h.table("copy")
		h.pipe("p", stream, "arn:aws:dynamodb:us-east-1:111122223333:table/copy", `,"SourceParameters":{"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON"}}`)
		want := map[string]string{}
		for i := range 200 {
			id := fmt.Sprintf("k%d", i%7)
			if i%5 == 4 {
				h.drop("tab", id)
				delete(want, id)
			} else {
				h.put("tab", id, i)
				want[id] = fmt.Sprint(i)
			}
		}
		time.Sleep(5 * time.Second)
		if got := h.rows("copy"); !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A message becomes an action on a table; a poison one fails alone.
func TestPipeOfQueueToTable(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from")
		h.table("tab")
		const tab = "arn:aws:dynamodb:us-east-1:111122223333:table/tab"
		if _, err := h.ask("CreatePipe", "p", fmt.Sprintf(`{"Source":%q,"Target":%q,%s}`, arn, tab, role)); code(err) != "ValidationException" {
			t.Errorf("a pipe without a template: %v", err)
		}
		h.pipe("p", arn, tab, `,"TargetParameters":{"InputTemplate":"{\"Update\":{\"Key\":{\"id\":{\"S\":<$.body.id>}},\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"<$.body.n>\"}}}}"}`)
		for i := range 30 {
			h.send(from, fmt.Sprintf(`{"id":"k%d","n":%d}`, i%3, i), "")
		}
		h.send(from, `{"id":"k0","n":"many"}`, "")
		h.send(from, `{"n":1}`, "")
		time.Sleep(20 * time.Second)
		if got := h.rows("tab"); !maps.Equal(got, map[string]string{"k0": "135", "k1": "145", "k2": "155"}) || h.count(from) != 2 {
			t.Errorf("got %v, %d left", got, h.count(from))
		}
	})
}

// On a FIFO queue nothing of a group overtakes a message that cannot be done, and other
// groups go on.
func TestPipeOfFIFOKeepsOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from.fifo", "FifoQueue", "true", "ContentBasedDeduplication", "true")
		h.table("tab")
		h.send(from, `{"id":"a","n":"poison"}`, "g")
		h.send(from, `{"id":"a","n":1}`, "g")
		h.send(from, `{"id":"b","n":2}`, "g")
		h.send(from, `{"id":"c","n":3}`, "h")
		h.pipe("p", arn, "arn:aws:dynamodb:us-east-1:111122223333:table/tab", `,"TargetParameters":{"InputTemplate":"{\"Update\":{\"Key\":{\"id\":{\"S\":<$.body.id>}},\"UpdateExpression\":\"ADD n :n\",\"ExpressionAttributeValues\":{\":n\":{\"N\":\"<$.body.n>\"}}}}"}`)
		time.Sleep(5 * time.Minute)
		if got := h.rows("tab"); !maps.Equal(got, map[string]string{"c": "3"}) || h.count(from) != 3 {
			t.Errorf("got %v, %d left", got, h.count(from))
		}
	})
}

// A function gets a list, behind an enrichment what that has made; what it reports
// as failed comes again.
func TestPipeToFunction(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from")
		var got, enriched list
		tries := 0
		h.handleRaw("f", func(text []byte) (any, error) {
			var events []struct{ ID, V string }
			if err := json.Unmarshal(text, &events); err != nil {
				return nil, err
			}
			var failed []string
			for _, e := range events {
				if e.V == "b" && tries == 0 {
					tries++
					failed = append(failed, e.ID)
				} else {
					got.add(e.V)
				}
			}
			return failures(failed...), nil
		})
		function := "arn:aws:lambda:us-east-1:111122223333:function:"
		h.pipe("p", arn, function+"f", `,"TargetParameters":{"InputTemplate":"{\"id\":\"<$.messageId>\",\"v\":\"<$.body>\"}"}`)
		for _, body := range []string{"a", "b", "c"} {
			h.send(from, body, "")
		}
		time.Sleep(40 * time.Second)
		all := got.all()
		slices.Sort(all)
		if !slices.Equal(all, []string{"a", "b", "c"}) || h.count(from) != 0 {
			t.Errorf("got %v, %d left", all, h.count(from))
		}
		h.handleRaw("double", func(text []byte) (any, error) {
			var events []string
			if err := json.Unmarshal(text, &events); err != nil {
				return nil, err
			}
			var twice []map[string]string
			for _, e := range events {
				if e != "skip" {
					twice = append(twice, map[string]string{"id": e, "v": e + "1"}, map[string]string{"id": e, "v": e + "2"})
				}
			}
			return twice, nil
		})
		h.handleRaw("g", func(text []byte) (any, error) { enriched.add(string(text)); return nil, nil })
		_, err := h.ask("UpdatePipe", "p", `{`+role+`,"Target":"`+function+`g","Enrichment":"`+function+`double","EnrichmentParameters":{"InputTemplate":"<$.body>"},"TargetParameters":{"InputTemplate":"<$.v>"}}`)
		h.must(err)
		h.send(from, "x", "")
		time.Sleep(time.Second)
		h.send(from, "skip", "")
		time.Sleep(time.Second)
		if all := enriched.all(); !slices.Equal(all, []string{`["x1","x2"]`}) || h.count(from) != 0 {
			t.Errorf("got %v, %d left", all, h.count(from))
		}
	})
}

// What a pipe of a stream gives up goes to the dead-letter queue; with bisecting,
// nothing else does.
func TestPipeGivesUp(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		stream := h.table("tab")
		to, _ := h.queue("to.fifo", "FifoQueue", "true")
		dead, deadARN := h.queue("dead")
		h.pipe("p", stream, arnOf+"to.fifo", fmt.Sprintf(`,"SourceParameters":{"DynamoDBStreamParameters":{"StartingPosition":"TRIM_HORIZON","BatchSize":10,
			"MaximumRetryAttempts":1,"OnPartialBatchItemFailure":"AUTOMATIC_BISECT","DeadLetterConfig":{"Arn":%q}}},
			"TargetParameters":{"SqsQueueParameters":{"MessageGroupId":"$.dynamodb.NewImage.id.S","MessageDeduplicationId":"$.eventID"},"InputTemplate":"<$.dynamodb.Keys.id.S>"}`, deadARN))
		for i := range 20 {
			h.put("tab", fmt.Sprintf("k%02d", i), i)
		}
		h.drop("tab", "k03") // has no new image, so no group
		h.put("tab", "k99", 1)
		time.Sleep(time.Minute)
		got := h.bodies(to)
		if slices.Sort(got); len(got) != 21 || got[20] != "k99" {
			t.Errorf("got %v", got)
		}
		var failure struct {
			Context struct{ PartnerResourceArn, Condition string }
			Batch   struct{ BatchSize int } `json:"DDBStreamBatchInfo"`
		}
		h.must(json.Unmarshal([]byte(h.receive(dead)), &failure))
		if failure.Context.PartnerResourceArn != "arn:aws:pipes:us-east-1:111122223333:pipe/p" || failure.Context.Condition != "RetryAttemptsExhausted" || failure.Batch.BatchSize != 1 {
			t.Errorf("failure %+v", failure)
		}
	})
}

func code(err error) string {
	var typed *api.Error
	if errors.As(err, &typed) {
		return typed.Code
	}
	return ""
}

// The operations on pipes: what is shown, changed, listed and refused.
func TestPipeOperations(t *testing.T) {
	inBubble(t, func(t *testing.T, h *house) {
		from, arn := h.queue("from")
		to, _ := h.queue("to")
		h.pipe("b", arn, arnOf+"to", `,"DesiredState":"STOPPED","Description":"d","Tags":{"k":"v"},"SourceParameters":{"SqsQueueParameters":{"BatchSize":5}}`)
		h.pipe("a", arn, arnOf+"to", `,"DesiredState":"STOPPED"`)
		h.send(from, "m", "")
		time.Sleep(time.Second)
		if h.count(to) != 0 {
			t.Error("a pipe that is stopped runs")
		}
		for _, c := range []struct{ op, name, body, want string }{
			{"CreatePipe", "a", fmt.Sprintf(`{"Source":%q,"Target":%q,%s}`, arn, arnOf+"to", role), "ConflictException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q,%s}`, arnOf+"none", arnOf+"to", role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q,%s}`, arn, arnOf+"none", role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":"arn:aws:sns:us-east-1:111122223333:topic",%s}`, arn, role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":"arn:aws:sqs:us-east-1:111122224444:to",%s}`, arn, role), "ValidationException"},
			{"CreatePipe", "c!", fmt.Sprintf(`{"Source":%q,"Target":%q,%s}`, arn, arnOf+"to", role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q}`, arn, arnOf+"to"), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q,"SourceParameters":{"SqsQueueParameters":{"BatchSize":11,"MaximumBatchingWindowInSeconds":1}},%s}`, arn, arnOf+"to", role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q,"TargetParameters":{"InputTemplate":"<aws.pipes.none>"},%s}`, arn, arnOf+"to", role), "ValidationException"},
			{"CreatePipe", "c", fmt.Sprintf(`{"Source":%q,"Target":%q,"SourceParameters":{"FilterCriteria":{"Filters":[{"Pattern":"{"}]}},%s}`, arn, arnOf+"to", role), "ValidationException"},
			{"DescribePipe", "c", "", "NotFoundException"},
			{"StartPipe", "c", "", "NotFoundException"},
			{"DeletePipe", "c", "", "NotFoundException"},
			{"ListTagsForResource", "arn:aws:pipes:us-east-1:111122223333:pipe/c", "", "NotFoundException"},
		} {
			if _, err := h.ask(c.op, c.name, c.body); code(err) != c.want {
				t.Errorf("%s %s %s: %v, want %s", c.op, c.name, c.body, err, c.want)
			}
		}
		h.restart()
		out, err := h.ask("DescribePipe", "b", "")
		h.must(err)
		for _, want := range []string{`"Arn":"arn:aws:pipes:us-east-1:111122223333:pipe/b"`, `"DesiredState":"STOPPED","CurrentState":"STOPPED"`, `"Description":"d"`,
			`"SqsQueueParameters":{"BatchSize":5,"MaximumBatchingWindowInSeconds":0}`, `"Tags":{"k":"v"}`} {
			if !strings.Contains(out, want) {
				t.Errorf("%s is not in %s", want, out)
			}
		}
		for _, c := range []struct{ query, want string }{
			{"?", "a b"}, {"?NamePrefix=b", "b"}, {"?DesiredState=RUNNING", ""}, {"?SourcePrefix=arn:aws:sqs&Limit=1", "a"}, {"?TargetPrefix=x", ""},
		} {
			out, err := h.ask("ListPipes", "", c.query)
			h.must(err)
			var page struct{ Pipes []struct{ Name string } }
			h.must(json.Unmarshal([]byte(out), &page))
			var names []string
			for _, p := range page.Pipes {
				names = append(names, p.Name)
			}
			if strings.Join(names, " ") != c.want {
				t.Errorf("%s: %s", c.query, out)
			}
		}
		arnB := "arn:aws:pipes:us-east-1:111122223333:pipe/b"
		_, err = h.ask("TagResource", arnB, `{"tags":{"x":"y"}}`)
		h.must(err)
		_, err = h.ask("UntagResource", arnB, "?tagKeys=k&tagKeys=z")
		h.must(err)
		if out, err = h.ask("ListTagsForResource", arnB, ""); out != `{"tags":{"x":"y"}}` {
			t.Errorf("tags %s, %v", out, err)
		}
		_, err = h.ask("StartPipe", "b", "")
		h.must(err)
		time.Sleep(time.Second)
		if h.count(to) != 1 || h.count(from) != 0 {
			t.Errorf("%d at the target, %d left", h.count(to), h.count(from))
		}
		_, err = h.ask("DeletePipe", "b", "")
		h.must(err)
		h.send(from, "m", "")
		time.Sleep(time.Second)
		if h.count(to) != 1 {
			t.Error("a pipe that was deleted runs")
		}
	})
}
