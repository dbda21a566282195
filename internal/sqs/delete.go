package sqs

// prepareDelete prepares to delete the message of a receipt handle.
//
// On a standard queue any handle of the message serves, also one whose
// visibility timeout has ended. On a FIFO queue it must be the handle of the
// receive that still has the message. Deleting what is not there succeeds.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
func (q *queue) prepareDelete(c *change, handle string, now int64) error {
	r, err := q.engine.receipts.read(handle, q.id)
	if err != nil {
		return err
	}
	m := q.known[r.seq]
	if m == nil {
		q.counters.deleted.Add(1) // NumberOfMessagesDeleted counts it again
		return nil
	}
	if q.fifo && (!m.inFlight || m.receives != r.receives) {
		return errReceiptExpired(handle)
	}
	q.deleteRows(c.batch, m.seq)
	c.then(func() {
		q.counters.deleted.Add(1)
		if q.known[m.seq] == m {
			q.drop(m, now)
		}
	})
	return nil
}
