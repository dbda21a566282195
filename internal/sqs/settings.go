package sqs

import (
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// Limits of the service that no attribute changes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	maxBatch         = 10        // entries of a batch, messages of a receive
	maxMessageBytes  = 1_048_576 // of a message or of a whole batch, attributes included
	maxDelay         = 900       // s
	maxVisibility    = 43_200    // s, from the receive on
	maxWait          = 20        // s
	maxInFlight      = 120_000   // messages of a queue
	dedupWindow      = 5 * 60 * 1000
	attemptWindow    = 5 * 60 * 1000 // ms, of a ReceiveRequestAttemptId
	maxName          = 80
	fifoSuffix       = ".fifo"
	scopeGroup       = "messageGroup"
	limitPerGroup    = "perMessageGroupId"
	maxReceiveCounts = 1000
)

// settings are the attributes of a queue, parsed. They do not change: a queue
// gets new ones.
type settings struct {
	delay, retention int64 // ms
	visibility       int64 // ms
	wait             int64 // ms
	maxBytes         int
	fifo             bool
	contentDedup     bool
	redrive          *redrivePolicy
	allow            *redriveAllowPolicy
	values           map[string]string // every attribute that a client set, in canonical form
}

// number is an attribute whose value is a whole number.
type number struct {
	name                string
	least, most, preset int64
}

// numbers are in the order in which the service lists them.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
var numbers = []number{
	{model.QueueAttributeNameVisibilityTimeout, 0, maxVisibility, 30},
	{model.QueueAttributeNameMaximumMessageSize, 1024, maxMessageBytes, maxMessageBytes},
	{model.QueueAttributeNameMessageRetentionPeriod, 60, 1_209_600, 345_600},
	{model.QueueAttributeNameDelaySeconds, 0, maxDelay, 0},
	{model.QueueAttributeNameReceiveMessageWaitTimeSeconds, 0, maxWait, 0},
	{model.QueueAttributeNameKmsDataKeyReusePeriodSeconds, 60, 86_400, 300},
}

// choice is an attribute with a few possible values; the first one is preset.
type choice struct {
	name   string
	values []string
	fifo   bool // only FIFO queues have it
}

var choices = []choice{
	{model.QueueAttributeNameContentBasedDeduplication, []string{"false", "true"}, true},
	{model.QueueAttributeNameDeduplicationScope, []string{"queue", scopeGroup}, true},
	{model.QueueAttributeNameFifoThroughputLimit, []string{"perQueue", limitPerGroup}, true},
	{model.QueueAttributeNameSqsManagedSseEnabled, []string{"true", "false"}, false},
}

// number returns the value of a numeric attribute.
func (s *settings) number(name string) int64 {
	if v, ok := s.values[name]; ok {
		n, _ := strconv.ParseInt(v, 10, 64) // was checked when it was set
		return n
	}
	for _, n := range numbers {
		if n.name == name {
			return n.preset
		}
	}
	return 0
}

// change returns the settings that result from setting attributes of a queue.
// An empty value of a policy or of KmsMasterKeyId takes it away.
func (s *settings) change(q *descriptor, attributes api.Map[string]) (*settings, error) {
	values := make(map[string]string, len(s.values)+len(attributes))
	for k, v := range s.values {
		values[k] = v
	}
	for _, a := range attributes {
		v, err := canonical(a.Key, a.Value, q)
		if err != nil {
			return nil, err
		}
		values[a.Key] = v
		if v == "" {
			delete(values, a.Key)
		}
	}
	if err := consistent(values, attributes); err != nil {
		return nil, err
	}
	return parseSettings(values, q)
}

// canonical checks one attribute and returns its value in the form in which it
// is kept and compared.
func canonical(name, value string, q *descriptor) (string, error) {
	for _, n := range numbers {
		if n.name == name {
			v, err := strconv.ParseInt(value, 10, 64)
			if err != nil || v < n.least || v > n.most {
				return "", errAttributeValue(name)
			}
			return strconv.FormatInt(v, 10), nil
		}
	}
	for _, c := range choices {
		if c.name == name {
			return c.canonical(value, q.fifo())
		}
	}
	switch name {
	case model.QueueAttributeNameFifoQueue:
		return canonicalType(value, q.fifo())
	case model.QueueAttributeNameRedrivePolicy:
		return canonicalRedrive(value)
	case model.QueueAttributeNameRedriveAllowPolicy:
		return canonicalAllow(value)
	case model.QueueAttributeNamePolicy:
		if value == "" {
			return "", nil
		}
		return value, checkPolicy(value)
	case model.QueueAttributeNameKmsMasterKeyId:
		return value, nil
	}
	return "", errAttributeName(name)
}

func (c choice) canonical(value string, fifo bool) (string, error) {
	if c.fifo && !fifo {
		return "", errFifoOnly(c.name)
	}
	for _, v := range c.values {
		if v == value || (v == "true" || v == "false") && strings.EqualFold(v, value) {
			return v, nil
		}
	}
	return "", errAttributeValue(c.name)
}

// canonicalType checks FifoQueue, which only says again what the queue is.
func canonicalType(value string, fifo bool) (string, error) {
	switch {
	case !fifo:
		return "", errAttributeName(model.QueueAttributeNameFifoQueue)
	case !strings.EqualFold(value, "true"):
		return "", api.Errorf(model.CodeInvalidAttributeValue,
			"Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.")
	}
	return "true", nil
}

// consistent checks attributes against each other.
func consistent(values map[string]string, set api.Map[string]) error {
	if values[model.QueueAttributeNameFifoThroughputLimit] == limitPerGroup &&
		values[model.QueueAttributeNameDeduplicationScope] != scopeGroup {
		return api.Errorf(model.CodeInvalidAttributeValue, "Invalid value for the parameter FifoThroughputLimit. "+
			"Reason: To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.")
	}
	sse := model.QueueAttributeNameSqsManagedSseEnabled
	key, keySet := set.Get(model.QueueAttributeNameKmsMasterKeyId)
	managed, managedSet := set.Get(sse)
	managedOn := managedSet && strings.EqualFold(managed, "true")
	switch {
	case keySet && key != "" && managedOn,
		managedOn && !keySet && values[model.QueueAttributeNameKmsMasterKeyId] != "":
		return api.Errorf(model.CodeInvalidAttributeName,
			"You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	case keySet && key != "":
		values[sse] = "false"
	}
	return nil
}

// parseSettings reads attributes in canonical form.
func parseSettings(values map[string]string, q *descriptor) (*settings, error) {
	s := &settings{values: values, fifo: q.fifo()}
	s.delay = 1000 * s.number(model.QueueAttributeNameDelaySeconds)
	s.retention = 1000 * s.number(model.QueueAttributeNameMessageRetentionPeriod)
	s.visibility = 1000 * s.number(model.QueueAttributeNameVisibilityTimeout)
	s.wait = 1000 * s.number(model.QueueAttributeNameReceiveMessageWaitTimeSeconds)
	s.maxBytes = int(s.number(model.QueueAttributeNameMaximumMessageSize))
	s.contentDedup = values[model.QueueAttributeNameContentBasedDeduplication] == "true"
	var err error
	if text := values[model.QueueAttributeNameRedrivePolicy]; text != "" {
		if s.redrive, err = parseRedrive(text); err != nil {
			return nil, err
		}
	}
	if text := values[model.QueueAttributeNameRedriveAllowPolicy]; text != "" {
		if s.allow, err = parseAllow(text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// describe returns the attributes that describe the settings, in the order of
// the service.
func (s *settings) describe() api.Map[string] {
	var m api.Map[string]
	add := func(name, value string) { m = append(m, api.Entry[string]{Key: name, Value: value}) }
	for _, n := range numbers {
		if n.name != model.QueueAttributeNameKmsDataKeyReusePeriodSeconds {
			add(n.name, strconv.FormatInt(s.number(n.name), 10))
		}
	}
	for _, name := range []string{
		model.QueueAttributeNamePolicy, model.QueueAttributeNameRedrivePolicy, model.QueueAttributeNameRedriveAllowPolicy,
	} {
		if v := s.values[name]; v != "" {
			add(name, v)
		}
	}
	if s.fifo {
		add(model.QueueAttributeNameFifoQueue, "true")
	}
	for _, c := range choices {
		v, ok := s.values[c.name]
		if !ok {
			v = c.values[0]
		}
		if s.fifo || !c.fifo {
			add(c.name, v)
		}
	}
	if v := s.values[model.QueueAttributeNameKmsMasterKeyId]; v != "" {
		add(model.QueueAttributeNameKmsMasterKeyId, v)
		add(model.QueueAttributeNameKmsDataKeyReusePeriodSeconds,
			strconv.FormatInt(s.number(model.QueueAttributeNameKmsDataKeyReusePeriodSeconds), 10))
	}
	return m
}
