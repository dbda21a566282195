package main

import (
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// recount is a counter that is built over many items while they are written, and
// compared with a count of them whenever the writing pauses.
type recount struct {
	*config
	items, rate int // items at first; writes a second
	pauses      int

	server *server
	client *client

	written  atomic.Int64 // items put or deleted, beside the first ones
	building time.Duration
	during   int64 // written while the counter was built
	groups   int   // at the last pause
	wrong    problems
}

const (
	recountTable   = "recount"
	recountCounter = "recount-by-group"
	recountGroups  = 2000
	recountWriters = 4
	recountBatch   = 25
	scanners       = 4
)

// sums is what a group has: items, and the sum of n.
type sums struct{ count, n int }

func (r *recount) run() (err error) {
	if r.server, err = newServer(r.binary, r.dir); err != nil {
		return err
	}
	defer r.server.end(syscall.SIGKILL)
	r.client = newClient("http://" + r.server.addr)
	if err := firstOf(r.server.start(), r.client.createTable(recountTable, nil, nil), r.fill()); err != nil {
		return err
	}
	stop := r.writeOn()
	began := time.Now()
	err = r.client.call("Levee.CreateCounter", object{
		"CounterName": recountCounter, "TableName": recountTable, "Sum": []string{"n"},
		"GroupBy": []object{{"AttributeName": "g", "AttributeType": "S"}},
	}, nil)
	if err := firstOf(err, r.built()); err != nil {
		return firstOf(stop(), err)
	}
	r.building, r.during = time.Since(began), r.written.Load()
	for range r.pauses {
		if err := firstOf(stop(), r.compare()); err != nil {
			return err
		}
		stop = r.writeOn()
		time.Sleep(r.life)
	}
	r.server.end(syscall.SIGKILL)
	_ = stop() // whoever was writing failed
	if err := r.server.start(); err != nil {
		return err
	}
	return r.compare()
}

// fill writes the first items.
func (r *recount) fill() error {
	var next atomic.Int64
	return inParallel(recountWriters, func(w int) error {
		rng := rand.New(rand.NewPCG(r.seed, uint64(w)))
		for {
			first := int(next.Add(recountBatch)) - recountBatch
			if first >= r.items {
				return nil
			}
			if err := r.write(rng, first, min(recountBatch, r.items-first), 0); err != nil {
				return err
			}
		}
	})
}

// writeOn has items put and deleted at the rate, until the returned function is
// called; it returns the first error.
func (r *recount) writeOn() (stop func() error) {
	var done atomic.Bool
	ended := make(chan error, 1)
	began := time.Now()
	var begun atomic.Int64
	go func() {
		ended <- inParallel(recountWriters, func(w int) error {
			rng := rand.New(rand.NewPCG(r.seed, rand.Uint64()))
			for !done.Load() {
				// The time of this batch, as if all came one after the other.
				at := time.Duration(begun.Add(recountBatch)-recountBatch) * time.Second / time.Duration(r.rate)
				time.Sleep(time.Until(began.Add(at)))
				if err := r.write(rng, rng.IntN(r.items+r.items/10), recountBatch, 4); err != nil {
					return err
				}
				r.written.Add(recountBatch)
			}
			return nil
		})
	}()
	return func() error { done.Store(true); return <-ended }
}

// write writes a few items in one request, and deletes one in so many, 0 for none.
func (r *recount) write(rng *rand.Rand, first, n, deletes int) error {
	requests := make([]object, n)
	for i := range requests {
		key := value{S: strconv.Itoa(first + i)}
		if deletes > 0 && rng.IntN(deletes) == 0 {
			requests[i] = object{"DeleteRequest": object{"Key": item{"k": key}}}
			continue
		}
		requests[i] = object{"PutRequest": object{"Item": item{"k": key, "g": {S: strconv.Itoa(rng.IntN(recountGroups))}, "n": number(rng.IntN(1000))}}}
	}
	return r.client.call(tables+"BatchWriteItem", object{"RequestItems": object{recountTable: requests}}, nil)
}

// built waits until the counter is open to reads.
func (r *recount) built() error {
	for {
		var out struct {
			Counter struct{ CounterStatus string }
		}
		if err := r.client.call("Levee.DescribeCounter", object{"CounterName": recountCounter}, &out); err != nil {
			return err
		}
		if out.Counter.CounterStatus == "ACTIVE" {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// compare counts the items and compares with the counter. Nobody writes meanwhile.
func (r *recount) compare() error {
	counted, err := r.scan(recountTable, func(into map[string]sums, it item) {
		s := into[it["g"].S]
		into[it["g"].S] = sums{s.count + 1, s.n + it.int("n")}
	})
	if err != nil {
		return err
	}
	said, err := r.scan(recountCounter, func(into map[string]sums, it item) { into[it["g"].S] = sums{it.int("count"), it.int("n")} })
	if err != nil {
		return err
	}
	r.groups = len(counted)
	for group, want := range counted {
		if said[group] != want {
			r.wrong.add("group %s: the counter says %v, and there are %v", group, said[group], want)
		}
	}
	for group := range said {
		if _, ok := counted[group]; !ok {
			r.wrong.add("group %s: the counter says %v, and there are none", group, said[group])
		}
	}
	return nil
}

// scan reads a whole table; the groups of a part of it are not those of another
// unless they are added up.
func (r *recount) scan(table string, add func(map[string]sums, item)) (map[string]sums, error) {
	var mu sync.Mutex
	all := map[string]sums{}
	return all, inParallel(scanners, func(segment int) error {
		part := map[string]sums{}
		in := object{"TableName": table, "ConsistentRead": true, "Segment": segment, "TotalSegments": scanners}
		for {
			var out struct {
				Items            []item
				LastEvaluatedKey item
			}
			if err := r.client.call(tables+"Scan", in, &out); err != nil {
				return err
			}
			for _, it := range out.Items {
				add(part, it)
			}
			if in["ExclusiveStartKey"] = out.LastEvaluatedKey; out.LastEvaluatedKey == nil {
				break
			}
		}
		mu.Lock()
		defer mu.Unlock()
		for group, s := range maps.All(part) {
			all[group] = sums{all[group].count + s.count, all[group].n + s.n}
		}
		return nil
	})
}

// inParallel does something so many times at once, and returns the first error.
func inParallel(n int, do func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return firstOf(errs...)
}

func (r *recount) report(w io.Writer) {
	fmt.Fprintf(w, "seed %d, %d items, counter built in %v, in which %d were written (%.0f/s)\n",
		r.seed, r.items, r.building.Round(time.Millisecond), r.during, float64(r.during)/r.building.Seconds())
	fmt.Fprintf(w, "%d written in all; %d groups compared at each of %d pauses and after a kill\n", r.written.Load(), r.groups, r.pauses)
	fmt.Fprintf(w, "wrong: %d\n", r.wrong.count)
	for _, text := range r.wrong.first[:min(20, len(r.wrong.first))] {
		fmt.Fprintln(w, " ", text)
	}
}
