package sqs

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// prepareVisibility prepares to end the visibility timeout of a message that
// many seconds from now.
//
// A timeout that ended by itself cannot be changed any more: on a FIFO queue
// that is an error; on a standard queue the service answers as if all were well
// and does nothing. A message that was given back before is not in flight.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
func (q *queue) prepareVisibility(c *change, handle string, seconds, now int64) error {
	return q.prepareVisible(c, handle, seconds, 0, now)
}

// prepareReturn prepares to give a message back as if it had not been received.
func (q *queue) prepareReturn(c *change, handle string, now int64) error {
	return q.prepareVisible(c, handle, 0, 1, now)
}

// prepareVisible is both. returned is how many receives do not count from now on.
func (q *queue) prepareVisible(c *change, handle string, seconds int64, returned uint32, now int64) error {
	r, err := q.engine.receipts.read(handle, q.id)
	if err != nil {
		return err
	}
	if seconds < 0 || seconds > maxVisibility {
		return errParameter(seconds, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and %d.", maxVisibility)
	}
	m := q.known[r.seq]
	released := slices.Contains(c.released, m)
	switch {
	case q.fifo && m != nil && (!m.inFlight || released || m.receives != r.receives):
		return errReceiptExpired(handle)
	case m == nil || m.receives != r.receives:
		return errParameter(handle, "ReceiptHandle", "Message does not exist or is not available for visibility timeout change.")
	case !m.inFlight && m.visibleAt == 0, released:
		return api.Errorf(model.CodeMessageNotInflight, "The specified message isn't in flight.")
	case !m.inFlight:
		return nil
	case now+1000*seconds > m.received+1000*maxVisibility:
		return errParameter(seconds, "VisibilityTimeout",
			"Total VisibilityTimeout for the message is beyond the limit [%d seconds]", maxVisibility)
	}
	s := m.state()
	s.visibleAt = 0
	s.returned += returned
	if seconds > 0 {
		s.visibleAt = now + 1000*seconds
	} else {
		c.released = append(c.released, m)
	}
	q.setState(c.batch, m.seq, s)
	c.then(func() {
		m.returned = s.returned
		q.setVisible(m, s.visibleAt, now)
	})
	return nil
}

// setVisible gives a message in flight a new end of its visibility timeout, 0
// for now.
func (q *queue) setVisible(m *message, at, now int64) {
	m.visibleAt = at
	if at == 0 {
		q.land(m, now)
		return
	}
	q.watch(m)
}
