package sqs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

// redrivePolicy says when a queue gives a message up and where it then goes.
type redrivePolicy struct {
	target arn
	most   uint32 // receives
}

// redriveAllowPolicy says which queues may give their messages to a queue.
type redriveAllowPolicy struct {
	permission string
	sources    []string // ARNs, for byQueue
}

const (
	allowAll     = "allowAll"
	denyAll      = "denyAll"
	allowByQueue = "byQueue"
	maxSources   = 10
)

// arn is the parsed name of a queue.
type arn struct {
	api.Namespace
	name string
}

func (a arn) String() string { return "arn:aws:sqs:" + a.Region + ":" + a.Account + ":" + a.name }

func parseARN(text string) (a arn, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sqs" || parts[3] == "" || parts[4] == "" || parts[5] == "" {
		return arn{}, false
	}
	return arn{api.Namespace{Region: parts[3], Account: parts[4]}, parts[5]}, true
}

// redriveText is a RedrivePolicy as clients write it. The count may be a number
// or its text.
type redriveText struct {
	Target string          `json:"deadLetterTargetArn"`
	Count  json.RawMessage `json:"maxReceiveCount"`
}

// readRedrive reads the members of a RedrivePolicy. Null has none, as {}.
func readRedrive(text string) (t redriveText, err error) {
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) != nil || json.Unmarshal([]byte(text), &t) != nil {
		return t, api.Errorf(model.CodeInvalidAttributeValue,
			"Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.")
	}
	delete(members, "deadLetterTargetArn")
	delete(members, "maxReceiveCount")
	if len(members) > 0 {
		return t, errParameter(text, model.QueueAttributeNameRedrivePolicy,
			"Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].")
	}
	return t, nil
}

func parseRedrive(text string) (*redrivePolicy, error) {
	const parameter = model.QueueAttributeNameRedrivePolicy
	t, err := readRedrive(text)
	if err != nil {
		return nil, err
	}
	if t.Target == "" {
		return nil, errParameter(text, parameter, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	}
	if t.Count == nil {
		return nil, errParameter(text, parameter, "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	}
	target, ok := parseARN(t.Target)
	if parts := strings.Split(t.Target, ":"); !ok && len(parts) == 6 && parts[0] == "arn" && parts[2] != "sqs" {
		return nil, errParameter(text, parameter, "Only SQS queues are valid resources for deadLetterTargetArn.")
	}
	if !ok {
		return nil, errParameter(text, parameter, "Invalid value for deadLetterTargetArn.")
	}
	count := strings.Trim(string(t.Count), `"`)
	n, err := strconv.ParseUint(count, 10, 32)
	if err != nil || n < 1 || n > maxReceiveCounts {
		return nil, errParameter(text, parameter,
			"Invalid value for maxReceiveCount: %s, valid values are from 1 to 1000 both inclusive.", count)
	}
	return &redrivePolicy{target: target, most: uint32(n)}, nil
}

func canonicalRedrive(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	p, err := parseRedrive(text)
	if err != nil {
		return "", err
	}
	return `{"deadLetterTargetArn":"` + p.target.String() + `","maxReceiveCount":` + strconv.Itoa(int(p.most)) + `}`, nil
}

// allowText is a RedriveAllowPolicy as clients write it.
type allowText struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns,omitempty"`
}

func parseAllow(text string) (*redriveAllowPolicy, error) {
	var t allowText
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil || !slices.Contains([]string{allowAll, denyAll, allowByQueue}, t.Permission) {
		return nil, api.Errorf(model.CodeInvalidAttributeValue, "Invalid value for the parameter RedriveAllowPolicy. "+
			"Reason: Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.")
	}
	refuse := func(reason string) (*redriveAllowPolicy, error) {
		return nil, errParameter(text, model.QueueAttributeNameRedriveAllowPolicy,
			"Amazon SQS can't create the redrive allow policy. %s", reason)
	}
	switch {
	case t.Permission != allowByQueue && len(t.Sources) > 0:
		return refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
	case t.Permission == allowByQueue && len(t.Sources) == 0:
		return refuse("When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.")
	case len(t.Sources) > maxSources:
		return refuse("The maximum number of source queue ARNs you can specify is 10.")
	}
	for _, s := range t.Sources {
		if _, ok := parseARN(s); !ok {
			return nil, errAttributeValue(model.QueueAttributeNameRedriveAllowPolicy)
		}
	}
	return &redriveAllowPolicy{permission: t.Permission, sources: t.Sources}, nil
}

func canonicalAllow(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	p, err := parseAllow(text)
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(allowText{p.permission, p.sources})
	return string(b), err
}

// allows reports whether a source may use the queue that has this policy, which
// may be nil, as its dead-letter queue.
func (p *redriveAllowPolicy) allows(source arn) bool {
	return p == nil || p.permission == allowAll ||
		p.permission == allowByQueue && slices.Contains(p.sources, source.String())
}
