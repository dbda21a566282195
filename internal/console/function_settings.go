package console

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// functionChanges are the changes that the page of settings offers, by the name in
// the path.
var functionChanges = map[string]func(*visit, *functionData) error{
	"limits":   (*visit).changeLimits,
	"reserved": (*visit).changeReserved,
}

func (v *visit) showFunctionSettings() error {
	f, err := v.function("settings")
	if err != nil {
		return err
	}
	return v.show("function_settings", "table.settings", f)
}

// changeFunction does what the path says, and shows the settings again.
func (v *visit) changeFunction() error {
	f, err := v.function("settings")
	if err != nil {
		return err
	}
	change := functionChanges[v.r.PathValue("change")]
	if change == nil {
		return refusal{status: 404, key: "error.form"}
	}
	if err := change(v, f); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("function_settings", "table.settings", f)
	}
	return v.done(f.Path+"/settings", "function.changed")
}

func (v *visit) changeLimits(f *functionData) error {
	timeout, err := wholeNumber(f.Form, "timeout")
	if err != nil {
		return err
	}
	memory, err := wholeNumber(f.Form, "memory")
	if err != nil {
		return err
	}
	return run(v, lambdaapi.Target, "UpdateFunctionConfiguration", &lambdaapi.UpdateFunctionConfigurationRequest{
		FunctionName: api.Some(f.Name), Timeout: timeout, MemorySize: memory,
	})
}

// changeReserved reserves concurrency, or with an empty field none.
func (v *visit) changeReserved(f *functionData) error {
	n, err := wholeNumber(f.Form, "reserved")
	if err != nil {
		return err
	}
	if !n.OK {
		return run(v, lambdaapi.Target, "DeleteFunctionConcurrency", &lambdaapi.DeleteFunctionConcurrencyRequest{FunctionName: api.Some(f.Name)})
	}
	return run(v, lambdaapi.Target, "PutFunctionConcurrency", &lambdaapi.PutFunctionConcurrencyRequest{FunctionName: api.Some(f.Name), ReservedConcurrentExecutions: n})
}

// deleteFunction deletes a function whose name was typed.
func (v *visit) deleteFunction() error {
	f, err := v.function("settings")
	if err != nil {
		return err
	}
	if !v.isNamed(f.Name) {
		return v.show("function_settings", "table.settings", f)
	}
	if err := run(v, lambdaapi.Target, "DeleteFunction", &lambdaapi.DeleteFunctionRequest{FunctionName: api.Some(f.Name)}); err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("function_settings", "table.settings", f)
	}
	return v.done(v.to("functions", ""), "function.deleted")
}
