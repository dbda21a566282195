package dynamodb

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

const noPolicyFound = "PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: arn:aws:dynamodb:us-east-1:000000000000:table/guarded"

const guarded = `"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/guarded"`

// policyText is a policy document, quoted as a JSON string.
func policyText(effect, action string) string {
	text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"%s","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"%s","Resource":"*"}]}`, effect, action)
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

func (h *harness) revision(name, in string) string {
	h.t.Helper()
	var out struct {
		RevisionID string `json:"RevisionId"`
	}
	if err := json.Unmarshal([]byte(h.mustDo(name, in)), &out); err != nil {
		h.t.Fatal(err)
	}
	return out.RevisionID
}

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutResourcePolicy.html
func TestResourcePolicy(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("guarded", onDemand))
	get := `{` + guarded + `}`
	h.fails("GetResourcePolicy", get, noPolicyFound)
	h.expect("DeleteResourcePolicy", get, `{}`)

	read := policyText("Allow", "dynamodb:GetItem")
	put := `{` + guarded + `,"Policy":` + read + `}`
	first := h.revision("PutResourcePolicy", put)
	if again := h.revision("PutResourcePolicy", put); again != first || first == "" {
		t.Errorf("the same document has revision %q, then %q", first, again)
	}
	h.restart()
	h.expect("GetResourcePolicy", get, `{"Policy":`+read+`,"RevisionId":"`+first+`"}`)

	write := `{` + guarded + `,"Policy":` + policyText("Allow", "dynamodb:PutItem")
	h.fails("PutResourcePolicy", write+`,"ExpectedRevisionId":"1"}`, noPolicyFound)
	h.fails("PutResourcePolicy", write+`,"ExpectedRevisionId":"NO_POLICY"}`, noPolicyFound)
	second := h.revision("PutResourcePolicy", write+`,"ExpectedRevisionId":"`+first+`"}`)
	if second == first {
		t.Errorf("another document has the same revision %q", second)
	}
	h.fails("DeleteResourcePolicy", `{`+guarded+`,"ExpectedRevisionId":"`+first+`"}`, noPolicyFound)
	h.expect("DeleteResourcePolicy", get, `{"RevisionId":"`+second+`"}`)
	h.fails("DeleteResourcePolicy", `{`+guarded+`,"ExpectedRevisionId":"`+second+`"}`, noPolicyFound)
	h.revision("PutResourcePolicy", put[:len(put)-1]+`,"ExpectedRevisionId":"NO_POLICY"}`)

	h.mustDo("DeleteTable", `{"TableName":"guarded"}`)
	h.mustDo("CreateTable", plain("guarded", onDemand))
	h.fails("GetResourcePolicy", get, noPolicyFound)
}

func TestResourcePolicyIsChecked(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("guarded", onDemand))
	for policy, want := range map[string]string{
		`"{"`: "Invalid policy document", `"{\"Statement\":[]}"`: "Statement is empty!",
		`"` + strings.Repeat(" ", 20<<10+1) + `"`:        "Maximum policy size of 20480 bytes exceeded",
		policyText("Deny", "dynamodb:PutResourcePolicy"): "ConfirmRemoveSelfResourceAccess",
	} {
		_, err := h.do("PutResourcePolicy", `{`+guarded+`,"Policy":`+policy+`}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: %v, want %q", policy, err, want)
		}
	}
	h.revision("PutResourcePolicy", `{`+guarded+`,"Policy":`+policyText("Deny", "dynamodb:*")+`,"ConfirmRemoveSelfResourceAccess":true}`)
	h.fails("GetResourcePolicy", `{"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/absent"}`,
		"ResourceNotFoundException: Requested resource not found: Table: absent not found")
}

// A stream has a policy of its own, and a table may be born with one.
func TestPolicyOfStreamAndOfNewTable(t *testing.T) {
	h := newEngine(t)
	all := policyText("Allow", "dynamodb:*")
	h.mustDo("CreateTable", plain("guarded", onDemand+`,"ResourcePolicy":`+all+`,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"KEYS_ONLY"}`))
	if got := h.Policy("arn:aws:dynamodb:us-east-1:000000000000:table/guarded"); !strings.Contains(got, "dynamodb:*") {
		t.Errorf("the table was created with the policy %q", got)
	}
	stream := h.liveStream("guarded")
	h.fails("GetResourcePolicy", `{"ResourceArn":"`+stream+`"}`, "PolicyNotFoundException: Resource-based policy not found for the provided ResourceArn: "+stream)
	h.revision("PutResourcePolicy", `{"ResourceArn":"`+stream+`","Policy":`+policyText("Allow", "dynamodb:GetRecords")+`}`)
	if got := h.Policy(stream); !strings.Contains(got, "GetRecords") {
		t.Errorf("the stream has the policy %q", got)
	}
	if got := h.Policy("arn:aws:dynamodb:us-east-1:000000000000:table/absent"); got != "" {
		t.Errorf("an absent table has the policy %q", got)
	}
}

func TestPartitionKeyByARN(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	const docs = "arn:aws:dynamodb:us-east-1:000000000000:table/docs"
	for arn, want := range map[string]string{
		docs: "[id]", docs + "/index/byLang": "[lang]", docs + "/index/near": "[]", docs + "/index/none": "", docs + "x": "", "docs": "",
	} {
		got := ""
		if names := h.PartitionKey(arn); names != nil {
			got = fmt.Sprint(names)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", arn, got, want)
		}
	}
}

// What nobody knows is refused, not left out: a condition with a typo would be no
// condition.
func TestPolicyWithUnknownElement(t *testing.T) {
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"dynamodb:GetItem","Resource":"*"%s}]}`
	if _, err := newPolicy(&api.Caller{}, fmt.Sprintf(policy, ""), false, false, resourcePolicy{}); err != nil {
		t.Fatal(err)
	}
	if p, err := newPolicy(&api.Caller{}, fmt.Sprintf(policy, `,"Condtion":{"Bool":{"aws:SecureTransport":"true"}}`), false, false, resourcePolicy{}); err == nil {
		t.Fatalf("kept as %s", p.Text)
	}
}
