package sqs

import (
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/capacity"
)

// rates holds a FIFO queue to the calls that the service takes of it. There is none
// where that is not enforced, so that costs one comparison with nil.
type rates struct {
	now func() time.Time // what time it is for the model

	mu     sync.Mutex // guards the fields below; a leaf of the lock order
	model  *capacity.Queue
	config capacity.QueueConfig
}

// newRates returns the rates of a queue, nil if it has none.
func (e *Engine) newRates(fifo bool) *rates {
	if !fifo || !e.opts.EnforceRates {
		return nil
	}
	r := &rates{now: e.opts.ModelTime, config: capacity.QueueConfig{FIFO: true}}
	if r.now == nil {
		r.now = time.Now
	}
	r.model = capacity.NewQueue(capacity.Defaults(), r.config, r.now())
	return r
}

// admit decides about one call. In high-throughput mode it is about the partitions of
// message groups, as far as the call names some.
func (q *queue) admit(action capacity.QueueAction, drafts ...*draft) error {
	r := q.rates
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	cfg := capacity.QueueConfig{FIFO: true, HighThroughput: q.settings.Load().values[model.QueueAttributeNameFifoThroughputLimit] == limitPerGroup}
	if cfg != r.config {
		r.config = cfg
		r.model.Set(now, cfg)
	}
	var groups []uint32
	for _, d := range drafts {
		if d != nil && cfg.HighThroughput {
			groups = append(groups, uint32(xxhash.Sum64String(d.content.group)>>32))
		}
	}
	if r.model.Call(now, action, groups...) {
		return nil
	}
	return api.Errorf(model.CodeRequestThrottled, "Request is throttled.")
}

// throttled returns how many calls were refused.
func (q *queue) throttled() uint64 {
	if q.rates == nil {
		return 0
	}
	q.rates.mu.Lock()
	defer q.rates.mu.Unlock()
	return q.rates.model.Throttled()
}
