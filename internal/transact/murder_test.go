package transact

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/levee-io/levee/internal/kv/kvpebble"
)

var murders = flag.Int("murders", 20, "how often TestMurder kills the server")

// TestMurder has consumers of a FIFO and of a standard queue, and followers of a
// stream, do their work in transactions, and kills them, and the server, at random
// moments: before they commit, after, while messages time out under their hands, and
// with what a crash leaves of the disk. Whoever was killed comes back later and
// tries to commit what it had. In the end each message and each record has had its
// effects once, and in order.
func TestMurder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 14))
	disk := vfs.NewCrashableMem()
	m := &murder{unsure: map[int]bool{}}
	for round := 0; round <= *murders && !t.Failed(); round++ {
		store, err := kvpebble.Open("store", kvpebble.Options{FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{TB: t, store: store}
		r.open()
		if round == 0 {
			m.setUp(r)
		}
		m.giveBack(r)
		if round == *murders {
			m.finish(r)
			m.check(r)
		} else {
			stop := m.start(r, uint64(round))
			m.await(1 + rng.IntN(3*perRound))
			forget := m.remember()
			disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{0, 50, 100}[round%3], RNG: rng})
			stop()
			forget()
		}
		r.close()
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills of the server, %d of consumers, %d messages, %d commits of the dead were refused", *murders, m.deaths.Load(), m.sent[0]+m.sent[1], m.refused.Load())
	if m.deaths.Load() == 0 || m.refused.Load() == 0 {
		t.Error("nobody was killed")
	}
}

const (
	murderGroups = 3
	perRound     = 12 // messages sent to each queue between two kills of the server
)

// murderQueues are consumed; the effects are in the table log, and are followed into
// the table seen.
var murderQueues = [2]string{"in.fifo", "in"}

// murder is what is known of the consumers, across crashes.
type murder struct {
	stream          string
	deaths, refused atomic.Int64
	steps           chan struct{}

	mu      sync.Mutex
	sent    [2]int       // messages by queue; guarded by mu
	most    int          // messages that the FIFO queue may have
	unsure  map[int]bool // messages of the standard queue that may not have been sent
	handles [2][]string  // of all receives; guarded by mu
	zombies []string     // transactions of the dead; guarded by mu
}

func (m *murder) setUp(r *rig) {
	for _, table := range []string{"log", "seen"} {
		out := r.do("CreateTable", fmt.Sprintf(`{"TableName":%q,"KeySchema":[{"AttributeName":"k","KeyType":"HASH"}],"AttributeDefinitions":[{"AttributeName":"k","AttributeType":"S"}],
			"BillingMode":"PAY_PER_REQUEST","StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"}}`, table))
		if table == "log" {
			m.stream = member(out, "LatestStreamArn")
		}
	}
	r.do("CreateQueue", `{"QueueName":"in"}`)
	r.do("CreateQueue", `{"QueueName":"out"}`)
	r.do("CreateQueue", `{"QueueName":"in.fifo","Attributes":{"FifoQueue":"true","ContentBasedDeduplication":"true"}}`)
}

// giveBack ends the visibility timeouts of all that was ever received.
func (m *murder) giveBack(r *rig) {
	for i, queue := range murderQueues {
		for _, handle := range m.handles[i] {
			_, _ = r.try("ChangeMessageVisibility", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q,"VisibilityTimeout":0}`, queueURL+queue, handle))
		}
		m.handles[i] = nil
	}
}

// start sets everybody to work, until stop.
func (m *murder) start(r *rig, round uint64) (stop func()) {
	m.steps = make(chan struct{}, 1<<16)
	done := make(chan struct{})
	var crew sync.WaitGroup
	run := func(n uint64, step func(*rig, *rand.Rand)) {
		rng := rand.New(rand.NewPCG(round, n))
		crew.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					step(r, rng)
				}
			}
		})
	}
	for i := range uint64(2) {
		crew.Go(func() {
			for range perRound {
				m.send(r, int(i))
			}
		})
		run(10+i, func(r *rig, rng *rand.Rand) { m.consume(r, int(i), rng) })
		run(20+i, func(r *rig, rng *rand.Rand) { m.consume(r, int(i), rng) })
		run(30+i, m.follow)
	}
	run(40, m.haunt)
	return func() { close(done); crew.Wait() }
}

// remember is called before the crash; what it returns, after it, forgets what was
// answered in between, which never happened.
func (m *murder) remember() (forget func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	sent, zombies := m.sent, len(m.zombies)
	return func() {
		for n := max(sent[1]-1, 0); n < m.sent[1]; n++ {
			m.unsure[n] = true
		}
		m.most = max(m.most, m.sent[0]+1)
		m.sent[0], m.zombies = sent[0], m.zombies[:zombies]
	}
}

// step counts what happened.
func (m *murder) step() {
	select {
	case m.steps <- struct{}{}:
	default: // nobody counts any more
	}
}

func (m *murder) await(steps int) {
	for range steps {
		<-m.steps
	}
}

// send sends the next message of a queue until that is answered. One sender a
// queue: numbers are in order.
func (m *murder) send(r *rig, i int) {
	m.mu.Lock()
	n := m.sent[i]
	if i == 1 {
		m.sent[i]++ // sent once, whatever comes of it
	}
	m.mu.Unlock()
	group := ""
	if i == 0 {
		group = fmt.Sprintf(`,"MessageGroupId":"g%d"`, n%murderGroups)
	}
	if _, err := r.try("SendMessage", fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":"%d"%s}`, queueURL+murderQueues[i], n, group)); err != nil {
		r.Error(err)
		return
	}
	if i == 0 { // sent again after a crash, and recognized
		m.mu.Lock()
		m.sent[i]++
		m.mu.Unlock()
	}
}

// consume receives messages and commits their effects, or dies.
func (m *murder) consume(r *rig, i int, rng *rand.Rand) {
	out, err := r.try("ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q,"VisibilityTimeout":600,"MaxNumberOfMessages":%d}`, queueURL+murderQueues[i], 1+rng.IntN(3)))
	if err != nil {
		r.Error(err)
		return
	}
	var got struct {
		Messages []struct{ Body, ReceiptHandle string }
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		r.Error(err)
	}
	for _, one := range got.Messages {
		m.mu.Lock()
		m.handles[i] = append(m.handles[i], one.ReceiptHandle)
		m.mu.Unlock()
	}
	for _, one := range got.Messages {
		request := m.effects(i, one.Body, one.ReceiptHandle)
		if rng.IntN(5) == 0 { // the timeout ends while it works
			_, _ = r.try("ChangeMessageVisibility", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q,"VisibilityTimeout":0}`, queueURL+murderQueues[i], one.ReceiptHandle))
		}
		if rng.IntN(4) == 0 { // killed before it commits, or before it knows that it did
			if rng.IntN(2) == 0 {
				m.commit(r, request)
			}
			m.die(request)
			for _, handle := range m.handlesAfter(got.Messages, one.ReceiptHandle) {
				_, _ = r.try("ChangeMessageVisibility", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q,"VisibilityTimeout":0}`, queueURL+murderQueues[i], handle))
			}
			return
		}
		if !m.commit(r, request) {
			return // what comes after it is somebody else's now
		}
	}
}

// handlesAfter returns the handles from one on.
func (m *murder) handlesAfter(list []struct{ Body, ReceiptHandle string }, from string) (handles []string) {
	for _, one := range list {
		if one.ReceiptHandle == from || handles != nil {
			handles = append(handles, one.ReceiptHandle)
		}
	}
	return handles
}

// effects is the transaction of a message: note it in the list of its group, send
// it on, and remove it.
func (m *murder) effects(i int, body, handle string) string {
	group := murderQueues[i]
	if i == 0 {
		var n int
		_, _ = fmt.Sscan(body, &n)
		group = fmt.Sprint("g", n%murderGroups)
	}
	return `{"TransactItems":[` + strings.Join([]string{note("log", group, body), send("out", murderQueues[i]+" "+body), remove(murderQueues[i], handle)}, ",") + `]}`
}

// note appends a text to the list of an item, and counts.
func note(table, key, text string) string {
	return fmt.Sprintf(`{"Update":{"TableName":%q,"Key":{"k":{"S":%q}},"UpdateExpression":"SET l = list_append(if_not_exists(l, :none), :one), #t = :t ADD n :n",
		"ExpressionAttributeNames":{"#t":"last"},
		"ExpressionAttributeValues":{":none":{"L":[]},":one":{"L":[{"S":%q}]},":t":{"S":%q},":n":{"N":"1"}}}}`, table, key, text, text)
}

// commit carries out a transaction, again while others are in the way, and reports
// whether it was done.
func (m *murder) commit(r *rig, request string) bool {
	for {
		_, err := r.try("Transact", request)
		switch {
		case err == nil:
			m.step()
			return true
		case strings.Contains(reasons(r, err), "TransactionConflict"):
			continue
		case strings.Contains(reasons(r, err), "ReceiptHandleIsInvalid"), strings.Contains(reasons(r, err), "CheckpointMoved"):
			m.refused.Add(1)
			return false
		}
		r.Errorf("%s: %v", request, err)
		return false
	}
}

func (m *murder) die(request string) {
	m.deaths.Add(1)
	m.step()
	m.mu.Lock()
	m.zombies = append(m.zombies, request)
	m.mu.Unlock()
}

// haunt lets one of the dead try to commit.
func (m *murder) haunt(r *rig, rng *rand.Rand) {
	m.mu.Lock()
	var request string
	if n := len(m.zombies); n > 0 {
		request = m.zombies[rng.IntN(n)]
	}
	m.mu.Unlock()
	if request != "" {
		m.commit(r, request)
	}
}

// follow takes the records of the log to the table seen, a few of each shard.
func (m *murder) follow(r *rig, rng *rand.Rand) {
	var places struct {
		Checkpoints []struct{ ShardId, SequenceNumber string }
	}
	out := r.do("ListCheckpoints", fmt.Sprintf(`{"Consumer":"c","StreamArn":%q}`, m.stream))
	if err := json.Unmarshal([]byte(out), &places); err != nil {
		r.Error(err)
	}
	at := map[string]string{}
	for _, p := range places.Checkpoints {
		at[p.ShardId] = p.SequenceNumber
	}
	var described struct {
		StreamDescription struct{ Shards []struct{ ShardId string } }
	}
	if err := json.Unmarshal([]byte(r.do("DescribeStream", fmt.Sprintf(`{"StreamArn":%q}`, m.stream))), &described); err != nil {
		r.Error(err)
	}
	for _, s := range described.StreamDescription.Shards {
		m.followShard(r, rng, s.ShardId, at[s.ShardId])
	}
}

func (m *murder) followShard(r *rig, rng *rand.Rand, shard, at string) {
	start := `"ShardIteratorType":"TRIM_HORIZON"`
	if at != "" {
		start = fmt.Sprintf(`"ShardIteratorType":"AFTER_SEQUENCE_NUMBER","SequenceNumber":%q`, at)
	}
	iterator := member(r.do("GetShardIterator", fmt.Sprintf(`{"StreamArn":%q,"ShardId":%q,%s}`, m.stream, shard, start)), "ShardIterator")
	var got struct {
		Records []struct {
			Dynamodb struct {
				SequenceNumber string
				NewImage       struct{ K, Last struct{ S string } }
			}
		}
	}
	if err := json.Unmarshal([]byte(r.do("GetRecords", fmt.Sprintf(`{"ShardIterator":%q,"Limit":5}`, iterator))), &got); err != nil {
		r.Error(err)
	}
	for _, record := range got.Records {
		d := &record.Dynamodb
		from := ""
		if at != "" {
			from = fmt.Sprintf(`"PreviousSequenceNumber":%q,`, at)
		}
		request := `{"TransactItems":[` + note("seen", d.NewImage.K.S, d.NewImage.Last.S) + fmt.Sprintf(`,{"Checkpoint":{"Consumer":"c","StreamArn":%q,"ShardId":%q,%s"SequenceNumber":%q}}]}`, m.stream, shard, from, d.SequenceNumber)
		if rng.IntN(6) == 0 {
			m.die(request)
			return
		}
		if !m.commit(r, request) {
			return
		}
		at = d.SequenceNumber
	}
}

// finish lets everybody live until all is done.
func (m *murder) finish(r *rig) {
	calm := rand.New(calmly{})
	for m.sent[0] < m.most {
		m.send(r, 0)
	}
	total := func(table string) (n int) {
		for g := range murderGroups {
			n += len(list(r, table, fmt.Sprint("g", g)))
		}
		return n + len(list(r, table, "in"))
	}
	for want := -1; total("log") > want && !r.Failed(); {
		want = total("log")
		for range 2 {
			m.consume(r, 0, calm)
			m.consume(r, 1, calm)
		}
	}
	for want := total("log"); total("seen") < want && !r.Failed(); {
		m.follow(r, calm)
	}
}

// calmly is a source of numbers that lets nothing happen.
type calmly struct{}

func (calmly) Uint64() uint64 { return 1<<64 - 1 }

// list returns the list of an item.
func list(r *rig, table, key string) (texts []string) {
	var got struct {
		Item struct {
			L struct{ L []struct{ S string } }
			N struct{ N string }
		}
	}
	if err := json.Unmarshal([]byte(r.do("GetItem", fmt.Sprintf(`{"TableName":%q,"ConsistentRead":true,"Key":{"k":{"S":%q}}}`, table, key))), &got); err != nil {
		r.Error(err)
	}
	for _, v := range got.Item.L.L {
		texts = append(texts, v.S)
	}
	if got.Item.N.N != "" && got.Item.N.N != fmt.Sprint(len(texts)) {
		r.Errorf("%s of %s counts %s of %d", key, table, got.Item.N.N, len(texts))
	}
	return texts
}

// check compares the effects with one execution of each message.
func (m *murder) check(r *rig) {
	for _, table := range []string{"log", "seen"} {
		for g := range murderGroups {
			got := list(r, table, fmt.Sprint("g", g))
			for i, text := range got {
				if want := fmt.Sprint(g + i*murderGroups); text != want {
					r.Errorf("%s: number %d of group %d is %s, want %s", table, i, g, text, want)
					break
				}
			}
		}
		m.once(r, table, list(r, table, "in"), 1)
	}
	if log, seen := strings.Join(list(r, "log", "in"), " "), strings.Join(list(r, "seen", "in"), " "); log != seen {
		r.Errorf("the records were followed in another order:\n%s\n%s", log, seen)
	}
	var sentOn [2][]string
	for {
		body, handle := r.receive("out", 600)
		if body == "" {
			break
		}
		r.do("DeleteMessage", fmt.Sprintf(`{"QueueUrl":%q,"ReceiptHandle":%q}`, queueURL+"out", handle))
		queue, text, _ := strings.Cut(body, " ")
		if queue == murderQueues[0] {
			sentOn[0] = append(sentOn[0], text)
		} else {
			sentOn[1] = append(sentOn[1], text)
		}
	}
	for i := range sentOn {
		m.once(r, "what "+murderQueues[i]+" sent on", sentOn[i], i)
	}
}

// once checks that a list has each message of a queue once.
func (m *murder) once(r *rig, what string, list []string, queue int) {
	count := map[string]int{}
	for _, text := range list {
		count[text]++
	}
	for i := range m.sent[queue] {
		if c := count[fmt.Sprint(i)]; c != 1 && !(c == 0 && queue == 1 && m.unsure[i]) {
			r.Errorf("%s: message %d had its effects %d times", what, i, c)
		}
		delete(count, fmt.Sprint(i))
	}
	for text, c := range count {
		r.Errorf("%s: message %s, which was not sent, had its effects %d times", what, text, c)
	}
}
