package surge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// transactor is what storers need of the tables.
type transactor interface {
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
}

// storer puts messages in the tables, whoever hands them to it: consumers, a function, or producers themselves. It
// recognizes what is stored already, and belongs to one goroutine.
type storer struct {
	names    names
	tables   transactor
	trouble  *trouble
	counters *counters
	// calm is true when trouble should end: the backlog is gone, and the run only waits for the last redeliveries.
	calm func() bool
}

func (r *run) newStorer(who uint64) storer {
	return storer{
		names: r.names, tables: r.clients.tables, trouble: newTrouble(r.Trouble, r.Seed, who), counters: &r.counters,
		calm: func() bool { return r.total.Load() > 0 },
	}
}

// fate draws what happens to whoever has the next messages.
func (s *storer) fate() fate {
	f := survives
	if !s.calm() {
		f = s.trouble.fate()
	}
	s.counters.killed[f].Add(1)
	return f
}

// read parses a message that was received; nil is one that cannot be read.
func (s *storer) read(body, id, handle string, receives int) *delivery {
	parsed, err := parseMessage(body)
	if err != nil {
		s.counters.poison.Add(1)
		return nil
	}
	if receives > 1 {
		s.counters.redelivered.Add(1)
	}
	atLeast(&s.counters.oldest, time.Now().UnixMicro()-parsed.Sent)
	return &delivery{Message: parsed, id: id, handle: handle, receives: receives}
}

// handle stores the messages, unless it is killed before, and returns those that are stored now. One that is killed
// knows of none.
func (s *storer) handle(ctx context.Context, deliveries []*delivery) ([]*delivery, error) {
	fate := s.fate()
	if fate == diesBefore {
		return nil, errKilled
	}
	done, err := s.store(ctx, deliveries, fate == diesDuring)
	if fate != survives {
		return nil, errKilled
	}
	return done, err
}

// store puts the messages in the tables, and returns those that are there now. If killed, it is cut off at a random
// moment.
func (s *storer) store(ctx context.Context, deliveries []*delivery, killed bool) ([]*delivery, error) {
	if killed {
		cut, cancel := context.WithTimeout(ctx, s.trouble.soon())
		defer cancel()
		ctx = cut
	}
	var done []*delivery
	for _, p := range parcels(s.names, deliveries) {
		if err := s.commit(ctx, p); err != nil {
			return done, err
		}
		s.counters.stores(p.stored)
		s.counters.duplicates.Add(int64(len(p.duplicates)))
		done = append(append(done, p.stored...), p.duplicates...)
	}
	return done, nil
}

// commit tries the parcel's transaction until it goes through, each time without what is already stored.
func (s *storer) commit(ctx context.Context, p *parcel) error {
	for attempt := range maxAttempts {
		items, owners := p.actions()
		var err error
		if len(items) > 0 {
			err = s.transact(ctx, p, items)
		}
		var cancelled *dbtypes.TransactionCanceledException
		if err == nil {
			p.settle()
			return nil
		} else if !errors.As(err, &cancelled) {
			return fmt.Errorf("store: %w", err)
		}
		conflict, err := p.revise(cancelled.CancellationReasons, owners)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if !conflict {
			s.counters.revised.Add(1)
			continue
		}
		s.counters.conflicts.Add(1)
		if err := sleep(ctx, s.trouble.soon()+backoff(attempt)); err != nil {
			return err
		}
	}
	return fmt.Errorf("store: cancelled %d times", maxAttempts)
}

func (s *storer) transact(ctx context.Context, p *parcel, items []dbtypes.TransactWriteItem) error {
	if s.trouble.strikes() {
		ctx = loseReply(ctx)
		s.counters.lostCommits.Add(1)
	}
	_, err := s.tables.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: items, ClientRequestToken: aws.String(p.token()),
	})
	return err
}
