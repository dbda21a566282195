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

// Handle says what is to be written for a message.
type Handle func(context.Context, types.Message) ([]dbtypes.TransactWriteItem, error)

// onceConsumer has Config.Consume do the work, and says only what is to be written: no condition, no token, nothing to
// delete. When it is killed, the next takes its place.
type onceConsumer struct {
	storer
	clients *clients
	url     string
	consume func(context.Context, aws.Config, string, Handle) error
	limit   *traffic

	life    *life
	handled int
	current *delivery // what the next transaction stores, nil once that is known
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

// handle says what is to be written for a message, and decides what becomes of the consumer.
func (c *onceConsumer) handle(ctx context.Context, m types.Message) ([]dbtypes.TransactWriteItem, error) {
	receives, _ := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	d := c.read(aws.ToString(m.Body), aws.ToString(m.MessageId), "", receives)
	if d == nil {
		return nil, errors.New("the message cannot be read")
	}
	fate := survives
	if c.handled++; c.handled%batchSize == 1 {
		fate = c.fate() // as often as consumers that take ten at a time
	}
	if fate == diesBefore {
		c.life.end()
		return nil, errKilled
	}
	items, err := c.actions(ctx, d)
	switch fate {
	case diesDuring:
		time.AfterFunc(c.trouble.soon(), c.life.end)
	case diesAfter:
		c.life.doomed.Store(true)
	}
	return items, err
}

// actions are the message's row and the counters it moves. The chat's row is read for the next position alone: on a
// queue that keeps its promises it holds all earlier messages, and not this one, unless a producer that had died sent
// it again after the five minutes for which the queue remembers.
func (c *onceConsumer) actions(ctx context.Context, d *delivery) ([]dbtypes.TransactWriteItem, error) {
	chat, err := c.get(ctx, c.names.chats, item{"chat": str(d.Chat)})
	if err != nil {
		return nil, err
	}
	held := max(intOf(chat["messages"]), 0)
	if held >= d.Seq {
		there, err := c.get(ctx, c.names.messages, item{"chat": str(d.Chat), "seq": num(d.Seq)})
		if err != nil {
			return nil, err
		}
		if there != nil {
			c.counters.duplicates.Add(1)
			c.current = nil
			return nil, nil
		}
	}
	c.current = d
	p := &parcel{names: c.names, bare: true, chats: []*chatRun{{chat: d.Chat, messages: []*delivery{d}, before: held}}}
	items, _ := p.actions()
	return items, nil
}

func (c *onceConsumer) get(ctx context.Context, table string, key item) (item, error) {
	out, err := c.clients.tables.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return out.Item, nil
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
			c.counters.stores([]*delivery{c.current})
			c.current = nil
		}
	case r.Header.Get(target) == "AmazonSQS.ReceiveMessage" && !c.calm() && c.trouble.strikes():
		c.counters.lostReceives.Add(1)
		return errReplyLost{}
	}
	return nil
}
