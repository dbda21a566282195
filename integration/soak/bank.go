package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// bank moves money between accounts and writes down each move in the same
// transaction, which has a token. Someone looks at all accounts at once, where no
// money may be missing.
type bank struct {
	c     *client
	wrong *problems

	mu      sync.Mutex
	moves   []move         // acknowledged since the last check
	open    [workers]*move // not answered yet
	balance [accounts]int  // as of the moves that were acknowledged
	last    int
	total   int
}

const accounts = 5

type move struct {
	id       string
	from, to int
}

func newBank(c *client, wrong *problems) *bank { return &bank{c: c, wrong: wrong} }

func (l *bank) name() string { return "bank" }

func (l *bank) done() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

func (l *bank) create() error {
	return firstOf(l.c.createTable("Accounts", nil, nil), l.c.createTable("Moves", nil, nil))
}

func account(n int) value { return value{S: fmt.Sprint("a", n)} }

func (l *bank) work(worker int, rng *rand.Rand, stop *atomic.Bool) {
	for !stop.Load() {
		var err error
		if worker == 0 {
			err = l.audit()
		} else {
			err = l.transfer(worker, rng)
		}
		if refused, ok := asRefusal(err); ok && !refused.is("TransactionCanceledException") {
			l.wrong.add("bank: %v", refused)
			return
		} else if err != nil && !ok {
			return
		}
	}
}

// transfer makes a move, or the one that another one was in the way of.
func (l *bank) transfer(worker int, rng *rand.Rand) error {
	l.mu.Lock()
	if l.open[worker] == nil {
		l.last++
		from := rng.IntN(accounts)
		l.open[worker] = &move{id: fmt.Sprint("move-", l.last), from: from, to: (from + 1 + rng.IntN(accounts-1)) % accounts}
	}
	m := *l.open[worker]
	l.mu.Unlock()
	if err := l.send(m); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.book(worker)
	return nil
}

// send sends a move, with a token of its own.
func (l *bank) send(m move) error {
	add := func(n, amount int) object {
		return object{"Update": object{"TableName": "Accounts", "Key": item{"k": account(n)},
			"UpdateExpression": "ADD n :n", "ExpressionAttributeValues": item{":n": number(amount)}}}
	}
	return l.c.call(tables+"TransactWriteItems", object{"ClientRequestToken": m.id, "TransactItems": []object{
		add(m.from, -1), add(m.to, 1),
		{"Put": object{"TableName": "Moves", "Item": item{"k": {S: m.id}, "from": number(m.from), "to": number(m.to)}}},
	}}, nil)
}

// book notes that the open move of a worker was made. The lock must be held.
func (l *bank) book(worker int) {
	m := l.open[worker]
	l.open[worker] = nil
	l.balance[m.from]--
	l.balance[m.to]++
	l.moves = append(l.moves, *m)
	l.total++
}

// audit looks at all accounts at once.
func (l *bank) audit() error {
	balance, err := l.accounts()
	if err != nil {
		return err
	}
	sum := 0
	for _, n := range balance {
		sum += n
	}
	if sum != 0 {
		l.wrong.add("bank: accounts of %v are out by %d", balance, sum)
	}
	return nil
}

func (l *bank) accounts() (balance [accounts]int, err error) {
	var gets []object
	for n := range accounts {
		gets = append(gets, object{"Get": object{"TableName": "Accounts", "Key": item{"k": account(n)}}})
	}
	var out struct{ Responses []struct{ Item item } }
	if err := l.c.call(tables+"TransactGetItems", object{"TransactItems": gets}, &out); err != nil {
		return balance, err
	}
	for n := range out.Responses {
		balance[n] = out.Responses[n].Item.int("n")
	}
	return balance, nil
}

// check looks that each transaction is there whole or not at all, makes those
// again that were not answered, and some that were, which must change nothing.
func (l *bank) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w, m := range l.open {
		if m == nil {
			continue
		}
		made, err := l.c.get("Moves", m.id)
		if err != nil {
			return err
		}
		if made != nil {
			l.book(w)
		}
	}
	if err := l.compare("after the start"); err != nil {
		return err
	}
	for w, m := range l.open {
		if m == nil {
			continue
		}
		if err := l.send(*m); err != nil {
			return err
		}
		l.book(w)
	}
	if err := l.replay(); err != nil {
		return err
	}
	if err := l.compare("after the repetition"); err != nil {
		return err
	}
	return l.archive()
}

// compare compares the accounts with the moves.
func (l *bank) compare(when string) error {
	got, err := l.accounts()
	if err == nil && got != l.balance {
		l.wrong.add("bank: the accounts are %v %s, and %v by the moves", got, when, l.balance)
	}
	return err
}

// replay repeats the last moves, of which tokens are remembered.
func (l *bank) replay() error {
	for _, m := range l.moves[max(0, len(l.moves)-workers):] {
		if err := l.send(m); err != nil {
			return err
		}
		m.from, m.to = m.to, m.from
		var refused *refusal
		if err := l.send(m); !errors.As(err, &refused) || !refused.is("IdempotentParameterMismatchException") {
			l.wrong.add("bank: the token of %s is taken for another transaction: %v", m.id, err)
		}
	}
	return nil
}

// archive looks for all moves since the last check, and deletes them.
func (l *bank) archive() error {
	const batch = 25
	for ; len(l.moves) > 0; l.moves = l.moves[min(batch, len(l.moves)):] {
		var keys []item
		var deletes []object
		for _, m := range l.moves[:min(batch, len(l.moves))] {
			keys = append(keys, item{"k": {S: m.id}})
			deletes = append(deletes, object{"DeleteRequest": object{"Key": item{"k": {S: m.id}}}})
		}
		var out struct{ Responses struct{ Moves []item } }
		err := l.c.call(tables+"BatchGetItem", object{"RequestItems": object{"Moves": object{"Keys": keys, "ConsistentRead": true}}}, &out)
		if err != nil {
			return err
		}
		if len(out.Responses.Moves) != len(keys) {
			l.wrong.add("bank: of %d acknowledged moves %d are there", len(keys), len(out.Responses.Moves))
		}
		if err := l.c.call(tables+"BatchWriteItem", object{"RequestItems": object{"Moves": deletes}}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (l *bank) finish() error { return l.check() }
