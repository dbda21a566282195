package sandbox

import (
	"maps"
	"os"
	"slices"
	"strconv"

	"github.com/levee-io/levee/internal/lambda"
)

// environ returns the variables of a process: those of the function cannot change
// what the service reserves.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (s *Sandbox) environ(spec *lambda.Spec, more ...string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "LANG=en_US.UTF-8", "TZ=:UTC", "HOME=" + os.TempDir()}
	if s.opts.Environ != nil {
		env = append(env, s.opts.Environ(spec.Name)...)
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Env)) {
		env = append(env, name+"="+spec.Env[name])
	}
	env = append(env,
		"AWS_REGION="+spec.Name.Region,
		"AWS_DEFAULT_REGION="+spec.Name.Region,
		"AWS_LAMBDA_FUNCTION_NAME="+spec.Name.Function,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="+strconv.FormatInt(spec.Memory, 10),
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/"+spec.Name.Function,
		"AWS_LAMBDA_LOG_STREAM_NAME="+spec.LogStream,
		"LAMBDA_TASK_ROOT="+spec.Dir,
		"_HANDLER="+spec.Handler,
	)
	if spec.Runtime != "" {
		env = append(env, "AWS_EXECUTION_ENV=AWS_Lambda_"+spec.Runtime)
	}
	return append(env, more...)
}
