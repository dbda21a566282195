package wire_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/wire"
)

// restOperations tell in their answers what they were asked.
func restOperations() []api.Operation {
	const t = lambdaapi.Target
	ops := []api.Operation{
		api.Op(t, "Invoke", api.Control, "", func(_ context.Context, c *api.Caller, in *lambdaapi.InvocationRequest) (*lambdaapi.InvocationResponse, error) {
			return &lambdaapi.InvocationResponse{
				StatusCode: api.Some(int64(202)), Payload: in.Payload, LogResult: in.FunctionName, FunctionError: in.LogType,
			}, nil
		}),
		api.Op(t, "GetFunction", api.Control, "", func(_ context.Context, _ *api.Caller, in *lambdaapi.GetFunctionRequest) (*lambdaapi.GetFunctionResponse, error) {
			switch in.FunctionName.V {
			case "missing":
				return nil, api.Errorf("ResourceNotFoundException", "Function not found: %s", in.Qualifier.V)
			case "busy":
				return nil, &api.Error{Code: "TooManyRequestsException", Message: "Rate Exceeded.", Throttling: []api.ThrottlingReason{{Reason: "ConcurrentInvocationLimitExceeded"}}}
			case "broken":
				panic("a secret of the engine")
			}
			return &lambdaapi.GetFunctionResponse{Tags: api.Map[string]{{Key: in.FunctionName.V, Value: in.Qualifier.V}}}, nil
		}),
		api.Op(t, "ListFunctions", api.Control, "", func(_ context.Context, _ *api.Caller, in *lambdaapi.ListFunctionsRequest) (*lambdaapi.ListFunctionsResponse, error) {
			return &lambdaapi.ListFunctionsResponse{NextMarker: api.Some(string(api.AppendInt(nil, in.MaxItems.V)))}, nil
		}),
		api.Op(t, "PutFunctionConcurrency", api.Control, "", func(_ context.Context, _ *api.Caller, in *lambdaapi.PutFunctionConcurrencyRequest) (*lambdaapi.Concurrency, error) {
			return &lambdaapi.Concurrency{ReservedConcurrentExecutions: in.ReservedConcurrentExecutions}, nil
		}),
		api.Op(t, "DeleteFunctionConcurrency", api.Control, "", func(context.Context, *api.Caller, *lambdaapi.DeleteFunctionConcurrencyRequest) (*api.Empty, error) {
			return &api.Empty{}, nil
		}),
		{Target: t, Name: "DeleteFunction"},
	}
	for i, op := range ops {
		ops[i] = op.At(lambdaapi.Routes[op.Name])
	}
	pipe := func(_ context.Context, _ *api.Caller, in *pipesapi.UntagResourceRequest) (*pipesapi.UntagResourceResponse, error) {
		return nil, api.Errorf("ConflictException", "%s without %s", in.ResourceArn.V, strings.Join(in.TagKeys, " and "))
	}
	ops = append(ops, api.Op(pipesapi.Target, "UntagResource", api.Control, "", pipe).At(pipesapi.Routes["UntagResource"]))
	start := func(_ context.Context, _ *api.Caller, in *pipesapi.StartPipeRequest) (*pipesapi.StartPipeResponse, error) {
		return &pipesapi.StartPipeResponse{Name: in.Name}, nil
	}
	ops = append(ops, api.Op(pipesapi.Target, "StartPipe", api.Control, "", start).At(pipesapi.Routes["StartPipe"]))
	return append(newFake().operations(), ops...)
}

func TestRESTAnswers(t *testing.T) {
	const functions = "/2015-03-31/functions"
	tests := map[string]struct {
		call   call
		status int
		body   string
		header http.Header
	}{
		"payload": {
			call{path: functions + "/f/invocations", body: "any bytes", header: http.Header{"X-Amz-Log-Type": {"Tail"}}}, 202, "any bytes",
			http.Header{"X-Amz-Log-Result": {"f"}, "X-Amz-Function-Error": {"Tail"}},
		},
		"label and query":  {call{method: "GET", path: functions + "/a%3Ab?Qualifier=%24LATEST"}, 200, `{"Tags":{"a:b":"$LATEST"}}`, nil},
		"slash at the end": {call{method: "GET", path: functions + "/"}, 200, `{"NextMarker":"0"}`, nil},
		"integer":          {call{method: "GET", path: functions + "/?MaxItems=7"}, 200, `{"NextMarker":"7"}`, nil},
		"body and label":   {call{method: "PUT", path: "/2017-10-31/functions/f/concurrency", body: `{"ReservedConcurrentExecutions":3}`}, 200, `{"ReservedConcurrentExecutions":3}`, nil},
		"no content":       {call{method: "DELETE", path: "/2017-10-31/functions/f/concurrency"}, 204, "", nil},

		"a pipe": {call{method: "POST", path: "/v1/pipes/p/start"}, 200, `{"Name":"p"}`, nil},
		"a list in the query": {
			call{method: "DELETE", path: "/tags/arn%3Aaws%3Apipes%3Aus-east-1%3A111122223333%3Apipe%2Fp?tagKeys=a&tagKeys=b"}, 409,
			`{"Type":"User","message":"arn:aws:pipes:us-east-1:111122223333:pipe/p without a and b"}`, http.Header{"X-Amzn-Errortype": {"ConflictException"}},
		},
		"no path of pipes": {call{method: "GET", path: "/v1/pipes/p/else"}, 404, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"UnknownOperationException"}}},
		"no integer":       {call{method: "GET", path: functions + "/?MaxItems=x"}, 400, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"SerializationException"}}},
		"malformed":        {call{method: "PUT", path: "/2017-10-31/functions/f/concurrency", body: `{`}, 400, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"SerializationException"}}},
		"constraint": {
			call{method: "PUT", path: "/2017-10-31/functions/f/concurrency", body: `{}`}, 400,
			`{"Type":"User","message":"1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null"}`,
			http.Header{"X-Amzn-Errortype": {"ValidationException"}},
		},
		"not found": {
			call{method: "GET", path: functions + "/missing?Qualifier=1"}, 404, `{"Type":"User","Message":"Function not found: 1"}`,
			http.Header{"X-Amzn-Errortype": {"ResourceNotFoundException"}},
		},
		"throttled": {
			call{method: "GET", path: functions + "/busy"}, 429, `{"Type":"User","Reason":"ConcurrentInvocationLimitExceeded","message":"Rate Exceeded."}`,
			http.Header{"X-Amzn-Errortype": {"TooManyRequestsException"}},
		},
		"broken":                         {call{method: "GET", path: functions + "/broken"}, 500, `{"Type":"Service","Message":"Internal server error"}`, http.Header{"X-Amzn-Errortype": {"ServiceException"}}},
		"unsigned":                       {call{method: "GET", path: functions, auth: none}, 403, `{"Type":"User","message":"Request is missing Authentication Token"}`, http.Header{"X-Amzn-Errortype": {"MissingAuthenticationTokenException"}}},
		"no such path":                   {call{method: "GET", path: "/2015-03-31/else"}, 404, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"UnknownOperationException"}}},
		"no such method":                 {call{method: "PATCH", path: functions}, 404, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"UnknownOperationException"}}},
		"an operation without a handler": {call{method: "DELETE", path: functions + "/f"}, 404, `{"Type":"User"}`, http.Header{"X-Amzn-Errortype": {"UnknownOperationException"}}},
		"from a page": {
			call{method: "GET", path: functions, header: http.Header{"Origin": {"https://example.com"}}}, 403,
			`{"Type":"User","Message":"Requests from a browser are refused unless access keys are configured"}`, http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}},
		},
	}
	onTransports(t, wire.Options{Operations: restOperations()}, func(t *testing.T, tr transport) {
		for name, c := range tests {
			t.Run(name, func(t *testing.T) {
				c.call.target = none
				got := tr.send(t, c.call)
				if got.status != c.status || got.body != c.body {
					t.Errorf("got %d %s, want %d %s", got.status, got.body, c.status, c.body)
				}
				for name := range c.header {
					if got.header.Get(name) != c.header.Get(name) {
						t.Errorf("%s: %s, want %s", name, got.header.Get(name), c.header.Get(name))
					}
				}
			})
		}
	})
}
