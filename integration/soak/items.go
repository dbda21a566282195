package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// items writes ever new versions of a few items, each with one writer, into a
// table with an index and a stream.
type items struct {
	c     *client
	wrong *problems
	slots [workers][itemsEach]slot
	last  atomic.Int64 // version
	acks  atomic.Int64
	log   *changeLog
}

// itemsEach is the number of items of a worker.
const itemsEach = 8

// slot is what is known of an item. Versions are above 0, which stands for none.
type slot struct {
	now   int   // the version that was acknowledged last
	trail []int // versions since the last check
	// trying is a version that was not answered, if tried is set.
	trying int
	tried  bool
}

func newItems(c *client, wrong *problems) *items { return &items{c: c, wrong: wrong} }

func (l *items) name() string { return "items" }
func (l *items) done() int    { return int(l.acks.Load()) }

func (l *items) create() error {
	err := l.c.createTable("Items", []object{{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "v", "AttributeType": "N"}}, object{
		"GlobalSecondaryIndexes": []object{{
			"IndexName":  "by-group",
			"KeySchema":  []object{{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "v", "KeyType": "RANGE"}},
			"Projection": object{"ProjectionType": "ALL"},
		}},
		"StreamSpecification": object{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
	})
	if err != nil {
		return err
	}
	l.log, err = newChangeLog(l.c, "Items")
	return err
}

func itemKey(worker, i int) string { return fmt.Sprintf("%d-%d", worker, i) }

func (l *items) work(worker int, rng *rand.Rand, stop *atomic.Bool) {
	for !stop.Load() {
		i := rng.IntN(itemsEach)
		s := &l.slots[worker][i]
		s.trying, s.tried = int(l.last.Add(1)), true
		if s.now != 0 && rng.IntN(4) == 0 {
			s.trying = 0
		}
		if err := l.write(worker, i, s.trying, rng); err != nil {
			if refused, ok := asRefusal(err); ok {
				l.wrong.add("items: a write was refused: %v", refused)
			}
			return
		}
		s.settle()
		l.acks.Add(1)
	}
}

// settle makes the version tried the present one.
func (s *slot) settle() { s.now, s.tried, s.trail = s.trying, false, append(s.trail, s.trying) }

// write leaves an item in a version, in one of several ways.
func (l *items) write(worker, i, version int, rng *rand.Rand) error {
	key, group := value{S: itemKey(worker, i)}, value{S: fmt.Sprint("w", worker)}
	whole := item{"k": key, "g": group, "v": number(version), "x": {S: fmt.Sprintf("%*d", 1+rng.IntN(600), version)}}
	switch {
	case version == 0:
		return l.c.call(tables+"DeleteItem", object{"TableName": "Items", "Key": item{"k": key}}, nil)
	case rng.IntN(3) == 0:
		return l.c.call(tables+"PutItem", object{"TableName": "Items", "Item": whole}, nil)
	case rng.IntN(2) == 0:
		return l.c.call(tables+"BatchWriteItem", object{"RequestItems": object{"Items": []object{{"PutRequest": object{"Item": whole}}}}}, nil)
	}
	return l.c.call(tables+"UpdateItem", object{"TableName": "Items", "Key": item{"k": key},
		"UpdateExpression": "SET g = :g, v = :v", "ExpressionAttributeValues": item{":g": group, ":v": number(version)}}, nil)
}

func (l *items) check() error {
	for w := range l.slots {
		for i := range l.slots[w] {
			if err := l.checkItem(w, i); err != nil {
				return err
			}
		}
		if err := l.checkIndex(w); err != nil {
			return err
		}
	}
	return l.checkStream()
}

func (l *items) finish() error { return l.check() }

// checkItem looks which of the versions that it may have an item has.
func (l *items) checkItem(worker, i int) error {
	s, key := &l.slots[worker][i], itemKey(worker, i)
	got, err := l.c.get("Items", key)
	if err != nil {
		return err
	}
	switch version := got.int("v"); {
	case s.tried && version == s.trying:
		s.settle()
	case version != s.now:
		l.wrong.add("item %s is of version %d; acknowledged was %d, tried %d", key, version, s.now, s.trying)
	}
	s.tried = false
	return nil
}

// checkIndex compares the entries of a worker's items with the items.
func (l *items) checkIndex(worker int) error {
	var out struct{ Items []item }
	err := l.c.call(tables+"Query", object{"TableName": "Items", "IndexName": "by-group", "KeyConditionExpression": "g = :g",
		"ExpressionAttributeValues": item{":g": {S: fmt.Sprint("w", worker)}}}, &out)
	if err != nil {
		return err
	}
	found := map[string]int{}
	for _, entry := range out.Items {
		if _, twice := found[entry["k"].S]; twice {
			l.wrong.add("item %s is twice in the index", entry["k"].S)
		}
		found[entry["k"].S] = entry.int("v")
	}
	for i := range itemsEach {
		if key, s := itemKey(worker, i), &l.slots[worker][i]; found[key] != s.now {
			l.wrong.add("item %s is of version %d, and of %d in the index", key, s.now, found[key])
		}
	}
	return nil
}

// checkStream compares the new records of the stream with the writes.
func (l *items) checkStream() error {
	records, err := l.log.read()
	if err != nil {
		return err
	}
	for w := range l.slots {
		for i := range l.slots[w] {
			key, s := itemKey(w, i), &l.slots[w][i]
			if got := records[key]; !slices.Equal(got, s.trail) {
				l.wrong.add("item %s went through versions %v, and through %v in the stream", key, s.trail, got)
			}
			s.trail = nil
		}
	}
	return nil
}
