package sqs

import (
	"context"
	"encoding/binary"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/kv"
)

// cooldown is how long the service forbids to use the name of a deleted queue,
// and to purge a queue again, in milliseconds.
const cooldown = 60_000

// CreateQueue creates a queue, or returns the one that has the name already if
// the attributes are the same.
func (e *Engine) CreateQueue(_ context.Context, c *api.Caller, in *model.CreateQueueRequest) (*model.CreateQueueResult, error) {
	if err := checkQueueName(in); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if len(in.Tags) > maxTags {
		return nil, errTooManyTags(in.QueueName.V)
	}
	e.admin.Lock()
	defer e.admin.Unlock()
	now := time.Now()
	at := arn{c.Namespace, in.QueueName.V}
	d := &descriptor{
		ID: e.lastID + 1, Account: c.Account, Region: c.Region, Name: at.name,
		Created: now.Unix(), Modified: now.Unix(), Tags: mapOf(in.Tags),
	}
	s, err := (&settings{}).change(d, in.Attributes)
	if err != nil {
		return nil, err
	}
	if q := e.find(at); q != nil {
		if err := sameAttributes(q.settings.Load(), s, in.Attributes); err != nil {
			return nil, err
		}
		return &model.CreateQueueResult{QueueUrl: api.Some(urlOf(c, q))}, nil
	}
	if e.opts.EnforceCooldowns && now.UnixMilli() < e.deleted[at]+cooldown {
		return nil, api.Errorf(model.CodeQueueDeletedRecently,
			"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	if err := e.checkRedrive(d.arn(), s); err != nil {
		return nil, err
	}
	d.Attributes = s.values
	d.DedupByGroup = s.values[model.QueueAttributeNameDeduplicationScope] == scopeGroup
	q, err := e.create(d, s)
	if err != nil {
		return nil, err
	}
	return &model.CreateQueueResult{QueueUrl: api.Some(urlOf(c, q))}, nil
}

// create writes a new queue and puts it into the catalog.
func (e *Engine) create(d *descriptor, s *settings) (*queue, error) {
	key, value, err := d.row()
	if err != nil {
		return nil, err
	}
	b := e.store.NewBatch()
	b.Set(key, value)
	b.Set(lastQueueKey, binary.BigEndian.AppendUint32(nil, d.ID))
	if err := e.write(b); err != nil {
		return nil, err
	}
	e.lastID = d.ID
	q := newQueue(e, d, s)
	e.catalog.Lock()
	defer e.catalog.Unlock()
	if e.catalog.closed {
		return nil, errClosed
	}
	e.catalog.put(q)
	return q, nil
}

// write applies a batch and waits until it is durable.
func (e *Engine) write(b kv.Batch) error {
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	return commit.Wait()
}

// checkQueueName checks the name against the rules for the type of queue.
func checkQueueName(in *model.CreateQueueRequest) error {
	name := in.QueueName.V
	stem, suffix := strings.CutSuffix(name, fifoSuffix)
	typed, _ := in.Attributes.Get(model.QueueAttributeNameFifoQueue)
	switch fifo := strings.EqualFold(typed, "true"); {
	case fifo && (!suffix || !validName(stem) || len(name) > maxName):
		return api.Errorf(codeInvalidParameterValue,
			"The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !validName(name):
		return api.Errorf(codeInvalidParameterValue,
			"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// sameAttributes checks that what a client asks of a queue is what it has.
// Attributes that it does not name may be anything.
func sameAttributes(have, want *settings, named api.Map[string]) error {
	has := have.describe()
	wanted := want.describe()
	for _, a := range named {
		old, _ := has.Get(a.Key)
		if v, _ := wanted.Get(a.Key); v != old {
			return api.Errorf(model.CodeQueueNameExists,
				"A queue already exists with the same name and a different value for attribute %s", a.Key)
		}
	}
	return nil
}

func mapOf(m api.Map[string]) map[string]string {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]string, len(m))
	for _, e := range m {
		out[e.Key] = e.Value
	}
	return out
}
