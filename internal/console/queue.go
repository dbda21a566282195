package console

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

const (
	// pageMessages is how many messages a page shows, pageGroups how many groups.
	pageMessages = 50
	pageGroups   = 20
)

// Message is a message as it lies in its queue.
type Message struct {
	Seq         uint64 // its place in the order of sending
	ID          string
	Body        string
	Group       string
	Dedup       string
	Source      string   // ARN of the queue whose dead letter it is
	Attributes  []string // names
	Sent, First time.Time
	Receives    int
	State       string    // one of states
	Until       time.Time // the end of a delay or of the visibility timeout; zero for none
}

// The states of a Message, which texts say in words.
const (
	StateWaiting  = "waiting"
	StateDelayed  = "delayed"
	StateInFlight = "inflight"
	StateBlocked  = "blocked"
	StateOutside  = "outside"
	StateYielding = "yielding"
)

// Group is a message group that has messages.
type Group struct {
	Name               string
	Messages, InFlight int
	Closed             bool // of a FIFO queue: none is handed out now
	Noisy              bool // of a standard queue: others come first
}

// queueData is what the pages of a queue need; each page fills in its part.
type queueData struct {
	Name       string
	Path       string
	Tab        string
	URL        string
	ARN        string
	FIFO       bool
	Attributes map[string]string
	Form       url.Values // of a form that was refused
	ns         api.Namespace

	Messages   []Message
	Next       string
	First      string
	After      uint64
	Groups     []Group
	GroupCount int

	Fields  []attributeField
	Tasks   []sqsapi.ListMessageMoveTasksResultEntry
	Sources []string // names of the queues whose dead letters come here
	DeadTo  string   // name of the queue that the dead letters go to
	Others  []string // ARNs of queues to move messages to
}

// LiveID names the figures of the queue for the script of the page.
func (q *queueData) LiveID() string { return resource{kindQueue, q.ns, q.Name}.id() }

// queue describes the queue of the visit's path.
func (v *visit) queue(tab string) (*queueData, error) {
	name := v.r.PathValue("queue")
	v.subject = name
	at, err := call[*sqsapi.GetQueueUrlResult](v, sqsapi.Target, "GetQueueUrl", &sqsapi.GetQueueUrlRequest{QueueName: api.Some(name)})
	if err != nil {
		return nil, err
	}
	out, err := call[*sqsapi.GetQueueAttributesResult](v, sqsapi.Target, "GetQueueAttributes", &sqsapi.GetQueueAttributesRequest{
		QueueUrl: at.QueueUrl, AttributeNames: []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	q := &queueData{
		Name: name, Path: v.to("queues", name), Tab: tab, URL: at.QueueUrl.V, Form: v.r.PostForm, ns: v.ns,
		Attributes: make(map[string]string, len(out.Attributes)), FIFO: strings.HasSuffix(name, ".fifo"),
	}
	for _, a := range out.Attributes {
		q.Attributes[a.Key] = a.Value
	}
	q.ARN = q.Attributes["QueueArn"]
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if json.Unmarshal([]byte(q.Attributes["RedrivePolicy"]), &redrive) == nil {
		q.DeadTo = afterLast(redrive.Target, ":")
	}
	return q, nil
}

// showQueue shows the messages of a queue, in every state.
func (v *visit) showQueue() error {
	q, err := v.queue("messages")
	if err != nil {
		return err
	}
	if err := v.peek(q); err != nil {
		return err
	}
	return v.show("queue_messages", "queue.messages", q)
}

// showMessages shows only the list, for a page that asks again and again.
func (v *visit) showMessages() error {
	q, err := v.queue("messages")
	if err != nil {
		return err
	}
	if err := v.peek(q); err != nil {
		return err
	}
	return v.render("queue_messages", "messages", q)
}

func (v *visit) peek(q *queueData) (err error) {
	after, _ := strconv.ParseUint(v.r.URL.Query().Get("after"), 10, 64) // 0: from the first
	if q.Messages, err = v.c.opts.Peek(v.ns, q.Name, after, pageMessages); err != nil {
		return err
	}
	if q.Groups, q.GroupCount, err = v.c.opts.Groups(v.ns, q.Name, pageGroups); err != nil {
		return err
	}
	if len(q.Messages) == pageMessages {
		q.Next = q.Path + "?after=" + strconv.FormatUint(q.Messages[pageMessages-1].Seq, 10)
	}
	if q.After = after; after > 0 {
		q.First = q.Path
	}
	return nil
}
