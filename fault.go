package levee

import (
	"time"

	"github.com/levee-io/levee/internal/fault"
)

// Fault is a failure that requests meet on purpose: see Server.Fail. Requests that
// are refused for their form, such as a parameter out of range, do not meet it.
type Fault struct {
	// Operation is the name of the operation, such as "PutItem"; empty means all.
	Operation string
	// Resource is the name of a table or queue that the request must concern;
	// empty means any.
	Resource string
	// Skip is how many such requests pass before the first one fails.
	Skip int
	// Times is how many fail; 0 means all from then on.
	Times int
	// Code is that of the error, such as "ThrottlingException" or
	// "TransactionConflictException". A transaction that meets the latter, or a
	// "ConditionalCheckFailedException", is cancelled, and its first action is the
	// reason. Without a code and a Delay, the error is an internal one of the
	// server. Clients of the AWS SDK try again by themselves after some codes.
	Code string
	// Message is the text of the error; empty means the usual one of the service.
	Message string
	// Done carries the request out before it fails: only the answer is lost.
	Done bool
	// Delay is how long the request takes longer. With a delay and no code it does
	// not fail.
	Delay time.Duration
}

// Fail makes requests fail until stop is called, which returns how many have. Of
// several faults that a request meets, the one given first counts. Before Start
// and after Close a fault waits for requests.
func (s *Server) Fail(f Fault) (stop func() (failed int)) {
	return s.faults.Add(fault.Fault(f))
}
