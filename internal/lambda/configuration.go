package lambda

import (
	"maps"
	"slices"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// timeFormat is how Lambda writes a time.
const timeFormat = "2006-01-02T15:04:05.000-0700"

// describe returns the configuration of a function that is ready.
func (f *function) describe() *model.FunctionConfiguration {
	c := &model.FunctionConfiguration{
		FunctionName: api.Some(f.Name), FunctionArn: api.Some(f.name().ARN()), Role: api.Some(f.Role),
		CodeSize: api.Some(f.CodeSize), Description: api.Some(f.Description), Timeout: api.Some(f.Timeout),
		MemorySize: api.Some(f.Memory), LastModified: api.Some(f.Modified.UTC().Format(timeFormat)),
		CodeSha256: api.Some(f.CodeSHA256), Version: api.Some(latest), RevisionId: api.Some(f.Revision),
		TracingConfig: &model.TracingConfigResponse{Mode: api.Some(f.Tracing)},
		State:         api.Some(model.StateActive), LastUpdateStatus: api.Some(model.LastUpdateStatusSuccessful),
		PackageType: api.Some(f.Package), Architectures: []string{f.Architecture},
		EphemeralStorage: &model.EphemeralStorage{Size: api.Some(f.Storage)},
		SnapStart: &model.SnapStartResponse{
			ApplyOn: api.Some(model.SnapStartApplyOnNone), OptimizationStatus: api.Some(model.SnapStartOptimizationStatusOff),
		},
		LoggingConfig: &model.LoggingConfig{LogFormat: api.Some(f.LogFormat), LogGroup: api.Some("/aws/lambda/" + f.Name)},
	}
	if f.Package == model.PackageTypeZip {
		c.Runtime, c.Handler = api.Some(f.Runtime), api.Some(f.Handler)
	}
	if f.ImageOverride {
		c.ImageConfigResponse = &model.ImageConfigResponse{ImageConfig: f.imageConfig()}
	}
	if f.Environment != nil {
		c.Environment = &model.EnvironmentResponse{Variables: entries(f.Environment)}
	}
	if f.DeadLetter != "" {
		c.DeadLetterConfig = &model.DeadLetterConfig{TargetArn: api.Some(f.DeadLetter)}
	}
	return c
}

func (f *function) imageConfig() *model.ImageConfig {
	c := &model.ImageConfig{EntryPoint: f.EntryPoint, Command: f.Command}
	if f.WorkingDir != "" {
		c.WorkingDirectory = api.Some(f.WorkingDir)
	}
	return c
}

// describeNew is describe of a function that was just created: the service is not
// ready by then.
func (f *function) describeNew() *model.FunctionConfiguration {
	c := f.describe()
	c.LastUpdateStatus = api.Opt[string]{}
	c.State = api.Some(model.StatePending)
	c.StateReason, c.StateReasonCode = api.Some("The function is being created."), api.Some(model.StateReasonCodeCreating)
	return c
}

// describeUpdated is describe of a function that was just updated.
func (f *function) describeUpdated() *model.FunctionConfiguration {
	c := f.describe()
	c.LastUpdateStatus = api.Some(model.LastUpdateStatusInProgress)
	c.LastUpdateStatusReason = api.Some("The function is being created.")
	c.LastUpdateStatusReasonCode = api.Some(model.StateReasonCodeCreating)
	return c
}

// entries returns a map in the order of its keys.
func entries(m map[string]string) api.Map[string] {
	out := make(api.Map[string], 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, api.Entry[string]{Key: k, Value: m[k]})
	}
	return out
}

// mapOf is the opposite of entries; nil for an absent map.
func mapOf(m api.Map[string]) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for _, e := range m {
		out[e.Key] = e.Value
	}
	return out
}
