package fair

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// disk is an operation table whose requests take as long as the disk, and what was seen
// of them.
type disk struct {
	gate    *Gate
	handles map[string]func(context.Context, *api.Caller, api.Input) (api.Output, error)

	mu     sync.Mutex
	now    map[string]int // under way, by table
	most   map[string]int
	starts []string // in order, by what is set as the caller's request id
	fail   error
	panics bool
	pause  time.Duration   // of the disk, once
	crowds []time.Duration // when writes were to share syncs, and when no more, in turn
	made   time.Time
	limit  int
}

// aSync is how long a request takes, if the disk does not pause.
const aSync = time.Millisecond

// newDisk returns a disk behind a gate on one CPU, for which limit is how many writes may
// be under way.
func newDisk(limit int) *disk {
	d := &disk{made: time.Now(), limit: limit, now: map[string]int{}, most: map[string]int{}, handles: map[string]func(context.Context, *api.Caller, api.Input) (api.Output, error){}}
	g := New(d)
	g.cpus, g.limit = 1, limit
	d.gate = g
	for _, op := range g.Wrap([]api.Operation{{Name: "PutItem", Handle: d.handle}, {Name: "ReceiveMessage", Handle: d.receive}, {Name: "none"}}) {
		d.handles[op.Name] = op.Handle
	}
	return d
}

func (d *disk) Syncs() (uint64, time.Duration) { return 1, time.Duration(d.limit-1) * perWrite }

func (d *disk) ShareSyncs(crowd bool) {
	if crowd != (len(d.crowds)%2 == 0) {
		panic("told twice")
	}
	d.crowds = append(d.crowds, time.Since(d.made))
}

func (d *disk) handle(_ context.Context, c *api.Caller, in api.Input) (api.Output, error) {
	at := resourceName(in)
	d.mu.Lock()
	d.now[at]++
	d.most[at] = max(d.most[at], d.now[at])
	d.starts = append(d.starts, c.RequestID)
	fail, panics := d.fail, d.panics
	pause := d.pause
	d.pause = 0
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.now[at]--
	}()
	if panics {
		panic("as a mistake would")
	}
	time.Sleep(aSync + pause)
	return nil, fail
}

// receive waits for the end of the request, as it does while there is no message.
func (d *disk) receive(ctx context.Context, c *api.Caller, in api.Input) (api.Output, error) {
	d.mu.Lock()
	d.now["waiting"]++
	d.most["waiting"] = max(d.most["waiting"], d.now["waiting"])
	d.mu.Unlock()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Minute):
	}
	return d.handle(ctx, c, in)
}

func resourceName(in api.Input) string {
	switch in := in.(type) {
	case *ddb.GetItemInput:
		return in.TableName.V
	case *ddb.PutItemInput:
		return in.TableName.V
	case *ddb.BatchWriteItemInput:
		return in.RequestItems[0].Key
	}
	return "queue"
}

func put(table string) api.Input {
	return &ddb.PutItemInput{TableName: api.Opt[string]{V: table, OK: true}}
}

func get(table string) api.Input {
	return &ddb.GetItemInput{TableName: api.Opt[string]{V: table, OK: true}}
}

func batchOf(table string, n int) api.Input {
	return &ddb.BatchWriteItemInput{RequestItems: api.Map[[]ddb.WriteRequest]{{Key: table, Value: make([]ddb.WriteRequest, n)}}}
}

// ask sends a request and waits for its end.
func (d *disk) ask(id string, in api.Input) error {
	_, err := d.handles["PutItem"](context.Background(), &api.Caller{RequestID: id}, in)
	return err
}

// both has two tables asked for in turn, so that both count as in use.
func (d *disk) both() {
	for _, table := range []string{"busy", "calm", "busy", "calm", "busy"} {
		_ = d.ask("", get(table))
	}
	d.reset()
}

func (d *disk) reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.most)
	d.starts = nil
}

// flood sends n of the same requests at once, and returns how long it takes until all
// have ended.
func (d *disk) flood(n int, in func() api.Input) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _ = d.ask(strconv.Itoa(i), in()) })
		synctest.Wait() // they come in order
	}
	all.Wait()
	return time.Since(start)
}

func (d *disk) mostOf(table string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.most[table]
}

func TestAloneIsNotHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		if took := d.flood(100, func() api.Input { return put("busy") }); took != aSync || d.mostOf("busy") != 100 {
			t.Errorf("%d at once in %v, of a hundred", d.mostOf("busy"), took)
		}
		// Nor is the next one, once: that another was in use before is not in its way.
		if took := d.flood(100, func() api.Input { return put("next") }); took != aSync {
			t.Errorf("the next table took %v", took)
		}
	})
}

func TestBusyIsHeldBackBesideOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		calm := make(chan time.Duration, 1)
		go func() {
			time.Sleep(aSync / 2)
			start := time.Now()
			_ = d.ask("calm", put("calm"))
			calm <- time.Since(start)
		}()
		// Once a round begins half a millisecond later: when the write of the other has ended.
		if took := d.flood(40, func() api.Input { return put("busy") }); took != 10*aSync+aSync/2 {
			t.Errorf("forty, four at a time, took %v", took)
		}
		if d.mostOf("busy") != 4 || d.gate.Held() != 36 {
			t.Errorf("%d at once, %d have waited", d.mostOf("busy"), d.gate.Held())
		}
		if took := <-calm; took != aSync {
			t.Errorf("a write of another table took %v", took)
		}
		// A second after the others were asked for, it is alone.
		time.Sleep(quiet + time.Millisecond)
		if took := d.flood(40, func() api.Input { return put("busy") }); took != aSync {
			t.Errorf("alone again, forty took %v", took)
		}
	})
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(1)
		d.both()
		d.flood(8, func() api.Input { return put("busy") })
		if !slices.IsSortedFunc(d.starts, func(a, b string) int {
			x, _ := strconv.Atoi(a)
			y, _ := strconv.Atoi(b)
			return x - y
		}) {
			t.Errorf("not in order: %v", d.starts)
		}
	})
}

// TestStaysShared: however seldom it is taken down what is in use, a table is held back as
// long as another one is asked for now and then.
func TestStaysShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		for i := range 100 {
			if i%7 == 0 {
				_ = d.ask("", get("calm"))
			}
			if d.flood(8, func() api.Input { return put("busy") }); d.mostOf("busy") != 4 {
				t.Fatalf("%d at once after %v", d.mostOf("busy"), time.Duration(i)*100*time.Millisecond)
			}
			time.Sleep(100*time.Millisecond - 2*aSync)
			d.reset()
		}
		time.Sleep(quiet)
		if took := d.flood(40, func() api.Input { return put("busy") }); took != aSync {
			t.Errorf("alone, forty took %v", took)
		}
	})
}

// slow asks for n writes that the disk takes a time of their own for.
func (d *disk) slow(n int, pause time.Duration) *sync.WaitGroup {
	var all sync.WaitGroup
	for range n {
		d.mu.Lock()
		d.pause = pause
		d.mu.Unlock()
		all.Go(func() { _ = d.ask("slow", put("busy")) })
		synctest.Wait()
	}
	return &all
}

// TestRounds: who waits goes on when all that went on before have ended, not when one has.
func TestRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		slow := d.slow(1, aSync/2)
		if took := d.flood(9, func() api.Input { return put("busy") }); took != 3*aSync+aSync/2 {
			t.Errorf("three rounds, the first half as long again, took %v", took)
		}
		slow.Wait()
	})
}

// TestSpared: a round begins when those have ended who came to others during the last one,
// but does not wait for who comes after that.
func TestSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		for _, at := range []time.Duration{aSync / 2, aSync + aSync/4} {
			go func() {
				time.Sleep(at)
				_ = d.ask("calm", put("calm"))
			}()
		}
		if took := d.flood(12, func() api.Input { return put("busy") }); took != 3*aSync+aSync/2 {
			t.Errorf("twelve, of whom the second four wait for half of a write, took %v", took)
		}
	})
}

// TestCrowd: the disk is told when nothing is under way any more but what has waited, and
// when something else is, or nothing any more. What is alone is no crowd.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		start := time.Since(d.made)
		d.crowds = nil
		go func() {
			time.Sleep(aSync + aSync/4)
			_ = d.ask("calm", put("calm"))
		}()
		d.flood(16, func() api.Input { return put("busy") }) // of whom the first four need not wait
		want := []time.Duration{start + aSync, start + aSync + aSync/4, start + 2*aSync + aSync/4, start + 4*aSync + aSync/4}
		if !slices.Equal(d.crowds, want) {
			t.Errorf("told at %v, want %v", d.crowds, want)
		}
		time.Sleep(2 * quiet)
		d.flood(16, func() api.Input { return put("busy") })
		if len(d.crowds) != len(want) {
			t.Errorf("what is alone counts as a crowd: told at %v", d.crowds)
		}
	})
}

// TestSparedForAMoment: what takes long elsewhere holds up one round at most.
func TestSparedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		d.pause = 100 * time.Millisecond
		go func() { _ = d.ask("long", batchOf("calm", 25)) }()
		synctest.Wait()
		patience := patienceOf(3 * perWrite)
		if took := d.flood(12, func() api.Input { return put("busy") }); took != patience+2*aSync {
			t.Errorf("twelve beside one elsewhere that takes long took %v, to spare it %v of them", took, patience)
		}
		time.Sleep(d.pause + time.Second)
	})
}

// TestFloodsSpareEachOtherNot: nor does a flood wait for another one.
func TestFloodsSpareEachOtherNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		var other sync.WaitGroup
		for range 12 {
			other.Go(func() {
				time.Sleep(aSync / 2)
				_ = d.ask("", put("calm"))
			})
		}
		if took := d.flood(12, func() api.Input { return put("busy") }); took != 3*aSync {
			t.Errorf("twelve beside another twelve took %v", took)
		}
		other.Wait()
	})
}

// TestStraggler: a write that takes long by itself holds back others for a moment only, and
// keeps its place alone.
func TestStraggler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		const long = 100 * time.Millisecond
		patience := patienceOf(3 * perWrite)
		slow := d.slow(1, long)
		if took := d.flood(12, func() api.Input { return put("busy") }); took != patience+3*aSync {
			t.Errorf("twelve beside one that takes long took %v, to wait for it %v of them", took, patience)
		}
		slow.Wait()
		// While all places are taken by such, nobody else goes on.
		d.both()
		slow = d.slow(4, stall-aSync)
		if took := d.flood(4, func() api.Input { return put("busy") }); took != stall+aSync {
			t.Errorf("four behind four that take %v took %v", stall, took)
		}
		slow.Wait()
	})
}

// TestBehindLong: nor do those wait for long who come behind something that takes all the
// places, and long.
func TestBehindLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		var all sync.WaitGroup
		d.pause = time.Second
		all.Go(func() { _ = d.ask("long", batchOf("busy", 25)) })
		synctest.Wait()
		if took := d.flood(3, func() api.Input { return put("busy") }); took > longest+leastPatience+aSync {
			t.Errorf("three behind a long one took %v", took)
		}
		all.Wait()
	})
}

// TestPauseOfTheDisk: who came during one does not wait one after the other at its end.
func TestPauseOfTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(1)
		d.both()
		d.pause = stall
		if took := d.flood(40, func() api.Input { return put("busy") }); took != stall+2*aSync {
			t.Errorf("a pause of %v and the forty that waited for its end took %v", stall, took)
		}
	})
}

// TestLongest: nobody is held back for long.
func TestLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(1)
		d.both()
		if took := d.flood(100, func() api.Input { return put("busy") }); took != longest+2*aSync {
			t.Errorf("a hundred, one at a time, took %v", took)
		}
	})
}

func TestReadsAreNotHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		if took := d.flood(40, func() api.Input { return get("busy") }); took != aSync {
			t.Errorf("forty reads took %v", took)
		}
	})
}

func TestWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(4)
		d.both()
		if d.flood(10, func() api.Input { return batchOf("busy", 10) }); d.mostOf("busy") != 2 {
			t.Errorf("%d batches of ten at once", d.mostOf("busy"))
		}
		d.both()
		if d.flood(10, func() api.Input { return batchOf("busy", 25) }); d.mostOf("busy") != 1 {
			t.Errorf("%d batches of 25 at once", d.mostOf("busy"))
		}
	})
	url := api.Opt[string]{V: "http://localhost/000000000000/queue", OK: true}
	for _, c := range []struct {
		in   api.Input
		want int
	}{
		{get("t"), 0},
		{&ddb.TransactWriteItemsInput{TransactItems: make([]ddb.TransactWriteItem, 7)}, 7},
		{&sqsapi.SendMessageRequest{QueueUrl: url}, 1},
		{&sqsapi.SendMessageBatchRequest{QueueUrl: url, Entries: make([]sqsapi.SendMessageBatchRequestEntry, 10)}, 2},
		{&sqsapi.DeleteMessageBatchRequest{QueueUrl: url, Entries: make([]sqsapi.DeleteMessageBatchRequestEntry, 1)}, 1},
		{&sqsapi.ReceiveMessageRequest{QueueUrl: url}, 1},
		{&sqsapi.ReceiveMessageRequest{QueueUrl: url, MaxNumberOfMessages: api.Opt[int64]{V: 1 << 62, OK: true}}, 2},
	} {
		if got := weightOf(c.in); got != c.want {
			t.Errorf("%T weighs %d, not %d", c.in, got, c.want)
		}
	}
}

// TestEndOfRequest: however requests end, their places are free again.
func TestEndOfRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(2)
		d.both()
		d.fail = errors.New("refused")
		d.flood(10, func() api.Input { return put("busy") })
		d.panics = true
		for range 10 {
			func() {
				defer func() { _ = recover() }()
				_ = d.ask("", put("busy"))
			}()
		}
		d.fail, d.panics = nil, false
		d.both()
		if took := d.flood(10, func() api.Input { return put("busy") }); took != 5*aSync {
			t.Errorf("ten, two at a time, took %v", took)
		}
	})
}

// TestWhoWaitsIsNotUnderWay: a receive that waits for messages keeps nobody out.
func TestWhoWaitsIsNotUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(2)
		d.both()
		url := api.Opt[string]{V: "http://localhost/000000000000/queue", OK: true}
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		for range 20 {
			go func() {
				_, _ = d.handles["ReceiveMessage"](ctx, &api.Caller{}, &sqsapi.ReceiveMessageRequest{QueueUrl: url})
			}()
		}
		synctest.Wait()
		if d.mostOf("waiting") != 20 {
			t.Errorf("%d of 20 wait for messages", d.mostOf("waiting"))
		}
		if took := d.flood(2, func() api.Input { return &sqsapi.SendMessageRequest{QueueUrl: url} }); took != aSync {
			t.Errorf("two sends beside them took %v", took)
		}
	})
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		cpus int
		sync time.Duration
		want int
	}{{1, 0, 1}, {1, 600 * time.Microsecond, 4}, {1, 601 * time.Microsecond, 5}, {4, 600 * time.Microsecond, 16}, {2, 15 * time.Millisecond, 152}} {
		if got := limitOf(c.cpus, c.sync); got != c.want {
			t.Errorf("%d CPUs, syncs of %v: %d, not %d", c.cpus, c.sync, got, c.want)
		}
	}
}
