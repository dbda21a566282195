package autoscaling

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// harness calls operations by name with their JSON, as a client would.
type harness struct {
	*testing.T
	*Engine
	caller api.Caller
}

func newEngine(t *testing.T) *harness {
	store := kvmem.New()
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	hasTable := func(_ api.Namespace, table, index string) (bool, bool) { return table != "none", index != "none" }
	return &harness{t, Open(store, Options{Resources: hasTable}), api.Caller{Namespace: api.Namespace{Account: "000000000000", Region: "us-east-1"}}}
}

func (h *harness) do(name, in string) (string, error) {
	for _, op := range h.Operations() {
		if op.Name != name {
			continue
		}
		var d jsontok.Decoder
		d.Reset([]byte(in))
		request := op.New()
		request.ReadJSON(&d)
		if err := d.End(); err != nil {
			return "", fmt.Errorf("%s: %w in %s", name, err, in)
		}
		var v api.Violations
		if request.Validate(&v); v.Err() != nil {
			return "", v.Err()
		}
		out, err := op.Handle(h.Context(), &h.caller, request)
		if err != nil {
			return "", err
		}
		return string(out.AppendJSON(nil)), nil
	}
	return "", fmt.Errorf("no operation %s", name)
}

func (h *harness) must(name, in string) string {
	h.Helper()
	out, err := h.do(name, in)
	if err != nil {
		h.Fatalf("%s %s: %v", name, in, err)
	}
	return out
}

func (h *harness) has(name, in string, parts ...string) {
	h.Helper()
	out := h.must(name, in)
	for _, part := range parts {
		if !strings.Contains(out, part) {
			h.Errorf("%s %s\n got %s\nwant %s in it", name, in, out, part)
		}
	}
}

func (h *harness) fails(name, in, want string) {
	h.Helper()
	out, err := h.do(name, in)
	var e *api.Error
	if !errors.As(err, &e) || e.Error() != want {
		h.Errorf("%s %s\n got %s %v\nwant %s", name, in, out, err, want)
	}
}

// readCapacity is what names the read capacity of table abc; with adds members.
const readCapacity = `"ServiceNamespace":"dynamodb","ResourceId":"table/abc","ScalableDimension":"dynamodb:table:ReadCapacityUnits"`

func with(members string) string { return "{" + readCapacity + members + "}" }

const tracking = `,"PolicyType":"TargetTrackingScaling","TargetTrackingScalingPolicyConfiguration":{"TargetValue":70,"PredefinedMetricSpecification":{"PredefinedMetricType":"DynamoDBReadCapacityUtilization"}}`

func TestScalableTarget(t *testing.T) {
	h := newEngine(t)
	arn := h.must("RegisterScalableTarget", with(`,"MinCapacity":1,"MaxCapacity":10,"Tags":{"k":"v"}`))
	if again := h.must("RegisterScalableTarget", with(`,"MaxCapacity":20,"SuspendedState":{"DynamicScalingInSuspended":true}`)); again != arn {
		t.Errorf("the ARN changed from %s to %s", arn, again)
	}
	h.has("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb"}`, `"MinCapacity":1,"MaxCapacity":20`, `"DynamicScalingInSuspended":true,"DynamicScalingOutSuspended":false`,
		`arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/0d26`,
		`"RoleARN":"arn:aws:iam::000000000000:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable"`)
	h.has("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb","ResourceIds":["table/xyz"]}`, `{"ScalableTargets":[]}`)
	h.has("DescribeScalableTargets", `{"ServiceNamespace":"ecs"}`, `{"ScalableTargets":[]}`)

	h.must("PutScalingPolicy", with(`,"PolicyName":"p"`+tracking))
	h.must("PutScheduledAction", with(`,"ScheduledActionName":"a","Schedule":"rate(1 day)","ScalableTargetAction":{"MinCapacity":2}`))
	h.must("DeregisterScalableTarget", with(""))
	h.has("DescribeScalingPolicies", `{"ServiceNamespace":"dynamodb"}`, `{"ScalingPolicies":[]}`)
	h.has("DescribeScheduledActions", `{"ServiceNamespace":"dynamodb"}`, `{"ScheduledActions":[]}`)
	h.fails("DeregisterScalableTarget", with(""), "ObjectNotFoundException: No scalable target found for service namespace: dynamodb, resource ID: table/abc, scalable dimension: dynamodb:table:ReadCapacityUnits")
}

func TestRegisterRefused(t *testing.T) {
	h := newEngine(t)
	const unsupported = "ValidationException: Unsupported service namespace, resource type or scalable dimension"
	at := func(resource, dimension string) string {
		return `{"ServiceNamespace":"dynamodb","ResourceId":"` + resource + `","ScalableDimension":"dynamodb:` + dimension + `","MinCapacity":1,"MaxCapacity":2}`
	}
	for _, c := range []struct{ in, want string }{
		{at("abc", "table:ReadCapacityUnits"), unsupported},
		{at("table/", "table:ReadCapacityUnits"), unsupported},
		{at("table/abc/index/i", "table:ReadCapacityUnits"), unsupported},
		{at("table/abc", "index:ReadCapacityUnits"), unsupported},
		{at("table/abc/index/", "index:ReadCapacityUnits"), unsupported},
		{at("table/abc/more", "table:ReadCapacityUnits"), unsupported},
		{`{"ServiceNamespace":"ecs","ResourceId":"service/a/b","ScalableDimension":"ecs:service:DesiredCount"}`, unsupported},
		{at("table/none", "table:ReadCapacityUnits"), "ValidationException: DynamoDB table does not exist: table/none"},
		{at("table/abc/index/none", "index:WriteCapacityUnits"), "ValidationException: DynamoDB index does not exist: table/abc/index/none"},
		{with(`,"MinCapacity":3,"MaxCapacity":2`), "ValidationException: Maximum capacity cannot be less than minimum capacity"},
		{with(`,"MinCapacity":3,"MaxCapacity":5,"RoleARN":"x"`), "ValidationException: 'x' is not a valid ARN"},
		{`{"ServiceNamespace":"x"}`, "ValidationException: 3 validation errors detected: Value 'x' at 'serviceNamespace' failed to satisfy constraint: Member must satisfy enum value set: " +
			"[ecs, elasticmapreduce, ec2, appstream, dynamodb, rds, sagemaker, custom-resource, comprehend, lambda, cassandra, kafka, elasticache, neptune, workspaces]; " +
			"Value null at 'resourceId' failed to satisfy constraint: Member must not be null; Value null at 'scalableDimension' failed to satisfy constraint: Member must not be null"},
	} {
		h.fails("RegisterScalableTarget", c.in, c.want)
	}
	h.has("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb"}`, `{"ScalableTargets":[]}`)
}

func TestScalingPolicy(t *testing.T) {
	h := newEngine(t)
	const missing = "No scalable target registered for service namespace: dynamodb, resource ID: table/abc, scalable dimension: dynamodb:table:ReadCapacityUnits"
	h.fails("PutScalingPolicy", with(`,"PolicyName":"p"`+tracking), "ObjectNotFoundException: "+missing)
	h.must("RegisterScalableTarget", with(`,"MinCapacity":1,"MaxCapacity":10`))
	h.has("PutScalingPolicy", with(`,"PolicyName":"p"`+tracking), ":resource/dynamodb/table/abc:policyName/p",
		"TargetTracking-table/abc-AlarmHigh-", "TargetTracking-table/abc-AlarmLow-", "TargetTracking-table/abc-ProvisionedCapacityHigh-", "TargetTracking-table/abc-ProvisionedCapacityLow-",
		`"AlarmARN":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:TargetTracking-table/abc-AlarmHigh-`)
	h.has("DescribeScalingPolicies", `{"ServiceNamespace":"dynamodb","PolicyNames":["p"]}`, `"TargetValue":70.0`, `"PolicyType":"TargetTrackingScaling"`)
	h.fails("PutScalingPolicy", with(`,"PolicyName":"q"`+tracking), "ValidationException: Only one TargetTrackingScaling policy for a given metric specification is allowed.")
	for value, want := range map[string]string{
		"90.1": "For predefined metric type DynamoDBReadCapacityUtilization, target value must be between '10.0' and '90.0', but was '90.1'.",
		"0":    "For target tracking scaling, target value must be between '8.51592E-109' and '1.174271E108', but was '0.0'.",
	} {
		h.fails("PutScalingPolicy", with(`,"PolicyName":"p"`+strings.Replace(tracking, "70", value, 1)), "ValidationException: "+want)
	}
	h.must("PutScalingPolicy", with(`,"PolicyName":"p"`+strings.Replace(tracking, "70", "50", 1)))
	h.has("DescribeScalingPolicies", `{"ServiceNamespace":"dynamodb"}`, `"TargetValue":50.0`)
	h.must("DeleteScalingPolicy", with(`,"PolicyName":"p"`))
	h.fails("DeleteScalingPolicy", with(`,"PolicyName":"p"`), "ObjectNotFoundException: No scaling policy found for service namespace: dynamodb, resource ID: table/abc, scalable dimension: dynamodb:table:ReadCapacityUnits, policy name: p")
}

func TestScheduledAction(t *testing.T) {
	h := newEngine(t)
	h.must("RegisterScalableTarget", with(`,"MinCapacity":1,"MaxCapacity":10`))
	put := func(schedule string) string {
		return with(`,"ScheduledActionName":"a","Schedule":"` + schedule + `","ScalableTargetAction":{"MinCapacity":2,"MaxCapacity":3}`)
	}
	for _, good := range []string{"at(2030-01-02T03:04:05)", "rate(5 minutes)", "cron(0 10 * * ? *)"} {
		h.must("PutScheduledAction", put(good))
		h.has("DescribeScheduledActions", `{"ServiceNamespace":"dynamodb"}`, `"Schedule":"`+good+`"`, ":scheduledAction:", ":scheduledActionName/a", `{"MinCapacity":2,"MaxCapacity":3}`)
	}
	for _, bad := range []string{"at(2030-13-02T03:04:05)", "rate(0 minutes)", "cron(* *)", "tomorrow"} {
		h.fails("PutScheduledAction", put(bad), `ValidationException: Schedule expression must have the following syntax: rate(<number>\s?(minutes?|hours?|days?)), cron(<cron_expression>) or at(yyyy-MM-dd'T'HH:mm:ss).`)
	}
	for _, name := range []string{" a", "a ", "a:b", "a/b", "a|b"} {
		h.fails("PutScheduledAction", with(`,"ScheduledActionName":"`+name+`"`), "ValidationException: 1 validation error detected: Value '"+name+
			"' at 'scheduledActionName' failed to satisfy constraint: Member must satisfy regular expression pattern: "+actionNamePattern)
	}
	// The bounds stay where an update does not name them; start and end do not.
	h.must("PutScheduledAction", with(`,"ScheduledActionName":"a","Timezone":"Europe/Vienna","StartTime":4000000000,"EndTime":4000000100`))
	h.has("DescribeScheduledActions", `{"ServiceNamespace":"dynamodb"}`, `"Timezone":"Europe/Vienna"`, `"StartTime":4000000000`, `{"MinCapacity":2,"MaxCapacity":3}`)
	h.must("PutScheduledAction", with(`,"ScheduledActionName":"a"`))
	if out := h.must("DescribeScheduledActions", `{"ServiceNamespace":"dynamodb"}`); strings.Contains(out, "StartTime") {
		t.Errorf("old times stayed: %s", out)
	}
	h.must("DeleteScheduledAction", with(`,"ScheduledActionName":"a"`))
	h.fails("DeleteScheduledAction", with(`,"ScheduledActionName":"a"`), "ObjectNotFoundException: No scheduled action found for service namespace: dynamodb, resource ID: table/abc, scalable dimension: dynamodb:table:ReadCapacityUnits, scheduled action name: a")
}

func TestPages(t *testing.T) {
	h := newEngine(t)
	for i := range 5 {
		h.must("RegisterScalableTarget", fmt.Sprintf(`{"ServiceNamespace":"dynamodb","ResourceId":"table/t%d","ScalableDimension":"dynamodb:table:WriteCapacityUnits","MinCapacity":1,"MaxCapacity":2}`, i))
	}
	seen, token := 0, ""
	for range 3 {
		out := h.must("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb","MaxResults":2`+token+`}`)
		seen += strings.Count(out, `"ResourceId"`)
		_, next, more := strings.Cut(out, `"NextToken":"`)
		if !more {
			break
		}
		token = `,"NextToken":"` + strings.TrimSuffix(next, `"}`) + `"`
	}
	if seen != 5 {
		t.Errorf("%d targets on the pages, want 5", seen)
	}
	h.fails("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb","NextToken":"?"}`, "InvalidNextTokenException: The specified next token is invalid")
	h.fails("DescribeScalableTargets", `{"ServiceNamespace":"dynamodb","MaxResults":-1}`, "ValidationException: MaxResults cannot be less than 0")
}

func TestTags(t *testing.T) {
	h := newEngine(t)
	out := h.must("RegisterScalableTarget", with(`,"MinCapacity":1,"MaxCapacity":10,"Tags":{"b":"1","a":"2"}`))
	arn := strings.TrimSuffix(strings.TrimPrefix(out, `{"ScalableTargetARN":"`), `"}`)
	list := `{"ResourceARN":"` + arn + `"}`
	h.has("ListTagsForResource", list, `{"Tags":{"a":"2","b":"1"}}`)
	h.must("TagResource", `{"ResourceARN":"`+arn+`","Tags":{"c":"3","a":"4"}}`)
	h.must("UntagResource", `{"ResourceARN":"`+arn+`","TagKeys":["b"]}`)
	h.has("ListTagsForResource", list, `{"Tags":{"a":"4","c":"3"}}`)
	h.caller.Region = "eu-west-1"
	h.fails("ListTagsForResource", list, "ResourceNotFoundException: Scalable Target not found")
}
