package sqs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

func (r *rig) permit(url, label string, accounts []string, actions ...string) error {
	_, err := r.AddPermission(context.Background(), caller, &model.AddPermissionRequest{
		QueueUrl: api.Some(url), Label: api.Some(label), AWSAccountIds: accounts, Actions: actions,
	})
	return err
}

func (r *rig) forbid(url, label string) error {
	_, err := r.RemovePermission(context.Background(), caller, &model.RemovePermissionRequest{QueueUrl: api.Some(url), Label: api.Some(label)})
	return err
}

func TestPermissions(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	const head, arn = `{"Version":"2008-10-17","Id":"arn:aws:sqs:eu-west-1:111122223333:q/SQSDefaultPolicy","Statement":[`, "arn:aws:sqs:eu-west-1:111122223333:q"
	const first = `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"SQS:ReceiveMessage","Resource":"` + arn + `"}`
	const second = `{"Sid":"b","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","arn:aws:iam::210987654321:root"]},"Action":["SQS:SendMessage","SQS:*"],"Resource":"` + arn + `"}`
	check := func(want string) {
		t.Helper()
		r.reopen()
		if got := r.attribute(url, "Policy"); got != want {
			t.Errorf("policy\n     %s\nwant %s", got, want)
		}
	}
	r.must(r.permit(url, "a", []string{"123456789012"}, "ReceiveMessage"))
	check(head + first + "]}")
	r.must(r.permit(url, "b", []string{"123456789012", "nobody", "210987654321"}, "SendMessage", "*"))
	check(head + first + "," + second + "]}")
	wantError(t, r.permit(url, "b", []string{"123456789012"}, "SendMessage"), codeInvalidParameterValue,
		"Value b for parameter Label is invalid. Reason: Already exists.")
	wantError(t, r.forbid(url, "c"), codeInvalidParameterValue,
		"Value c for parameter Label is invalid. Reason: can't find label on existing policy.")
	r.must(r.forbid(url, "a"))
	check(head + second + "]}")
	r.must(r.forbid(url, "b"))
	check("")
	wantError(t, r.forbid(url, "b"), codeInvalidParameterValue, "Value b for parameter Label is invalid. Reason: can't find label.")
}

// A policy that was set is kept as it was written.
func TestPermissionBesidePolicy(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	const own = `{"Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	r.must(r.set(url, "Policy", `{"Version":"2012-10-17", "Statement": `+own+`}`))
	r.must(r.permit(url, "a", []string{"123456789012"}, "SendMessage"))
	got := r.attribute(url, "Policy")
	if !strings.HasPrefix(got, `{"Version":"2012-10-17","Statement":[`+own+`,{"Sid":"a",`) {
		t.Errorf("policy %s", got)
	}
}

func TestPermissionErrors(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	some := []string{"123456789012"}
	invalid := codeInvalidParameterValue
	wantError(t, r.permit(url, "a", some), codeMissingParameter, "The request must contain the parameter Actions.")
	wantError(t, r.permit(url, "a", nil, "SendMessage"), invalid, "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify.")
	wantError(t, r.permit(url, "a", []string{"x", "1"}, "SendMessage"), invalid, "Value [x, 1] for parameter PrincipalId is invalid. Reason: Unable to verify.")
	wantError(t, r.permit(url, "a", some, "a", "a", "a", "a", "a", "a", "a", "a"), model.CodeOverLimit, "8 Actions were found, maximum allowed is 7.")
	wantError(t, r.permit(url, "a", some, "SendMessage", "DeleteQueue"), invalid,
		"Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.")
	wantError(t, r.permit(url, "a", some, "sendMessage"), invalid,
		"Value SQS:sendMessage for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions.")
	wantError(t, r.permit(url, "", some, "SendMessage"), codeMissingParameter, "The request must contain the parameter Label.")
	wantError(t, r.permit(url, "a b", some, "SendMessage"), invalid, "")
	wantError(t, r.permit(url+"x", "a", some, "SendMessage"), model.CodeQueueDoesNotExist, "")
	wantError(t, r.forbid(url, ""), codeMissingParameter, "")
	if got := r.attribute(url, "Policy"); got != "" {
		t.Errorf("policy %s", got)
	}
}

func TestPolicyIsChecked(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	statement := `{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}`
	for _, text := range []string{
		"x", "{}", `{"Statement":[{"Effect":"Maybe","Principal":"*","Action":"sqs:*","Resource":"*"}]}`,
	} {
		wantError(t, r.set(url, "Policy", text), model.CodeInvalidAttributeValue, "Invalid value for the parameter Policy.")
	}
	r.must(r.set(url, "Policy", `{"Version":"2012-10-17","Statement":[`+statement+`]}`))
	r.must(r.set(url, "Policy", ""))
}

// TestPolicyLimits: a policy at a limit is taken, one beyond it is not, whichever
// way it comes.
func TestPolicyLimits(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	list := func(n int, format string) string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(texts, ",")
	}
	statement := func(principals, actions, conditions int) string {
		return `{"Effect":"Allow","Principal":{"AWS":[` + list(principals, `"arn:aws:iam::1234567890%02d:root"`) + `]},"Action":[` +
			list(actions, `"sqs:Send%d"`) + `],"Resource":"*","Condition":{"StringEquals":{` + list(conditions, `"aws:k%d":"v"`) + `}}}`
	}
	policy := func(statements ...string) string {
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	}
	small := statement(1, 1, 1)
	for _, c := range []struct{ at, over, message string }{
		{policy(slices.Repeat([]string{small}, 20)...), policy(slices.Repeat([]string{small}, 21)...),
			"21 statements were found in the submitted policy, max allowed is 20"},
		{policy(small, statement(1, 7, 1)), policy(small, statement(1, 8, 1)),
			"8 actions were found in a statement from the submitted policy, max allowed is 7"},
		{policy(statement(50, 1, 1)), policy(statement(51, 1, 1)),
			"51 principals were found in a statement from the submitted policy, max allowed is 50"},
		{policy(statement(1, 1, 10)), policy(statement(1, 1, 11)),
			"11 conditions were found in a statement from the submitted policy, max allowed is 10"},
		{policy(small) + strings.Repeat(" ", maxPolicy-len(policy(small))), policy(small) + strings.Repeat(" ", maxPolicy),
			"Submitted policy is over max allowed size."},
	} {
		r.must(r.set(url, "Policy", c.at))
		wantError(t, r.set(url, "Policy", c.over), model.CodeOverLimit, c.message)
	}
	full := r.create("full", "Policy", policy(slices.Repeat([]string{small}, 20)...))
	wantError(t, r.permit(full, "a", []string{"123456789012"}, "SendMessage"), model.CodeOverLimit, "21 Statements were found, maximum allowed is 20.")
}
