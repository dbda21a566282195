package lambda

import (
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// Limits of the settings of a function.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxTimeout     = 900   // s
	maxMemory      = 10240 // MB
	maxEnvironment = 4096  // bytes
)

// settings are what CreateFunction and UpdateFunctionConfiguration have in common.
// What is absent stays as it is.
type settings struct {
	role, handler, description, runtime api.Opt[string]
	timeout, memory                     api.Opt[int64]
	environment                         *model.Environment
	deadLetter                          *model.DeadLetterConfig
	tracing                             *model.TracingConfig
	image                               *model.ImageConfig
	storage                             *model.EphemeralStorage
	logging                             *model.LoggingConfig
}

// apply checks the settings and puts them into a function.
func (s *settings) apply(f *function) error {
	if s.runtime.OK {
		if err := checkRuntime(s.runtime.V); err != nil {
			return err
		}
	}
	if s.timeout.V > maxTimeout {
		return errRange(s.timeout.V, "timeout", maxTimeout)
	}
	if s.memory.V > maxMemory {
		return errParameter("'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to %d", maxMemory)
	}
	if s.environment != nil {
		if err := checkEnvironment(s.environment.Variables); err != nil {
			return err
		}
		f.Environment = mapOf(s.environment.Variables)
	}
	f.Role, f.Handler = s.role.Or(f.Role), s.handler.Or(f.Handler)
	f.Description, f.Runtime = s.description.Or(f.Description), s.runtime.Or(f.Runtime)
	f.Timeout, f.Memory = s.timeout.Or(f.Timeout), s.memory.Or(f.Memory)
	s.applyRest(f)
	return nil
}

func (s *settings) applyRest(f *function) {
	if s.deadLetter != nil {
		f.DeadLetter = s.deadLetter.TargetArn.V
	}
	if s.tracing != nil {
		f.Tracing = s.tracing.Mode.Or(f.Tracing)
	}
	if s.storage != nil {
		f.Storage = s.storage.Size.Or(f.Storage)
	}
	if s.logging != nil {
		f.LogFormat = s.logging.LogFormat.Or(f.LogFormat)
	}
	if c := s.image; c != nil {
		f.EntryPoint, f.Command, f.WorkingDir = c.EntryPoint, c.Command, c.WorkingDirectory.V
		f.ImageOverride = true
	}
}

func errRange(v int64, member string, most int64) error {
	return api.Validation("1 validation error detected: Value '%d' at '%s' failed to satisfy constraint: "+
		"Member must have value less than or equal to %d", v, member, most)
}

// checkRuntime refuses the runtimes that this engine has nothing to run with.
func checkRuntime(name string) error {
	if strings.HasPrefix(name, "provided") || strings.HasPrefix(name, "nodejs") {
		return nil
	}
	return errParameter("The runtime parameter of %s is not supported here. Use provided.al2023 with an executable named bootstrap, or nodejs.", name)
}

// reservedKeys are the environment variables that a function cannot set.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
var reservedKeys = []string{
	"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
	"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
	"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
}

func checkEnvironment(m api.Map[string]) error {
	var reserved []string
	text := []byte{'{'}
	for _, v := range m {
		if slices.Contains(reservedKeys, v.Key) {
			reserved = append(reserved, v.Key)
		}
		text = jsontok.AppendString(api.AppendName(text, ""), v.Key)
		text = jsontok.AppendString(append(text, ':'), v.Value)
	}
	const unable = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	switch {
	case len(reserved) > 0:
		return errParameter(unable+"contains reserved keys that are currently not supported for modification. "+
			"Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	case len(text)+1 > maxEnvironment:
		return errParameter(unable+"exceeded the 4KB limit. String measured: %s}", text)
	}
	return nil
}
