package dynamodb

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// Limits of tags (Developer Guide, "Tagging restrictions in DynamoDB"), in
// characters.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// TagResource sets tags of a table.
func (e *Engine) TagResource(_ context.Context, c *api.Caller, in *ddb.TagResourceInput) (*noBody, error) {
	if len(in.Tags) == 0 {
		return nil, api.Validation("Atleast one Tag needs to be provided as Input.")
	}
	err := e.retag(c, in.ResourceArn.V, func(old []tag) ([]tag, error) { return mergeTags(old, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &noBody{}, nil
}

// retag replaces the tags of a table by what change makes of them.
func (e *Engine) retag(c *api.Caller, arn string, change func([]tag) ([]tag, error)) error {
	t, err := e.lookupTagged(c, arn)
	if err != nil {
		return err
	}
	t.alter.Lock()
	defer t.alter.Unlock()
	v := t.current.Load()
	if v == nil {
		return errNoTagged(arn)
	}
	if err := v.checkSettled(); err != nil {
		return err
	}
	next := v.clone()
	if next.Tags, err = change(next.Tags); err != nil {
		return err
	}
	_, err = e.publish(t, next, nil, nil)
	return err
}

// lookupTagged returns the table that the ResourceArn of a tag operation names.
// Streams have tags of their own in the service, which Levee does not keep.
func (e *Engine) lookupTagged(c *api.Caller, arn string) (*table, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return nil, badParameter("ARNs must start with 'arn:': %s", arn)
	}
	named, ok := api.ParseARN(arn)
	if !ok || named.Service != "dynamodb" {
		return nil, badParameter("Provided Arn is not a DynamoDB resource arn: %s", arn)
	}
	name, ok := strings.CutPrefix(named.Resource, "table/")
	switch {
	case strings.Contains(name, "/backup/"):
		return nil, badParameter("Provided Arn is not a DynamoDB resource arn: %s", arn)
	case strings.Contains(name, "/stream/"): // may be named, and has no tags
		return nil, errNoTagged(arn)
	case !ok || strings.Contains(name, "/"):
		return nil, badParameter("Invalid resource arn provided, only table or stream is accepted. Provided resource arn: %s", arn)
	}
	if named.Region != c.Region {
		return nil, api.Validation("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	if named.Account != c.Account {
		return nil, errDenied()
	}
	e.catalog.RLock()
	t := e.catalog.tables[tableID{c.Namespace, name}]
	e.catalog.RUnlock()
	if t == nil {
		return nil, errNoTagged(arn)
	}
	return t, nil
}

func errNoTagged(arn string) error {
	return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: ResourceArn: %s not found", arn)
}

// mergeTags checks tags and returns old with them, in a new list. A tag with
// the key of an old one replaces it.
func mergeTags(old []tag, in []ddb.Tag) ([]tag, error) {
	list := slices.Clone(old)
	for i := range in {
		key, value := in[i].Key.V, in[i].Value.V
		if err := checkTag(in[i].Key, in[i].Value); err != nil {
			return nil, err
		}
		sameKey := func(t ddb.Tag) bool { return t.Key.V == key }
		if slices.ContainsFunc(in[:i], sameKey) {
			return nil, api.Validation("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", key)
		}
		if at := slices.IndexFunc(list, func(t tag) bool { return t.Key == key }); at >= 0 {
			list[at].Value = value
		} else {
			list = append(list, tag{key, value})
		}
	}
	if len(list) > maxTags {
		return nil, api.Validation("Number of Tags exceed the current limit for the provided ResourceArn")
	}
	return list, nil
}

func checkTag(key, value api.Opt[string]) error {
	switch {
	case key.V == "" || !isTagText(key.V, maxTagKey):
		return api.Validation("The Tag Key provided is invalid, Key: %s", key.Or("null"))
	case strings.HasPrefix(strings.ToLower(key.V), "aws:"):
		return api.Validation("Tag Key cannot be prefixed with aws:, Key: %s", key.V)
	case !value.OK || !isTagText(value.V, maxTagValue):
		return api.Validation("The Tag Value provided is invalid, Value: %s", value.Or("null"))
	}
	return nil
}

// isTagText reports whether s has at most limit characters, each of them a
// letter, a digit, a space or one of + - = . _ : / @.
func isTagText(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.Is(unicode.Zs, r) && !strings.ContainsRune("+-=._:/@", r) {
			return false
		}
	}
	return true
}

// noBody is the answer of an operation that has none in the model: an empty
// body.
type noBody struct{}

// AppendJSON implements api.Output.
func (*noBody) AppendJSON(dst []byte) []byte { return dst }
