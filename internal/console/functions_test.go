package console

import (
	"context"
	"errors"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/lambda"
)

const hostileName = `a<script>x</script>"`

// handlers are the Go funcs of a house: one that says what it got, and one of a name
// that would do harm.
var handlers = map[string]lambda.Handler{
	"echo": func(_ context.Context, event []byte) ([]byte, error) {
		if strings.Contains(string(event), "boom") {
			return nil, errors.New("<i>boom</i>")
		}
		return event, nil
	},
	hostileName: func(context.Context, []byte) ([]byte, error) { return []byte("null"), nil },
}

func TestFunctions(t *testing.T) {
	b, _ := newHouse(t)
	b.get(home+"functions/", 200)
	b.says("functions/echo", html.EscapeString(hostileName), "functions/"+url.PathEscape(hostileName), "aws lambda create-event-source-mapping")
	b.get(home+"functions/"+url.PathEscape(hostileName), 400) // the API takes no such name
	b.says(html.EscapeString(hostileName))
	if strings.Contains(b.page, "<script>x") {
		t.Error("a name is not escaped")
	}
	b.get(home+"functions/nothing", 404)

	at := home + "functions/echo"
	b.get(at, 200)
	b.says("aws lambda invoke --function-name echo")
	b.get(at+"/invoke?event=%7B%22n%22%3A1%7D", 200)
	b.says(`{&#34;n&#34;:1}`)
	b.post(at+"/invoke", url.Values{"event": {`{"n":12345678901234567890}`}}, 200)
	b.says(html.EscapeString(`"n": 12345678901234567890`), "worked", "START RequestId")
	b.post(at+"/invoke", url.Values{"event": {`"boom"`}}, 200)
	b.says("failed", html.EscapeString("<i>boom</i>"))
	b.post(at+"/invoke", url.Values{"event": {`{`}}, 422)
	b.says("InvalidRequestContentException", "{</textarea>")
	b.get(at, 200)
	b.says("2 invocations, 1 failed", html.EscapeString("<i>boom</i>"))
	if b.get(at+"/logs", 200); strings.Contains(b.page, "<html") {
		t.Error("the part is a whole page")
	}
	b.post(at+"/invoke", url.Values{"event": {`{}`}, "later": {"1"}}, 200)
	b.says("Taken")
}

func TestFunctionSettings(t *testing.T) {
	b, _ := newHouse(t)
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	if err := run(v, lambdaapi.Target, "CreateFunction", &lambdaapi.CreateFunctionRequest{
		FunctionName: api.Some("ship"), PackageType: api.Some("Image"), Role: api.Some("arn:aws:iam::000000000000:role/any"),
		Code:        &lambdaapi.FunctionCode{ImageUri: api.Some("go:echo")},
		Environment: &lambdaapi.Environment{Variables: api.Map[string]{{Key: "TOKEN", Value: "do-not-show"}}},
	}); err != nil {
		t.Fatal(err)
	}
	at := home + "functions/ship/settings"
	b.get(at, 200)
	b.says("go:echo", "TOKEN", `name="timeout" inputmode="numeric" size="5" value="3"`)
	if strings.Contains(b.page, "do-not-show") {
		t.Error("the value of a variable is shown")
	}
	b.post(at+"/limits", url.Values{"timeout": {"20"}, "memory": {"256"}}, 303)
	b.post(at+"/limits", url.Values{"timeout": {"long"}}, 422)
	b.post(at+"/reserved", url.Values{"reserved": {"7"}}, 303)
	b.get(at, 200)
	b.says(`value="20"`, `value="256"`, `name="reserved" inputmode="numeric" size="6" value="7"`)
	b.post(at+"/reserved", url.Values{"reserved": {""}}, 303)
	b.post(at+"/nothing", url.Values{}, 404)
	b.post(home+"functions/ship/delete-function", url.Values{"confirm": {"shi"}}, 422)
	b.post(home+"functions/ship/delete-function", url.Values{"confirm": {"ship"}}, 303)
	b.get(at, 404)
}

func TestMappings(t *testing.T) {
	b, _ := newHouse(t)
	b.post(home+"create-queue", url.Values{"name": {"jobs"}}, 303)
	v := &visit{c: b.c, r: b.request(), ns: defaultSpace}
	if err := run(v, lambdaapi.Target, "CreateEventSourceMapping", &lambdaapi.CreateEventSourceMappingRequest{
		FunctionName: api.Some("echo"), EventSourceArn: api.Some("arn:aws:sqs:us-east-1:000000000000:jobs"),
	}); err != nil {
		t.Fatal(err)
	}
	b.get(home+"functions/", 200)
	m := regexp.MustCompile(`href="([^"]*/mappings/[^"]+)"`).FindStringSubmatch(b.page)
	if m == nil {
		t.Fatal(b.page)
	}
	at := m[1]
	b.get(home+"functions/echo", 200)
	b.says(at, "queues/jobs")
	b.get(at, 200)
	b.says("Enabled", "/disable", "queues/jobs", "functions/echo")
	b.post(at+"/disable", url.Values{}, 303)
	b.get(at, 200)
	b.says("Disabled", "/enable")
	b.post(at+"/batch", url.Values{"batch": {"7"}}, 303)
	b.post(at+"/batch", url.Values{"batch": {"70000"}}, 422)
	b.post(at+"/nothing", url.Values{}, 404)
	b.get(at+"/progress", 200)
	b.get(at, 200)
	b.says(`name="batch" inputmode="numeric" size="6" value="7"`)
	b.post(at+"/delete", url.Values{"confirm": {""}}, 422)
	b.post(at+"/delete", url.Values{"confirm": {"echo"}}, 303)
	b.get(at, 404)
	b.get(home+"mappings?function=echo", 200)
}
