package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

const taggedARN = `"ResourceArn":"arn:aws:dynamodb:us-east-1:000000000000:table/tagged"`

func TestTags(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("tagged", onDemand+`,"Tags":[{"Key":"a","Value":"1"},{"Key":"b","Value":""}]`))
	h.expect("TagResource", `{`+taggedARN+`,"Tags":[{"Key":"b","Value":"2"},{"Key":"ключ","Value":"a+b-c=d.e_f:g/h@i"}]}`, ``)
	if got := h.Tags("arn:aws:dynamodb:us-east-1:000000000000:table/tagged/index/any"); len(got) != 3 || got["b"] != "2" {
		t.Errorf("tags by the ARN of an index: %v", got)
	}
	if got := h.Tags("arn:aws:dynamodb:us-east-1:000000000000:table/other"); got != nil {
		t.Errorf("tags of no table: %v", got)
	}
	h.expect("UntagResource", `{`+taggedARN+`,"TagKeys":["a","absent"]}`, ``)
	h.restart()
	h.expect("ListTagsOfResource", `{`+taggedARN+`}`, `{"Tags":[{"Key":"b","Value":"2"},{"Key":"ключ","Value":"a+b-c=d.e_f:g/h@i"}]}`)
}

func TestTagsAreChecked(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("tagged", onDemand))
	tags := func(list string) string { return `{` + taggedARN + `,"Tags":[` + list + `]}` }
	var many []string
	for i := range 51 {
		many = append(many, fmt.Sprintf(`{"Key":"k%d","Value":""}`, i))
	}
	for _, c := range []struct{ in, want string }{
		{``, "Atleast one Tag needs to be provided as Input."},
		{`{"Key":"good","Value":""},{"Key":"aws:x","Value":""}`, "Tag Key cannot be prefixed with aws:, Key: aws:x"},
		{`{"Key":"#","Value":""}`, "The Tag Key provided is invalid, Key: #"},
		{`{"Key":"good","Value":"100%"}`, "The Tag Value provided is invalid, Value: 100%"},
		{`{"Key":"dup","Value":"1"},{"Key":"dup","Value":"2"}`, "Duplicate Tag Keys provided as input: Duplicate Tag Key found dup"},
		{strings.Join(many, ","), "Number of Tags exceed the current limit for the provided ResourceArn"},
	} {
		h.refused("TagResource", tags(c.in), c.want)
	}
	h.refused("UntagResource", `{`+taggedARN+`,"TagKeys":[]}`, "Atleast one Tag Key needs to be provided as Input.")
	h.expect("ListTagsOfResource", `{`+taggedARN+`}`, `{"Tags":[]}`)
	for _, c := range []struct{ arn, want string }{
		{"tagged", "ValidationException: " + bad + "ARNs must start with 'arn:': tagged"},
		{"arn:aws:s3:us-east-1:000000000000:bucket", "ValidationException: " + bad + "Provided Arn is not a DynamoDB resource arn: arn:aws:s3:us-east-1:000000000000:bucket"},
		{"arn:aws:dynamodb:us-east-1:000000000000:table/tagged/index/x", "ValidationException: " + bad + "Invalid resource arn provided, only table or stream is accepted. Provided resource arn: arn:aws:dynamodb:us-east-1:000000000000:table/tagged/index/x"},
		{"arn:aws:dynamodb:us-east-1:000000000000:table/absent", "ResourceNotFoundException: Requested resource not found: ResourceArn: arn:aws:dynamodb:us-east-1:000000000000:table/absent not found"},
	} {
		h.fails("ListTagsOfResource", fmt.Sprintf(`{"ResourceArn":%q}`, c.arn), c.want)
	}
}

func TestLimitsAndEndpoints(t *testing.T) {
	h := newEngine(t)
	h.caller.BaseURL = "http://127.0.0.1:8000"
	h.expect("DescribeLimits", `{}`, `{"AccountMaxReadCapacityUnits":80000,"AccountMaxWriteCapacityUnits":80000,"TableMaxReadCapacityUnits":40000,"TableMaxWriteCapacityUnits":40000}`)
	h.expect("DescribeEndpoints", `{}`, `{"Endpoints":[{"Address":"127.0.0.1:8000","CachePeriodInMinutes":1440}]}`)
}
