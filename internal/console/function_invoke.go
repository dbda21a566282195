package console

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/url"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// invocation is what came of an event.
type invocation struct {
	Status  int64
	Failed  bool
	Payload string // JSON, indented
	Log     string // its end
}

// showInvoke shows the form for an event, filled from the URL.
func (v *visit) showInvoke() error {
	f, err := v.function("invoke")
	if err != nil {
		return err
	}
	if f.Form = v.r.Form; f.Form.Get("event") == "" {
		f.Form = url.Values{"event": {"{}"}}
	}
	return v.show("function_invoke", "function.invoke", f)
}

// invoke invokes a function with the event of the form, and waits for what it
// returns unless the form says not to.
func (v *visit) invoke() error {
	f, err := v.function("invoke")
	if err != nil {
		return err
	}
	kind := lambdaapi.InvocationTypeRequestResponse
	if f.Form.Get("later") != "" {
		kind = lambdaapi.InvocationTypeEvent
	}
	out, err := call[*lambdaapi.InvocationResponse](v, lambdaapi.Target, "Invoke", &lambdaapi.InvocationRequest{
		FunctionName: api.Some(f.Name), Payload: api.Some([]byte(f.Form.Get("event"))),
		InvocationType: api.Some(kind), LogType: api.Some(lambdaapi.LogTypeTail),
	})
	switch {
	case err == nil:
		f.Result = newInvocation(out)
	case !v.refused(err):
		return err
	}
	return v.show("function_invoke", "function.invoke", f)
}

func newInvocation(out *lambdaapi.InvocationResponse) *invocation {
	i := &invocation{Status: out.StatusCode.V, Failed: out.FunctionError.OK, Payload: string(out.Payload.V)}
	var indented bytes.Buffer
	if json.Indent(&indented, out.Payload.V, "", "  ") == nil {
		i.Payload = indented.String()
	}
	if log, err := base64.StdEncoding.DecodeString(out.LogResult.V); err == nil {
		i.Log = string(log)
	}
	return i
}
