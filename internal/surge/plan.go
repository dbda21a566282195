package surge

import (
	"context"
	"fmt"
	"iter"
)

// Plan is all that decides which messages a run sends, and which way they take. It is stored with the run, so that a run that was
// interrupted goes on as it began.
type Plan struct {
	Seed      uint64 `json:"seed,omitempty"`
	Messages  int    `json:"messages"`
	Companies int    `json:"companies,omitempty"`
	Segment   int    `json:"segment,omitempty"`
	BaseRate  int    `json:"base_rate,omitempty"`
	Input     string `json:"input,omitempty"`  // SHA-256 of the file of events
	Design    Design `json:"design,omitempty"` // empty is FIFO
	Series    bool   `json:"series,omitempty"` // one of a run of each design
}

// script yields the messages of a run, the same ones each time it is asked.
type script interface {
	// plan describes the script; two scripts with equal plans yield equal messages.
	plan() Plan
	// lanes divides the messages among producers. No chat is in two lanes, and each lane is in order.
	// The iterators of all lanes must be consumed at the same time.
	lanes(ctx context.Context) []lane
	// messages yields everything once more for the audit, each chat in order, with the first
	// base messages of the everyday traffic.
	messages(base int64) iter.Seq2[Message, error]
}

// lane is the work of one producer.
type lane struct {
	name string
	// total is the number of messages, unknown (-1) for everyday traffic, which goes on until it is told to
	// stop, and for a file.
	total int64
	// everyday marks the base traffic.
	everyday bool
	// from yields the lane's messages, without the first start ones.
	from func(start int64) iter.Seq2[Message, error]
}

// generated is the script made from a seed.
type generated struct{ Plan }

const (
	managersPerCompany = 8
	talksPerCompany    = 20 // chats with everyday traffic
	everydayLane       = "everyday"
)

func newGenerated(c Config) generated {
	return generated{Plan{Seed: c.Seed, Messages: c.Messages, Companies: c.Companies, Segment: c.Segment, BaseRate: c.BaseRate}}
}

func (g generated) plan() Plan { return g.Plan }

func (g generated) lanes(context.Context) []lane {
	var lanes []lane
	for c := range g.Companies {
		n := g.share(c)
		lanes = append(lanes, lane{
			name:  fmt.Sprintf("company-%03d", c),
			total: n,
			from: func(start int64) iter.Seq2[Message, error] {
				return sequence(start, n, func(i int64) Message { return g.campaign(c, i) })
			},
		})
	}
	if g.BaseRate > 0 {
		lanes = append(lanes, lane{
			name:     everydayLane,
			total:    -1,
			everyday: true,
			from:     func(start int64) iter.Seq2[Message, error] { return sequence(start, -1, g.talk) },
		})
	}
	return lanes
}

func (g generated) messages(base int64) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for c := range g.Companies {
			for i := range g.share(c) {
				if !yield(g.campaign(c, i), nil) {
					return
				}
			}
		}
		for i := range base {
			if !yield(g.talk(i), nil) {
				return
			}
		}
	}
}

// sequence yields at(start), at(start+1) ... up to at(end-1), or without end if end is negative.
func sequence(start, end int64, at func(int64) Message) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for i := start; end < 0 || i < end; i++ {
			if !yield(at(i), nil) {
				return
			}
		}
	}
}

// share is the number of one-off messages of company c.
func (g generated) share(c int) int64 {
	n := g.Messages / g.Companies
	if c < g.Messages%g.Companies {
		n++
	}
	return int64(n)
}

// campaign is the i-th one-off message of company c. Each campaign goes through the whole segment before the
// next begins.
func (g generated) campaign(c int, i int64) Message {
	chat, wave := i%int64(g.Segment), i/int64(g.Segment)
	h := mix(g.Seed, uint64(c)<<32|uint64(wave))
	m := Message{
		Chat:   fmt.Sprintf("co%03d/c%05d", c, chat),
		Seq:    wave + 1,
		Member: fmt.Sprintf("co%03d/campaign", c),
		Text:   fmt.Sprintf("Hello customer %d, %s %s", chat, openings[h%uint64(len(openings))], offers[(h>>16)%uint64(len(offers))]),
	}
	g.join(&m, c, fmt.Sprintf("co%03d/u%05d", c, chat), mix(g.Seed, uint64(c)<<32|uint64(chat)|1<<63))
	return m
}

// talk is the i-th message of everyday traffic: customers and managers take turns.
func (g generated) talk(i int64) Message {
	chats := int64(g.Companies * talksPerCompany)
	n, turn := i%chats, i/chats
	c, chat := int(n%int64(g.Companies)), n/int64(g.Companies)
	h := mix(g.Seed, uint64(i)|1<<62)
	m := Message{
		Chat: fmt.Sprintf("co%03d/t%05d", c, chat),
		Seq:  turn + 1,
		Text: remarks[h%uint64(len(remarks))],
	}
	g.join(&m, c, fmt.Sprintf("co%03d/v%05d", c, chat), mix(g.Seed, uint64(c)<<32|uint64(chat)|1<<61))
	m.Member = m.Members[turn%int64(len(m.Members))]
	return m
}

// join puts a customer and two managers of company c, chosen by h, in the message's chat.
func (g generated) join(m *Message, c int, customer string, h uint64) {
	first := h % managersPerCompany
	second := (first + 1 + (h>>8)%(managersPerCompany-1)) % managersPerCompany
	a, b := fmt.Sprintf("co%03d/m%d", c, first), fmt.Sprintf("co%03d/m%d", c, second)
	m.Members = []string{customer, a, b}
	m.Managers = m.Members[1:]
}

// mix scrambles a seed and a number into 64 well spread bits (the finalizer of SplitMix64).
func mix(seed, n uint64) uint64 {
	z := seed*0x9e3779b97f4a7c15 + n
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

var openings = []string{
	"this weekend only:", "good news for you:", "you asked for it:", "before it is gone:", "thank you for a great year:",
	"we kept one for you:", "it is back:", "as a member you see it first:",
}

var offers = []string{
	"two for the price of one on everything in your basket.",
	"free delivery until midnight, no code needed.",
	"the spring collection opens today at noon.",
	"your points count double until Sunday.",
	"a seat is still free in Thursday's class; answer to keep it.",
	"the new app is out, with the dark theme you wanted.",
	"we moved: visit us at the river, and the first coffee is on us.",
}

var remarks = []string{
	"Where is my parcel?", "It left the warehouse this morning.", "Could I change the size?", "Of course, which one would you like?",
	"Thank you!", "Is the shop open on Monday?", "We open at nine.", "I was charged twice.", "I am looking into it right now.",
	"The refund is on its way.", "Great, that was quick.", "Anything else I can do for you?",
}
