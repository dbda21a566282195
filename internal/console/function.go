package console

import (
	"net/url"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/lambdaapi"
)

// Log is what one invocation of a function printed.
type Log struct {
	RequestID string
	Time      time.Time
	Duration  time.Duration
	Cold      bool // an environment was started for it
	Failed    bool
	Text      string // with the lines of the platform
}

// functionRow is a function in the list.
type functionRow struct {
	Name, Link, Code string
	Timeout, Memory  int64
	Last             *Log // the last invocation, nil if there was none
}

// functionList is the page of functions and mappings.
type functionList struct {
	Functions []functionRow
	Next      string // path of the next page
	mappingList
}

// functionData is what the pages of a function need; each fills in its part.
type functionData struct {
	*lambdaapi.FunctionConfiguration
	Name, Path, Tab string
	Code            string // its runtime, or where its code is
	Reserved        api.Opt[int64]
	Variables       []string // names

	Logs     []Log // the newest first
	Failures int   // of Logs

	Form   url.Values // of the event that was sent
	Result *invocation

	mappingList
}

// listFunctions lists the functions and mappings of a namespace.
func (v *visit) listFunctions() error {
	out, err := call[*lambdaapi.ListFunctionsResponse](v, lambdaapi.Target, "ListFunctions", &lambdaapi.ListFunctionsRequest{Marker: some(v.r.Form.Get("after"))})
	if err != nil {
		return err
	}
	d := &functionList{mappingList: v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns })}
	for i := range out.Functions {
		f := &out.Functions[i]
		row := functionRow{Name: f.FunctionName.V, Link: v.to("functions", f.FunctionName.V), Code: v.codeOf(f), Timeout: f.Timeout.V, Memory: f.MemorySize.V}
		if logs := v.logs(row.Name); len(logs) > 0 {
			row.Last = &logs[0]
		}
		d.Functions = append(d.Functions, row)
	}
	if out.NextMarker.OK {
		d.Next = v.to("functions", "") + "?" + url.Values{"after": {out.NextMarker.V}}.Encode()
	}
	return v.show("functions", "nav.functions", d)
}

// codeOf says what the code of a function in a list is. Where that of an image is,
// the list does not say.
func (v *visit) codeOf(f *lambdaapi.FunctionConfiguration) string {
	if f.Runtime.V == "" {
		in := &lambdaapi.GetFunctionRequest{FunctionName: f.FunctionName}
		if out, err := call[*lambdaapi.GetFunctionResponse](v, lambdaapi.Target, "GetFunction", in); err == nil {
			return codeOf(f, out.Code)
		}
	}
	return codeOf(f, nil)
}

// codeOf says what the code of a function is.
func codeOf(f *lambdaapi.FunctionConfiguration, code *lambdaapi.FunctionCodeLocation) string {
	switch {
	case f.Runtime.V != "":
		return f.Runtime.V
	case code != nil && code.ImageUri.V != "":
		return code.ImageUri.V
	}
	return f.PackageType.V
}

// logs returns the last invocations of a function, the newest first.
func (v *visit) logs(function string) []Log {
	list := v.c.opts.Logs(v.ns, function)
	slices.Reverse(list)
	return list
}

// function describes the function of the visit's path.
func (v *visit) function(tab string) (*functionData, error) {
	name := v.r.PathValue("function")
	v.subject = name
	out, err := call[*lambdaapi.GetFunctionResponse](v, lambdaapi.Target, "GetFunction", &lambdaapi.GetFunctionRequest{FunctionName: api.Some(name)})
	if err != nil {
		return nil, err
	}
	f := &functionData{
		FunctionConfiguration: out.Configuration, Name: name, Path: v.to("functions", name), Tab: tab, Form: v.r.PostForm,
		Code: codeOf(out.Configuration, out.Code),
	}
	if out.Concurrency != nil {
		f.Reserved = out.Concurrency.ReservedConcurrentExecutions
	}
	if e := f.Environment; e != nil {
		for _, variable := range e.Variables {
			f.Variables = append(f.Variables, variable.Key)
		}
	}
	return f, nil
}

// showFunction shows the last invocations of a function.
func (v *visit) showFunction() error {
	f, err := v.function("logs")
	if err != nil {
		return err
	}
	v.readLogs(f)
	f.mappingList = v.mappings(func(m *Mapping) bool { return m.Namespace == v.ns && m.Function == f.Name })
	f.Source = v.to("mappings") + "?" + url.Values{"function": {f.Name}}.Encode()
	return v.show("function_logs", "function.logs", f)
}

// showLogs shows only them, for a page that asks again and again.
func (v *visit) showLogs() error {
	f, err := v.function("logs")
	if err != nil {
		return err
	}
	v.readLogs(f)
	return v.render("function_logs", "logs", f)
}

func (v *visit) readLogs(f *functionData) {
	f.Logs = v.logs(f.Name)
	for i := range f.Logs {
		if f.Logs[i].Failed {
			f.Failures++
		}
	}
}
