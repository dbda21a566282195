package lambda

import (
	"bytes"
	"context"
	"encoding/base64"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// Invoke invokes a function: synchronously, later (Event) or not at all (DryRun).
func (e *Engine) Invoke(ctx context.Context, c *api.Caller, in *model.InvocationRequest) (*model.InvocationResponse, error) {
	at, f, err := e.find(c, in.FunctionName.V, in.Qualifier)
	if err != nil {
		if name, _ := ParseName(c.Namespace, in.FunctionName.V); !in.Qualifier.OK {
			return nil, errNoFunction(name, latest)
		}
		return nil, err
	}
	kind := in.InvocationType.Or(model.InvocationTypeRequestResponse)
	if err := checkEvent(kind, in.Payload.V); err != nil {
		return nil, err
	}
	switch kind {
	case model.InvocationTypeDryRun:
		return &model.InvocationResponse{StatusCode: api.Some(int64(noContent))}, nil
	case model.InvocationTypeEvent:
		if err := e.enqueue(at.name, c.RequestID, in.Payload.V); err != nil {
			return nil, err
		}
		return &model.InvocationResponse{StatusCode: api.Some(int64(202))}, nil
	}
	r, err := e.run(ctx, at, f, &Invocation{
		RequestID: c.RequestID, ARN: at.name.ARN(), Payload: bytes.Clone(in.Payload.V), ClientContext: in.ClientContext.V,
	})
	if err != nil {
		return nil, err
	}
	return r.response(in.LogType.V), nil
}

func (r *Result) response(logType string) *model.InvocationResponse {
	out := &model.InvocationResponse{
		StatusCode: api.Some(int64(200)), ExecutedVersion: api.Some(latest), Payload: api.Some(r.Payload),
	}
	if r.Failed {
		out.FunctionError = api.Some("Unhandled")
	}
	if logType == model.LogTypeTail {
		tail := r.Log[max(0, len(r.Log)-logTail):]
		out.LogResult = api.Some(base64.StdEncoding.EncodeToString(tail))
	}
	return out
}

// maxEvent is the largest event of an asynchronous invocation.
const maxEvent = 1 << 20

// checkEvent checks that an event is JSON and not too large.
func checkEvent(kind string, payload []byte) error {
	limit := maxPayload
	if kind == model.InvocationTypeEvent {
		limit = maxEvent
	}
	if len(payload) > limit {
		return api.Errorf("RequestEntityTooLargeException", "Request must be smaller than %d bytes for the InvokeFunction operation", limit)
	}
	if len(payload) == 0 {
		return nil
	}
	var d jsontok.Decoder
	d.Reset(payload)
	d.Skip()
	if err := d.End(); err != nil {
		return api.Errorf(model.CodeInvalidRequestContentException, "Could not parse request body into json: %v", err)
	}
	return nil
}
