package surge

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Handle says what is to be written for messages.
type Handle func(context.Context, []types.Message) ([]dbtypes.TransactWriteItem, error)

// onceConsumer has Config.Consume do the work, and says only what is to be written: no condition, no token, nothing to
// delete. When it is killed, the next takes its place.
type onceConsumer struct {
	storer
	clients *clients
	url     string
	consume func(context.Context, aws.Config, string, Handle) error
	limit   *traffic

	life    *life
	current []*delivery // what the next transaction stores, nil once that is known
}

func (r *run) newOnceConsumer(i int) *onceConsumer {
	return &onceConsumer{
		storer: r.newStorer(uint64(i) | 1<<32), clients: r.clients, url: r.queue, limit: &r.traffic,
		consume: func(ctx context.Context, service aws.Config, url string, h Handle) error {
			return r.Consume(ctx, service, url, r.Visibility, h)
		},
	}
}

// work runs consumers one after the other.
func (c *onceConsumer) work(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; {
		c.life = newLife(c.limit.of(ctx))
		c.current = nil
		err := c.consume(meddle(c.life.ctx, meddling{c.life.requests, c.replied}), c.clients.service, c.url, c.handle)
		if killed := c.life.over(); killed {
			failures = 0
		} else if failures++; failures == maxFailures {
			return fmt.Errorf("consume: %w", err)
		}
		c.life.end()
		_ = sleep(ctx, restartsAfter)
	}
	return nil
}

// handle says what is to be written for messages, and decides what becomes of the consumer.
func (c *onceConsumer) handle(ctx context.Context, batch []types.Message) ([]dbtypes.TransactWriteItem, error) {
	deliveries := make([]*delivery, len(batch))
	for i, m := range batch {
		receives, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
		if deliveries[i] = c.read(aws.ToString(m.Body), aws.ToString(m.MessageId), "", receives); deliveries[i] == nil {
			return nil, errors.New("the message cannot be read")
		}
	}
	fate := c.fate()
	if fate == diesBefore {
		c.life.end()
		return nil, errKilled
	}
	items, err := c.actions(ctx, deliveries)
	switch fate {
	case diesDuring:
		time.AfterFunc(c.trouble.soon(), c.life.end)
	case diesAfter:
		c.life.doomed.Store(true)
	}
	return items, err
}

// actions are the messages' rows and the counters they move. The chats' rows are read for the next positions alone: on
// a queue that keeps its promises they hold all earlier messages, and not these, unless a producer that had died sent
// one again after the five minutes for which the queue remembers.
func (c *onceConsumer) actions(ctx context.Context, deliveries []*delivery) ([]dbtypes.TransactWriteItem, error) {
	p := &parcel{names: c.names, bare: true, chats: chatRuns(deliveries)}
	p.dropRepeated()
	held, err := c.held(ctx, p.chats)
	if err != nil {
		return nil, err
	}
	for _, run := range p.chats {
		run.before = held[run.chat]
		there := map[*delivery]bool{}
		for _, d := range run.messages {
			if d.Seq > run.before {
				continue
			}
			out, err := c.clients.tables.GetItem(ctx, &dynamodb.GetItemInput{
				TableName: &c.names.messages, Key: item{"chat": str(d.Chat), "seq": num(d.Seq)}, ConsistentRead: aws.Bool(true),
			})
			if err != nil {
				return nil, fmt.Errorf("read messages: %w", err)
			}
			there[d] = out.Item != nil
		}
		p.take(run, func(d *delivery) bool { return there[d] })
	}
	c.current = nil
	for _, run := range p.chats {
		c.current = append(c.current, run.messages...)
	}
	c.counters.duplicates.Add(int64(len(p.duplicates)))
	items, _ := p.actions()
	return items, nil
}

// held reads how many messages chats hold, by chat, up to ten chats.
func (c *onceConsumer) held(ctx context.Context, chats []*chatRun) (map[string]int64, error) {
	keys := make([]item, len(chats))
	for i, run := range chats {
		keys[i] = item{"chat": str(run.chat)}
	}
	left := map[string]dbtypes.KeysAndAttributes{c.names.chats: {Keys: keys, ConsistentRead: aws.Bool(true)}}
	held := map[string]int64{}
	for attempt := 0; len(left) > 0; attempt++ {
		if attempt == maxAttempts {
			return nil, fmt.Errorf("read chats: throttled %d times", maxAttempts)
		}
		if err := sleep(ctx, backoff(attempt)); err != nil {
			return nil, err
		}
		out, err := c.clients.tables.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: left})
		if err != nil {
			return nil, fmt.Errorf("read chats: %w", err)
		}
		for _, chat := range out.Responses[c.names.chats] {
			if name, ok := chat["chat"].(*dbtypes.AttributeValueMemberS); ok {
				held[name.Value] = max(intOf(chat["messages"]), 0)
			}
		}
		left = out.UnprocessedKeys
	}
	return held, nil
}

// replied sees the replies to the consumer's requests, and loses some.
func (c *onceConsumer) replied(r *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		if isTransaction(r) && refusedFor(resp, "TransactionConflict") {
			c.counters.conflicts.Add(1)
		}
		return nil
	}
	switch {
	case isTransaction(r) && c.life.doomed.Load():
		c.life.end()
		return errKilled
	case isTransaction(r):
		if c.trouble.strikes() {
			c.counters.lostCommits.Add(1)
			return errReplyLost{}
		}
		if c.current != nil {
			c.counters.stores(c.current)
			c.current = nil
		}
	case r.Header.Get(target) == "AmazonSQS.ReceiveMessage" && !c.calm() && c.trouble.strikes():
		c.counters.lostReceives.Add(1)
		return errReplyLost{}
	}
	return nil
}
