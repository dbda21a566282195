package lambda

import (
	"context"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/kv"
)

// UpdateFunctionCode replaces the code of a function.
func (e *Engine) UpdateFunctionCode(_ context.Context, c *api.Caller, in *model.UpdateFunctionCodeRequest) (*model.FunctionConfiguration, error) {
	if in.DryRun.V {
		_, f, err := e.find(c, in.FunctionName.V, api.Opt[string]{})
		if err == nil {
			err = e.checkNewCode(f, in)
		}
		if err != nil {
			return nil, err
		}
		return f.describe(), nil
	}
	f, err := e.change(c, in.FunctionName.V, in.RevisionId, func(b kv.Batch, f *function) error {
		if err := e.checkNewCode(f, in); err != nil {
			return err
		}
		if len(in.Architectures) > 0 {
			f.Architecture = in.Architectures[0]
		}
		if f.Package == model.PackageTypeImage {
			f.Image = in.ImageUri.V
			return e.checkKind(f)
		}
		f.setCode(b, in.ZipFile.V)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f.describeUpdated(), nil
}

func (e *Engine) checkNewCode(f *function, in *model.UpdateFunctionCodeRequest) error {
	if f.Package == model.PackageTypeImage {
		if !in.ImageUri.OK {
			return errParameter("Please provide ImageUri when updating a function with packageType Image.")
		}
		return checkImage(in.ImageUri.V)
	}
	switch {
	case in.ImageUri.OK:
		return errParameter("Please don't provide ImageUri when updating a function with packageType Zip.")
	case in.S3Bucket.OK || in.S3Key.OK:
		return errParameter("Code in S3 is not supported here. Please provide ZipFile.")
	case len(in.ZipFile.V) == 0:
		return errParameter("Please provide a source for function code.")
	}
	return checkPackage(in.ZipFile.V)
}
