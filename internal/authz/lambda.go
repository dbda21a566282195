package authz

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// collectLambda finds the demand of a request to Lambda. Creating and listing
// event source mappings, and listing functions, demand no resource.
func (d *demands) collectLambda(in api.Input) {
	resource, action := "*", d.operation.Name
	switch in := in.(type) {
	case *lambdaapi.CreateFunctionRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.GetFunctionRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.GetFunctionConfigurationRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.UpdateFunctionCodeRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.UpdateFunctionConfigurationRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.DeleteFunctionRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.InvocationRequest:
		resource, action = d.function(in.FunctionName), "InvokeFunction"
	case *lambdaapi.PutFunctionConcurrencyRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.GetFunctionConcurrencyRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.DeleteFunctionConcurrencyRequest:
		resource = d.function(in.FunctionName)
	case *lambdaapi.GetEventSourceMappingRequest:
		resource = d.mapping(in.UUID)
	case *lambdaapi.UpdateEventSourceMappingRequest:
		resource = d.mapping(in.UUID)
	case *lambdaapi.DeleteEventSourceMappingRequest:
		resource = d.mapping(in.UUID)
	}
	d.list = append(d.list, demand{action: "lambda:" + action, resource: resource, ownOnly: true})
}

// function returns the ARN of a function given by name or ARN.
func (d *demands) function(name api.Opt[string]) string {
	if strings.HasPrefix(name.V, "arn:") {
		return name.V
	}
	short := name.V
	if _, after, found := strings.Cut(name.V, "function:"); found {
		short = after
	}
	return d.lambdaARN("function:" + short)
}

func (d *demands) mapping(id api.Opt[string]) string {
	return d.lambdaARN("event-source-mapping:" + id.V)
}

func (d *demands) lambdaARN(resource string) string {
	return "arn:aws:lambda:" + d.caller.Region + ":" + d.caller.Account + ":" + resource
}
