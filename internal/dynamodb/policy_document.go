package dynamodb

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/iam"
)

// policyDocument is a policy in the form in which the service keeps it: members in
// this order, no space between them, no list of one, accounts by the ARN of their
// root. Two documents of one form are one policy.
type policyDocument struct {
	Version   string          `json:"Version,omitempty"`
	ID        string          `json:"Id,omitempty"`
	Statement policyStatement `json:"Statement"`
}

type policyStatement []statementOfPolicy

type statementOfPolicy struct {
	Sid          string          `json:"Sid,omitempty"`
	Effect       string          `json:"Effect,omitempty"`
	Principal    policyPrincipal `json:"Principal,omitzero"`
	NotPrincipal policyPrincipal `json:"NotPrincipal,omitzero"`
	Action       policyTexts     `json:"Action,omitzero"`
	NotAction    policyTexts     `json:"NotAction,omitzero"`
	Resource     policyTexts     `json:"Resource,omitzero"`
	NotResource  policyTexts     `json:"NotResource,omitzero"`
	Condition    json.RawMessage `json:"Condition,omitempty"`
}

// UnmarshalJSON takes one statement for a list of it.
func (l *policyStatement) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	return json.Unmarshal(data, (*[]statementOfPolicy)(l))
}

// policyTexts is a text or a list of texts, each once.
type policyTexts []string

// UnmarshalJSON takes one text for a list of it.
func (t *policyTexts) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("[")) {
		data = slices.Concat([]byte("["), data, []byte("]"))
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	*t = policyTexts{}
	for _, text := range list {
		if !slices.Contains(*t, text) {
			*t = append(*t, text)
		}
	}
	return nil
}

// MarshalJSON writes a list of one as its text.
func (t policyTexts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// policyPrincipal is everybody, or those of some kinds.
type policyPrincipal struct {
	everybody bool
	of        map[string]policyTexts
}

// UnmarshalJSON reads who is named, with the accounts as ARNs.
func (p *policyPrincipal) UnmarshalJSON(data []byte) error {
	if string(data) == `"*"` {
		p.everybody = true
		return nil
	}
	of := map[string]policyTexts{}
	if err := json.Unmarshal(data, &of); err != nil {
		return err
	}
	accounts := policyTexts{}
	for _, name := range of["AWS"] {
		if iam.IsAccount(name) {
			name = "arn:aws:iam::" + name + ":root"
		}
		if !slices.Contains(accounts, name) {
			accounts = append(accounts, name)
		}
	}
	if len(accounts) > 0 {
		of["AWS"] = accounts
	}
	p.of = of
	return nil
}

// MarshalJSON writes who is named.
func (p policyPrincipal) MarshalJSON() ([]byte, error) {
	if p.everybody {
		return []byte(`"*"`), nil
	}
	return json.Marshal(p.of)
}

// IsZero is for omitzero.
func (p policyPrincipal) IsZero() bool { return !p.everybody && p.of == nil }

// anybody reports whether a principal is everybody, in either way to say so.
func (p policyPrincipal) anybody() bool { return p.everybody || slices.Contains(p.of["AWS"], "*") }

// canonicalPolicy returns a document in its form, or says what is wrong with it in
// the words of the service. stream is true for the policy of a stream.
func canonicalPolicy(text string, stream bool) (string, error) {
	var doc policyDocument
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return "", errPolicy("This policy contains invalid Json")
	}
	if len(doc.Statement) == 0 {
		return "", errPolicy("Could not parse the policy: Statement is empty!")
	}
	if err := doc.check(stream); err != nil {
		return "", err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(&doc); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

func (doc *policyDocument) check(stream bool) error {
	var sids, invalid []string
	for i := range doc.Statement {
		s := &doc.Statement[i]
		switch {
		case s.Sid != "" && slices.Contains(sids, s.Sid):
			return errPolicy("The Statement Ids in the policy are not unique")
		case s.Principal.IsZero() && s.NotPrincipal.IsZero():
			return errPolicy("Missing required field Principal")
		case s.Action == nil && s.NotAction == nil:
			return errPolicy("Missing required field Action")
		case s.Resource == nil && s.NotResource == nil:
			return errPolicy("Missing required field Resource")
		}
		sids = append(sids, s.Sid)
		for _, action := range slices.Concat(s.Action, s.NotAction) {
			if !allowedInPolicy(action, stream) {
				invalid = append(invalid, `"`+action+`"`)
			}
		}
		for _, arn := range slices.Concat(s.Resource, s.NotResource) {
			if err := checkPolicyResource(arn, stream); err != nil {
				return err
			}
		}
	}
	if invalid != nil {
		return errPolicy("The following action names are invalid: %s", strings.Join(invalid, ", "))
	}
	for i := range doc.Statement {
		if s := &doc.Statement[i]; s.Effect == "Allow" && s.Condition == nil && s.Principal.anybody() {
			return api.Validation("Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure least-privilege form of access")
		}
	}
	return nil
}

// checkPolicyResource refuses a stream in the policy of a table, and the other way
// round. Which table or stream it is does not matter to the service.
func checkPolicyResource(arn string, stream bool) error {
	named, ok := api.ParseARN(arn)
	if !ok || !strings.HasPrefix(named.Resource, "table/") || strings.ContainsAny(named.Resource, "*?") {
		return nil
	}
	if strings.Contains(named.Resource, "/stream/") != stream {
		return errPolicy(`The relative-id "%s" is invalid for ARN "%s"`, named.Resource, arn)
	}
	return nil
}

// What policies of tables and of streams may speak of (Developer Guide, "DynamoDB API
// operations supported by resource-based policies"; for the last five of a table "How
// DynamoDB global tables work", "Vector search").
var (
	tableActions = actionSet(`BatchGetItem BatchWriteItem ConditionCheckItem CreateBackup DeleteItem DeleteResourcePolicy DeleteTable
		DescribeContinuousBackups DescribeContributorInsights DescribeKinesisStreamingDestination DescribeTable
		DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination EnableKinesisStreamingDestination
		ExportTableToPointInTime GetItem GetResourcePolicy ListTagsOfResource PartiQLDelete PartiQLInsert PartiQLSelect
		PartiQLUpdate PutItem PutResourcePolicy Query RestoreTableToPointInTime Scan TagResource TransactGetItems
		TransactWriteItems UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateItem
		UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling UpdateTimeToLive
		SearchVectors AssociateTableReplica ReadDataForReplication WriteDataForReplication ReplicateSettings`)
	streamActions = actionSet("DescribeStream GetRecords GetShardIterator GetResourcePolicy PutResourcePolicy DeleteResourcePolicy")
)

func actionSet(names string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Fields(names) {
		set[strings.ToLower(name)] = true
	}
	return set
}

func allowedInPolicy(action string, stream bool) bool {
	name, ok := strings.CutPrefix(strings.ToLower(action), "dynamodb:")
	if !ok || strings.ContainsAny(name, "*?") {
		return true
	}
	if stream {
		return streamActions[name]
	}
	return tableActions[name]
}

func errPolicy(format string, args ...any) error {
	return badParameter("Invalid policy document: "+format, args...)
}
