package lambda

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// CreateFunction creates a function. It is ready at once.
func (e *Engine) CreateFunction(_ context.Context, c *api.Caller, in *model.CreateFunctionRequest) (*model.FunctionConfiguration, error) {
	name, qualifier := ParseName(c.Namespace, in.FunctionName.V)
	if name.Namespace != c.Namespace || qualifier != "" && qualifier != latest {
		return nil, errParameter("The provided function name is invalid: %s", in.FunctionName.V)
	}
	if len(name.Function) > maxName {
		return nil, api.Validation("1 validation error detected: Value '%s' at 'functionName' failed to satisfy constraint: "+
			"Member must have length less than or equal to %d", in.FunctionName.V, maxName)
	}
	f, err := newFunction(name, in)
	if err != nil {
		return nil, err
	}
	if err := e.checkKind(f); err != nil {
		return nil, err
	}
	if err := e.create(f, in.Code.ZipFile.V); err != nil {
		return nil, err
	}
	return f.describeNew(), nil
}

// newFunction checks a request and returns the function that it asks for.
func newFunction(name Name, in *model.CreateFunctionRequest) (*function, error) {
	f := &function{
		Account: name.Account, Region: name.Region, Name: name.Function, Revision: NewUUID(), Modified: time.Now(),
		Package: in.PackageType.Or(model.PackageTypeZip), Tags: mapOf(in.Tags),
	}
	f.setDefaults()
	if len(in.Architectures) > 0 {
		f.Architecture = in.Architectures[0]
	}
	if err := checkCode(f, in); err != nil {
		return nil, err
	}
	s := settings{
		role: in.Role, handler: in.Handler, description: in.Description, runtime: in.Runtime, timeout: in.Timeout, memory: in.MemorySize,
		environment: in.Environment, deadLetter: in.DeadLetterConfig, tracing: in.TracingConfig, image: in.ImageConfig,
		storage: in.EphemeralStorage, logging: in.LoggingConfig,
	}
	return f, s.apply(f)
}

// checkCode checks that a request brings the code that its package type wants.
func checkCode(f *function, in *model.CreateFunctionRequest) error {
	code := in.Code
	if f.Package == model.PackageTypeImage {
		switch {
		case !code.ImageUri.OK:
			return errParameter("Please provide ImageUri when creating a function with packageType Image.")
		case in.Runtime.OK || in.Handler.OK:
			return errParameter("Runtime, Handler, and Layers are not supported parameters for functions created with container images.")
		}
		f.Image = code.ImageUri.V
		return checkImage(f.Image)
	}
	switch {
	case code.ImageUri.OK:
		return errParameter("Please do not provide ImageUri when creating a function with packageType Zip.")
	case in.ImageConfig != nil:
		return errParameter("ImageConfig is not supported for functions created with packageType Zip.")
	case !in.Runtime.OK || !in.Handler.OK:
		return errParameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	case code.S3Bucket.OK || code.S3Key.OK:
		return errParameter("Code in S3 is not supported here. Please provide ZipFile.")
	case len(code.ZipFile.V) == 0:
		return errParameter("Please provide a source for function code.")
	}
	return checkPackage(code.ZipFile.V)
}

// checkImage refuses what is not an image here.
func checkImage(uri string) error {
	if kindOf(uri) == "" {
		return errParameter("Source image %s is not valid. Images of containers are not run here; provide one of the forms "+
			"go:NAME, http://HOST/PATH, exec:PATH and runtime:PATH.", uri)
	}
	return nil
}

// checkKind refuses a function whose code may not run here.
func (e *Engine) checkKind(f *function) error {
	if f.kind() != KindGo && e.opts.Runner == nil {
		return api.Errorf("AccessDeniedException", "This server does not run functions, except for Go funcs, unless its operator allows it: levee serve --functions")
	}
	return nil
}

// create stores a new function.
func (e *Engine) create(f *function, pkg []byte) error {
	e.admin.Lock()
	defer e.admin.Unlock()
	if _, known := e.lookUp(f.name()); known != nil && !known.implied {
		return api.Errorf(model.CodeResourceConflictException, "Function already exist: %s", f.Name)
	}
	b := e.store.NewBatch()
	if f.Package == model.PackageTypeZip {
		f.setCode(b, pkg)
	}
	return e.publish(b, f)
}
