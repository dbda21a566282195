package surge

import (
	"fmt"
	"slices"
	"strings"
)

// Design is a way from the producers of messages to the tables. The story tried them in this order.
type Design string

// The designs. What they promise of the order of a chat is in Design.ordered.
const (
	// Direct has producers write straight to the tables. Whoever gets no answer writes again, so the application
	// must recognize what is stored.
	Direct Design = "direct"
	// Lambda has a function store what a standard queue delivers to it: at least once, in any order.
	Lambda Design = "lambda"
	// FIFO has consumers store what a FIFO queue delivers to them, and delete it then: at least once, in order.
	FIFO Design = "fifo"
	// ExactlyOnce has consumers whose writes and whose removal of the message are one transaction. They store without
	// any condition: if a message had its effects twice, the audit would see it.
	ExactlyOnce Design = "exactly-once"
)

// Designs are all of them, in the order in which they are compared.
var Designs = []Design{Direct, Lambda, FIFO, ExactlyOnce}

// validate reports a design that there is not; the empty one is FIFO.
func (d Design) validate() error {
	if d == "" || slices.Contains(Designs, d) {
		return nil
	}
	names := make([]string, len(Designs))
	for i := range Designs {
		names[i] = string(Designs[i])
	}
	return fmt.Errorf("design is %q, must be one of %s", string(d), strings.Join(names, ", "))
}

// inFull is FIFO for the empty design, which plans have for it.
func (d Design) inFull() Design {
	if d == "" {
		return FIFO
	}
	return d
}

// queued reports whether a queue is between producers and tables.
func (d Design) queued() bool { return d != Direct }

// groups reports whether the queue is a FIFO queue, which knows chats and suppresses what is sent again.
func (d Design) groups() bool { return d == FIFO || d == ExactlyOnce }

// ordered reports whether the messages of a chat are stored as they were sent. Direct promises it because each chat has
// one producer, which waits for the answer.
func (d Design) ordered() bool { return d != Lambda }
