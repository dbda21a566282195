package autoscaling

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/autoscalingapi"
)

// The one service whose capacities exist here, and its dimensions.
const (
	dynamodb   = "dynamodb"
	tableRead  = "dynamodb:table:ReadCapacityUnits"
	tableWrite = "dynamodb:table:WriteCapacityUnits"
	indexRead  = "dynamodb:index:ReadCapacityUnits"
	indexWrite = "dynamodb:index:WriteCapacityUnits"
)

// newScalable returns the capacity that a request names, after checking that it
// can be one.
func newScalable(c *api.Caller, service, resource, dimension string) (*scalable, error) {
	at := &scalable{c.Namespace, service, resource, dimension}
	_, index, ok := at.split()
	switch dimension {
	case tableRead, tableWrite:
		ok = ok && index == ""
	case indexRead, indexWrite:
		ok = ok && index != ""
	default:
		ok = false
	}
	if service != dynamodb || !ok {
		return nil, api.Validation("Unsupported service namespace, resource type or scalable dimension")
	}
	return at, nil
}

// checkExists refuses a capacity of a table or index that is not there.
func (e *Engine) checkExists(c *scalable) error {
	if e.opts.Resources == nil {
		return nil
	}
	table, index, _ := c.split()
	hasTable, hasIndex := e.opts.Resources(c.ns, table, index)
	switch {
	case !hasTable:
		return api.Validation("DynamoDB table does not exist: %s", c.resource)
	case index != "" && !hasIndex:
		return api.Validation("DynamoDB index does not exist: %s", c.resource)
	}
	return nil
}

// String names the capacity as the service's errors do.
func (c *scalable) String() string {
	return "service namespace: " + c.service + ", resource ID: " + c.resource + ", scalable dimension: " + c.dimension
}

func (c *scalable) isRead() bool { return strings.HasSuffix(c.dimension, ":ReadCapacityUnits") }

// arn makes the Amazon Resource Name of a policy or a scheduled action.
func (c *scalable) arn(kind, nameKind, name string) string {
	return "arn:aws:autoscaling:" + c.ns.Region + ":" + c.ns.Account + ":" + kind + ":" + newUUID() +
		":resource/" + c.service + "/" + c.resource + ":" + nameKind + "/" + name
}

// role is the service-linked role that scales tables. The service uses it
// whatever role a request names.
func (c *scalable) role() string {
	return "arn:aws:iam::" + c.ns.Account + ":role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"
}

// requireTarget refuses a policy or action of a capacity that is not registered.
func (e *Engine) requireTarget(c *scalable) error {
	var t target
	ok, err := e.load(c.key(kindTarget), &t)
	if err == nil && !ok {
		err = api.Errorf(model.CodeObjectNotFoundException, "No scalable target registered for %s", c)
	}
	return err
}

// errNoTarget is the error of a capacity that is to be deregistered and is not
// registered.
func errNoTarget(c *scalable) error {
	return api.Errorf(model.CodeObjectNotFoundException, "No scalable target found for %s", c)
}
