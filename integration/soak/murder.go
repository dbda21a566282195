package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// murder is one run in which those who consume exactly once are killed, and the
// server they consume from. Each message has a number in its group; at the end,
// each place must have each number once, in order.
type murder struct {
	*config
	without string // a guard of the consumers, see consumerGuard

	server    *server
	client    *client
	consumers [2]*exec.Cmd

	serverKills, consumerKills int
	sent                       map[string]int // numbers acknowledged, by group
	again                      int            // rows written at a delivery that was not the first
	wrong                      problems
}

const murderGroups = 6

// settlePatience is how long the rest may take once nobody is killed any more and
// nothing moves.
const settlePatience = 20 * time.Second

// run kills until the time is over, lets the rest be done, and checks.
func (m *murder) run() (err error) {
	if m.server, err = newServer(m.binary, m.dir); err != nil {
		return err
	}
	defer m.server.end(syscall.SIGKILL)
	defer m.killConsumers()
	m.client = newClient("http://" + m.server.addr)
	if err := m.server.start(); err != nil {
		return err
	}
	if err := m.create(); err != nil {
		return err
	}
	var stop atomic.Bool
	var producers sync.WaitGroup
	m.sent = map[string]int{}
	producers.Go(func() { m.produce(&stop) })
	err = m.kill()
	stop.Store(true)
	producers.Wait()
	if err == nil {
		err = m.settle()
	}
	if err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return err
	}
	m.killConsumers()
	m.server.end(syscall.SIGTERM)
	if out, err := m.server.check(); err != nil {
		m.wrong.add("levee check: %v\n%s", err, out)
	}
	return nil
}

func (m *murder) create() error {
	stream := object{"StreamSpecification": object{"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}
	if err := m.client.createTable(murderTable, nil, stream); err != nil {
		return err
	}
	for _, name := range []string{murderIn, murderOut} {
		if err := m.client.call(queues+"CreateQueue", object{"QueueName": name, "Attributes": object{"FifoQueue": "true"}}, nil); err != nil {
			return err
		}
	}
	return nil
}

// produce sends the numbers of random groups, each until the server has it: what is
// sent again within minutes is dropped by the queue.
func (m *murder) produce(stop *atomic.Bool) {
	rng := rand.New(rand.NewPCG(m.seed, 2))
	for !stop.Load() {
		o := order{Group: "g" + strconv.Itoa(rng.IntN(murderGroups))}
		o.N = m.sent[o.Group] + 1
		body, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		in := object{
			"QueueUrl": "http://localhost/000000000000/" + murderIn, "MessageBody": string(body),
			"MessageGroupId": o.Group, "MessageDeduplicationId": o.Group + "-" + strconv.Itoa(o.N),
		}
		for m.client.call(queues+"SendMessage", in, nil) != nil {
			time.Sleep(5 * time.Millisecond) // until the server is there again
		}
		m.sent[o.Group] = o.N
		time.Sleep(time.Duration(rng.IntN(10)) * time.Millisecond)
	}
}

// kill kills at random moments: a consumer, the server, or everybody. Whoever was
// killed is started again.
func (m *murder) kill() error {
	rng := rand.New(rand.NewPCG(m.seed, 1))
	for end := time.Now().Add(m.length); time.Now().Before(end); {
		for i := range m.consumers {
			if err := m.startConsumer(i); err != nil {
				return err
			}
		}
		time.Sleep(time.Duration(float64(m.life) * 2 * rng.Float64()))
		victim := rng.IntN(len(m.consumers) + 2)
		if victim < len(m.consumers) {
			m.killConsumer(victim)
			continue
		}
		m.server.end(syscall.SIGKILL)
		m.serverKills++
		if victim > len(m.consumers) {
			m.killConsumers()
		}
		if err := m.server.start(); err != nil {
			return err
		}
		fmt.Fprintf(m.log, "\r%d kills of the server, %d of consumers ", m.serverKills, m.consumerKills)
	}
	for i := range m.consumers {
		if err := m.startConsumer(i); err != nil {
			return err
		}
	}
	fmt.Fprintln(m.log)
	return nil
}

// startConsumer starts consumer i unless it runs. One that has ended by itself is an
// error.
func (m *murder) startConsumer(i int) error {
	if m.consumers[i] != nil {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), consumerURL+"=http://"+m.server.addr, consumerGuard+"="+m.without)
	m.consumers[i] = cmd
	return cmd.Start()
}

func (m *murder) killConsumers() {
	for i := range m.consumers {
		m.killConsumer(i)
	}
}

func (m *murder) killConsumer(i int) {
	cmd := m.consumers[i]
	if cmd == nil || cmd.Process == nil {
		return
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // a killed process fails
	m.consumers[i] = nil
	m.consumerKills++
}

// settle waits until every place has had as many as were sent, or nothing moves.
func (m *murder) settle() error {
	all := 0
	for _, n := range m.sent {
		all += n
	}
	moved := time.Now()
	for last := -1; time.Since(moved) < settlePatience; {
		came, enough := 0, true
		for _, place := range places {
			here := 0
			for group := range m.sent {
				it, err := m.client.get(murderTable, place+"/"+group)
				if err != nil {
					return err
				}
				here += it.int("count")
			}
			came += here
			enough = enough && here >= all
		}
		if enough {
			return nil
		}
		if came != last {
			last, moved = came, time.Now()
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}

var places = []string{placeDone, placeArrived, placeFollowed}

// check reads all rows of each place and group.
func (m *murder) check() error {
	for _, place := range places {
		for group, sent := range m.sent {
			it, err := m.client.get(murderTable, place+"/"+group)
			if err != nil {
				return err
			}
			count := it.int("count")
			if count != sent {
				m.wrong.add("%s: %d of group %s came, %d were sent", place, count, group, sent)
			}
			for n := 1; n <= count; n++ {
				row, err := m.client.get(murderTable, rowKey(place, group, n))
				if err != nil {
					return err
				}
				if row.int("n") != n {
					m.wrong.add("%s: number %d of group %s came as number %d", place, row.int("n"), group, n)
					break // what follows is shifted
				}
				m.again += row.int("again")
			}
		}
	}
	return nil
}

func (m *murder) write(w io.Writer) {
	all := 0
	for _, n := range m.sent {
		all += n
	}
	fmt.Fprintf(w, "seed %d, %d kills of the server, %d of consumers\n", m.seed, m.serverKills, m.consumerKills)
	fmt.Fprintf(w, "%d messages, each through %d places; %d effects came of a delivery that was not the first\n", all, len(places), m.again)
	fmt.Fprintf(w, "wrong: %d\n", m.wrong.count)
	for _, text := range m.wrong.first[:min(20, len(m.wrong.first))] {
		fmt.Fprintln(w, " ", text)
	}
}
