package console

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// counted wraps a handler that is counted.
func counted(calls map[string]int, name string, handle func(context.Context, *api.Caller, api.Input) (api.Output, error)) func(context.Context, *api.Caller, api.Input) (api.Output, error) {
	return func(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
		calls[name]++
		return handle(ctx, c, in)
	}
}

func TestQueues(t *testing.T) {
	b, calls := newHouse(t)
	b.c.opts.Queues = func() []Queue {
		return []Queue{{Namespace: defaultSpace, Name: "dead"}, {Namespace: defaultSpace, Name: "jobs"}}
	}
	b.get(home+"create-queue", 200)
	b.post(home+"create-queue", url.Values{"name": {"a b"}}, 422)
	b.post(home+"create-queue", url.Values{"name": {"dead"}}, 303)
	b.post(home+"create-queue", url.Values{"name": {"jobs"}, "VisibilityTimeout": {"7"}, "DelaySeconds": {"0"}}, 303)
	b.get(home+"queues/jobs?done=queue.created", 200)
	b.says("The queue is created.", "aws sqs send-message")
	b.get(home+"queues/nothing", 404)

	b.get(home+"queues/jobs/send", 200)
	b.post(home+"queues/jobs/send", url.Values{"body": {"<b>"}, "delay": {"soon"}}, 422)
	b.says("&lt;b&gt;")
	b.post(home+"queues/jobs/send", url.Values{
		"body": {"hi"}, "name": {"kind", ""}, "type": {"String", "String"}, "value": {"test", ""},
	}, 303)

	at := home + "queues/jobs/settings"
	b.get(at, 200)
	b.says(`name="VisibilityTimeout" value="7"`, "<dt>Waiting</dt><dd>1</dd>")
	b.post(at+"/attributes", url.Values{"VisibilityTimeout": {"x"}}, 422)
	b.says(`name="VisibilityTimeout" value="x"`)
	b.post(at+"/attributes", url.Values{"VisibilityTimeout": {"9"}}, 303)
	b.post(at+"/dead", url.Values{"target": {"arn:aws:sqs:us-east-1:000000000000:dead"}, "receives": {"2"}}, 303)
	b.get(at, 200)
	b.says(`name="VisibilityTimeout" value="9"`, "<option selected>arn:aws:sqs:us-east-1:000000000000:dead</option>")

	b.get(home+"queues/dead/settings", 200)
	b.says(`queues/jobs">jobs</a>`)
	b.post(home+"queues/dead/settings/move", url.Values{}, 303)
	if calls["StartMessageMoveTask"] != 1 {
		t.Errorf("calls %v", calls)
	}
	b.get(home+"queues/dead/settings", 200)
	b.says("moved")
	b.post(at+"/purge", url.Values{"confirm": {"job"}}, 422)
	b.post(at+"/purge", url.Values{"confirm": {"jobs"}}, 303)
	b.get(at, 200)
	b.says("<dt>Waiting</dt><dd>0</dd>")
	b.post(home+"queues/jobs/delete-queue", url.Values{"confirm": {"job"}}, 422)
	b.post(home+"queues/jobs/delete-queue", url.Values{"confirm": {"jobs"}}, 303)
	b.get(home+"queues/jobs", 404)
}

func TestMessagesOfAllStates(t *testing.T) {
	b, _ := newHouse(t)
	b.post(home+"create-queue", url.Values{"name": {"q.fifo"}}, 303)
	states := []string{StateWaiting, StateDelayed, StateInFlight, StateBlocked, StateOutside, StateYielding}
	b.c.opts.Peek = func(_ api.Namespace, name string, after uint64, limit int) (list []Message, err error) {
		for i := range limit {
			list = append(list, Message{Seq: after + uint64(i) + 1, Body: "<b>" + name, State: states[i%len(states)], Until: time.Unix(1e9, 0)})
		}
		return list, nil
	}
	b.c.opts.Groups = func(api.Namespace, string, int) ([]Group, int, error) {
		return []Group{{Name: "<i>", Messages: 8, InFlight: 2, Closed: true}}, 31, nil
	}
	b.get(home+"queues/q.fifo?after=50", 200)
	for _, state := range states {
		b.says(languages[0].load().texts["state."+state])
	}
	b.says("2001-09-09T01:46:40Z", "&lt;b&gt;q.fifo", "31 message groups", "&lt;i&gt;: 8 · 2 in flight · closed", "queues/q.fifo?after=100", `hx-get="/_levee/at/000000000000/us-east-1/queues/q.fifo/messages?after=50"`)
	if page := b.get(home+"queues/q.fifo/messages", 200); len(page) == 0 || page[0] == '<' && page[:9] == "<!doctype" {
		t.Error("the part is a whole page")
	}
}
