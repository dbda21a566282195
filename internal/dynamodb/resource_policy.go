package dynamodb

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/iam"
)

// resourcePolicy is the policy of a table or of one of its streams.
type resourcePolicy struct {
	Text     string `json:"text"`
	Revision string `json:"revision"`
}

// noPolicy as an ExpectedRevisionId means that there must be no policy yet.
const noPolicy = "NO_POLICY"

// newPolicy checks the policy document of a table or of a stream and gives it a
// revision, which differs from that of the policy before. A document that says the
// same is that policy.
func newPolicy(c *api.Caller, text string, stream, confirmed bool, before resourcePolicy) (resourcePolicy, error) {
	if len(text) > iam.MaxDocument {
		return resourcePolicy{}, badParameter("Maximum policy size of %d bytes exceeded", iam.MaxDocument)
	}
	given := text
	text, err := canonicalPolicy(text, stream)
	if err != nil {
		return before, err
	}
	// Parsed as it was given: in its form, an element that nobody knows, such as a
	// condition with a typo, would be gone instead of refused.
	p, err := iam.Parse(given, iam.ResourcePolicy)
	if err != nil {
		return resourcePolicy{}, errPolicy("%s", err)
	}
	if text == before.Text {
		return before, nil
	}
	r := &iam.Request{Principal: iam.Root(c.Account), Action: "dynamodb:PutResourcePolicy", Resource: "*", Owner: c.Account}
	if !confirmed && p.Evaluate(r) == iam.Deny {
		return resourcePolicy{}, api.Validation("Policy contents will remove your own permissions to change the policy. Set ConfirmRemoveSelfResourceAccess to true to confirm this")
	}
	revision := time.Now().UnixMilli()
	if last, err := strconv.ParseInt(before.Revision, 10, 64); err == nil {
		revision = max(revision, last+1)
	}
	return resourcePolicy{text, strconv.FormatInt(revision, 10)}, nil
}

// policyHolder finds what a ResourceArn names: a table, and the label of its
// stream, "" if it is the table itself.
func (e *Engine) policyHolder(c *api.Caller, arn string) (t *table, label string, err error) {
	if err := checkHolder(c, arn); err != nil {
		return nil, "", err
	}
	_, rest, _ := strings.Cut(arn, ":table/")
	name, label, streamed := strings.Cut(rest, "/stream/")
	if !streamed {
		t, err = e.lookupTagged(c, arn)
		if isCode(err, ddb.CodeResourceNotFoundException) {
			err = errNoTable(name)
		}
		return t, "", err
	}
	ref, err := e.findStream(c, arn)
	if isCode(err, ddb.CodeResourceNotFoundException) {
		err = api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Stream: %s not found for Table: %s", label, name)
	}
	if err != nil {
		return nil, "", err
	}
	t, err = e.lookup(c, ref.d.Name)
	if err == nil && t.id != ref.d.ID { // the stream's table is deleted
		err = errNoStream(arn)
	}
	return t, ref.settings.Label, err
}

// checkHolder checks a ResourceArn by itself.
func checkHolder(c *api.Caller, arn string) error {
	named, ok := api.ParseARN(arn)
	switch {
	case !ok:
		return badParameter("ARNs must start with 'arn:': %s", arn)
	case named.Service == "dynamodb" && (named.Partition != "aws" || named.Region != c.Region):
		return badParameter("Invalid resource Arn: %s", arn)
	case named.Service == "dynamodb" && named.Account != c.Account:
		return errOtherAccount()
	case strings.Contains(named.Resource, "/backup/"):
		return badParameter("Provided Arn is not a DynamoDB resource arn: %s", arn)
	}
	return nil
}

// changePolicy replaces a policy by what change makes of it; an empty text means
// none. It returns the policy before and after.
func (e *Engine) changePolicy(c *api.Caller, arn string, expected api.Opt[string], change func(resourcePolicy) (resourcePolicy, error)) (before, after resourcePolicy, err error) {
	t, label, err := e.policyHolder(c, arn)
	if err != nil {
		return before, after, err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return before, after, errNoTagged(arn)
	}
	if err := v.checkSettled(); err != nil {
		return before, after, err
	}
	before = v.Policies[label]
	if err := before.expect(expected, arn); err != nil {
		return before, after, err
	}
	if after, err = change(before); err != nil || after == before {
		return before, after, err
	}
	next := v.clone()
	next.Policies = maps.Clone(next.Policies)
	delete(next.Policies, label)
	if after.Text != "" {
		if next.Policies == nil {
			next.Policies = map[string]resourcePolicy{}
		}
		next.Policies[label] = after
	}
	_, err = e.publish(t, next, nil, nil)
	return before, after, err
}

// expect checks an ExpectedRevisionId.
func (p resourcePolicy) expect(revision api.Opt[string], arn string) error {
	if !revision.OK || revision.V == p.Revision || revision.V == noPolicy && p.Text == "" {
		return nil
	}
	return errNoPolicy(arn)
}

func errNoPolicy(arn string) *api.Error {
	return api.Errorf(ddb.CodePolicyNotFoundException, "Resource-based policy not found for the provided ResourceArn: %s", arn)
}

// Policy returns the policy document of a table or stream, "" if it has none or
// there is no such thing.
func (e *Engine) Policy(arn string) string {
	v, rest := e.viewOf(arn)
	if v == nil {
		return ""
	}
	return v.Policies[strings.TrimPrefix(rest, "stream/")].Text
}

// Tags returns the tags of a table, also for an index or a stream of it, nil if there
// is no such table.
func (e *Engine) Tags(arn string) map[string]string {
	v, _ := e.viewOf(arn)
	if v == nil {
		return nil
	}
	tags := make(map[string]string, len(v.Tags))
	for _, tag := range v.Tags {
		tags[tag.Key] = tag.Value
	}
	return tags
}

// PartitionKey returns the names of the attributes of the partition key of a table
// or index, nil if it has none or there is no such thing.
func (e *Engine) PartitionKey(arn string) []string {
	v, rest := e.viewOf(arn)
	if v == nil {
		return nil
	}
	key := &v.Key
	if name, ok := strings.CutPrefix(rest, "index/"); ok {
		x, xv := v.index(name), v.vectorNamed(name)
		switch {
		case x != nil:
			key = &x.Key
		case xv != nil:
			key = &xv.Key
		default:
			return nil
		}
	}
	names := make([]string, 0, len(key.Hash))
	for i := range key.Hash {
		names = append(names, key.Hash[i].Name)
	}
	return names
}

// ReplicaRegions returns the regions of the other replicas of a table.
func (e *Engine) ReplicaRegions(arn string) (regions []string) {
	v, _ := e.viewOf(arn)
	if v == nil {
		return nil
	}
	for _, m := range v.peers() {
		regions = append(regions, m.Region)
	}
	return regions
}

// viewOf returns the table whose ARN another begins with, nil if there is none, and
// what follows in the latter.
func (e *Engine) viewOf(arn string) (v *view, rest string) {
	named, ok := api.ParseARN(arn)
	if !ok {
		return nil, ""
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(named.Resource, "table/"), "/")
	e.catalog.RLock()
	t := e.catalog.tables[tableID{named.Namespace, name}]
	e.catalog.RUnlock()
	if t == nil {
		return nil, ""
	}
	return t.current.Load(), rest
}
