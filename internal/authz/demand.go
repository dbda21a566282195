package authz

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/api/cloudwatchapi"
	"github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/logsapi"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

// demand is an action on a resource that a request needs to be allowed.
type demand struct {
	action   string
	resource string   // an ARN, or "*"
	ownOnly  bool     // never allowed across accounts
	region   string   // where the action is; "" for that of the request
	accesses []access // to the items of the resource
}

// owner returns the account of the resource; that of the caller where the ARN
// names none.
func (d *demand) owner(caller string) string {
	if account := accountOf(d.resource); account != "" {
		return account
	}
	return caller
}

// accountOf returns the account in an ARN, "" if there is none.
func accountOf(arn string) string {
	named, _ := api.ParseARN(arn)
	return named.Account
}

// demands are what one request needs.
type demands struct {
	caller    *api.Caller
	operation *api.Operation
	list      []demand

	replicaRegions func(table string) []string
}

// collect fills the list.
func (d *demands) collect(in api.Input) {
	switch d.operation.Target {
	case sqsapi.Target:
		d.collectSQS(in)
	case autoscalingapi.Target:
		d.collectAutoscaling(in)
	case lambdaapi.Target:
		d.collectLambda(in)
	case pipesapi.Target:
		d.collectPipes(in)
	case leveeapi.Target:
		d.collectLevee(in)
	case logsapi.Target:
		d.collectLogs(in)
	case cloudwatchapi.Target: // metrics are no resources
		d.list = append(d.list, demand{action: "cloudwatch:" + d.operation.Name, resource: "*", ownOnly: true})
	default:
		d.collectDynamoDB(in)
	}
}

// add demands the operation's own action on a resource.
func (d *demands) add(resource string) { d.need(d.operation.Name, resource) }

// need demands an action of DynamoDB on a resource.
func (d *demands) need(action, resource string) {
	d.list = append(d.list, demand{action: "dynamodb:" + action, resource: resource})
}

// reach demands the operation's own action on a resource whose items it gets at.
func (d *demands) reach(resource string, a access) {
	d.add(resource)
	d.list[len(d.list)-1].accesses = []access{a}
}

// once demands an action on a resource, unless that is the demand before, to which
// the access is then added.
func (d *demands) once(action, resource string, a access) {
	n := len(d.list)
	if n == 0 || d.list[n-1].resource != resource || d.list[n-1].action != "dynamodb:"+action {
		d.need(action, resource)
		n++
	}
	d.list[n-1].accesses = append(d.list[n-1].accesses, a)
}

// table returns the ARN of a table given by name or ARN.
func (d *demands) table(nameOrARN string) string {
	if strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN
	}
	return "arn:aws:dynamodb:" + d.caller.Region + ":" + d.caller.Account + ":table/" + nameOrARN
}

// indexed returns the ARN of a table or, if one is named, of its index.
func (d *demands) indexed(table string, index api.Opt[string]) string {
	if !index.OK {
		return d.table(table)
	}
	return d.table(table) + "/index/" + index.V
}
