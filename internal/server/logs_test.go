package server

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/lambda"
)

// What a function prints can be read from CloudWatch Logs, with the lines of the
// platform, by who may see its account.
func TestLogsOfAFunction(t *testing.T) {
	cfg := Config{Logger: slog.New(slog.DiscardHandler)}
	cfg.Handlers = map[string]lambda.Handler{"f": func(context.Context, []byte) ([]byte, error) { return nil, errors.New("it went wrong") }}
	srv, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	a := &asker{t, srv}
	ask := func(operation, body string) string {
		return a.ask("/", "application/x-amz-json-1.1", "Logs_20140328."+operation, "logs", body).Body.String()
	}
	if got := ask("DescribeLogGroups", "{}"); got != `{"logGroups":[]}` {
		t.Errorf("before it is invoked: %s", got)
	}
	a.ask("/2015-03-31/functions/f/invocations", "application/json", "", "lambda", "{}")
	if got := ask("DescribeLogGroups", "{}"); !strings.Contains(got, `"arn":"arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:*"`) {
		t.Errorf("the groups are %s", got)
	}
	got := ask("FilterLogEvents", `{"logGroupName":"/aws/lambda/f"}`)
	for _, line := range []string{"START RequestId: ", `"message":"it went wrong\n"`, "END RequestId: ", "REPORT RequestId: "} {
		before, after, found := strings.Cut(got, line)
		if !found {
			t.Fatalf("%q is not there, or not behind %q", line, before)
		}
		got = after
	}
	for body, want := range map[string]string{
		`{"logGroupName":"/aws/lambda/g"}`:           `{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}`,
		`{"logGroupName":"/aws/lambda/f","limit":0}`: `{"__type":"InvalidParameterException","message":"1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1"}`,
	} {
		if got := ask("FilterLogEvents", body); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}
