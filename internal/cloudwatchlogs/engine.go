package cloudwatchlogs

import (
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

// Source is where logs come from.
type Source struct {
	// Functions returns the names of the functions of a namespace that have logs.
	Functions func(api.Namespace) []string
	// Logs returns the logs of a function, in the order in which they ended.
	Logs func(ns api.Namespace, function string) []Log
}

// Log is what one invocation printed.
type Log struct {
	RequestID  string
	Stream     string // that of its environment
	Begin, End time.Time
	Text       []byte // with the lines of the platform
}

// Engine answers from a source. It is safe for concurrent use.
type Engine struct{ source Source }

// New returns the engine of a source.
func New(s Source) *Engine { return &Engine{s} }

// Operations returns the operation table of the service, as far as it is here.
func (e *Engine) Operations() []api.Operation {
	const t = model.Target
	return []api.Operation{
		api.Op(t, "DescribeLogGroups", api.Control, "`/aws/lambda/NAME` of each function that was invoked; in memory: gone with the function, and after a restart", e.DescribeLogGroups),
		api.Op(t, "DescribeLogStreams", api.Control, "those of which something is remembered", e.DescribeLogStreams),
		api.Op(t, "FilterLogEvents", api.Control, "what the last 1,000 invocations of a function printed, up to 2 MiB, of each up to 64 KiB; a line is an event, and has the time of its invocation. Of filter patterns terms, phrases, `-` and `?`", e.FilterLogEvents),
		api.Op(t, "GetLogEvents", api.Control, "as FilterLogEvents", e.GetLogEvents),
	}
}

const groupPrefix = "/aws/lambda/"

// group finds the logs of a group, and its ARN.
func (e *Engine) group(c *api.Caller, g *model.Group) (arn string, logs []Log, err error) {
	if g.LogGroupName.OK == g.LogGroupIdentifier.OK {
		return "", nil, invalid("Exactly one of logGroupName and logGroupIdentifier must be specified.")
	}
	name := g.LogGroupName.Or(g.LogGroupIdentifier.V)
	if g.LogGroupIdentifier.OK && strings.HasPrefix(name, "arn:") {
		var own bool
		if name, own = strings.CutPrefix(strings.TrimSuffix(name, ":*"), arnOf(c.Namespace, "")); !own {
			return "", nil, errNoGroup()
		}
	}
	function, ok := strings.CutPrefix(name, groupPrefix)
	if ok {
		logs = e.source.Logs(c.Namespace, function)
	}
	if len(logs) == 0 {
		return "", nil, errNoGroup()
	}
	return arnOf(c.Namespace, name), logs, nil
}

func arnOf(ns api.Namespace, group string) string {
	return "arn:aws:logs:" + ns.Region + ":" + ns.Account + ":log-group:" + group
}

func errNoGroup() *api.Error {
	return api.Errorf(model.CodeResourceNotFound, "The specified log group does not exist.")
}

func errNoStream() *api.Error {
	return api.Errorf(model.CodeResourceNotFound, "The specified log stream does not exist.")
}

func invalid(text string) *api.Error { return api.Errorf(model.CodeInvalidParameter, "%s", text) }

// maxDescribed is how many groups or streams one answer has.
const maxDescribed = 50

// page returns what comes after a token in a sorted list, and the next token: that of
// the last one if there are more.
func page[T any](list []T, after api.Opt[string], limit api.Opt[int64], name func(*T) string) ([]T, api.Opt[string]) {
	if after.OK {
		n := 0
		for n < len(list) && name(&list[n]) != after.V {
			n++
		}
		list = list[min(n+1, len(list)):]
	}
	if n := int(limit.Or(maxDescribed)); n < len(list) {
		return list[:n], api.Some(name(&list[n-1]))
	}
	return list, api.Opt[string]{}
}
