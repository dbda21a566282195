package wire

import (
	"github.com/levee-io/levee/internal/api/autoscalingapi"
	"github.com/levee-io/levee/internal/api/cloudwatchapi"
	"github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/api/lambdaapi"
	"github.com/levee-io/levee/internal/api/leveeapi"
	"github.com/levee-io/levee/internal/api/logsapi"
	"github.com/levee-io/levee/internal/api/pipesapi"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/api/streamsapi"
)

// MaxBody is the largest request body, in bytes, that any service takes, except
// for the code of functions.
const MaxBody = 16 << 20

// maxCode is the largest request that brings the code of a function.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxCode = 70_167_211

// service is what tells the services apart on the wire.
type service struct {
	scope     string // the service's name in the scope of a signature
	namespace string // of the errors of its model
	errors    map[string]errorRule
	crc32     bool // responses carry x-amz-crc32
	query     bool // errors carry x-amzn-query-error
	newID     func() string
	// maxBody is the largest request body in bytes.
	maxBody int
	// generated says that a request is checked against all constraints of the
	// model, and refused with the words that belong to them. Without it only the
	// members that are required are looked at.
	generated bool
	// rest says that it speaks REST JSON: rest.go.
	rest bool
	// xmlns is that of its answers in the query protocol, if it speaks that.
	xmlns string
	// times are the members of its answers that are timestamps, if it speaks CBOR:
	// cbor.go.
	times map[string]bool
}

var (
	dynamodb = &service{
		scope: "dynamodb", namespace: "com.amazonaws.dynamodb.v20120810#", errors: dynamodbErrors,
		crc32: true, newID: coralID, maxBody: MaxBody, generated: true,
	}
	// The largest batch is 1 MiB of text; as JSON, a character may take three
	// times its UTF-8 length.
	sqs = &service{
		scope: "sqs", namespace: "com.amazonaws.sqs#", errors: sqsErrors,
		query: true, newID: uuid, maxBody: 4 << 20, xmlns: "http://queue.amazonaws.com/doc/2012-11-05/",
	}
	// Levee's own operations. They are signed as those of DynamoDB are, so that its
	// clients can send them, and any endpoint can say that it does not know them.
	levee = &service{
		scope: "dynamodb", namespace: "io.levee#", crc32: true, newID: coralID, maxBody: MaxBody, generated: true,
	}
	// Its errors stand without a namespace.
	autoscaling = &service{
		scope: "application-autoscaling", errors: autoscalingErrors,
		newID: uuid, maxBody: MaxBody, generated: true,
	}
	monitoring = &service{
		scope: "monitoring", namespace: "com.amazonaws.cloudwatch.v2010_08_01#", errors: cloudwatchErrors,
		query: true, newID: uuid, maxBody: 1 << 20, generated: true,
		xmlns: "http://monitoring.amazonaws.com/doc/2010-08-01/", times: map[string]bool{"Timestamp": true, "Timestamps": true},
	}
	// Its errors stand without a namespace.
	logs   = &service{scope: "logs", errors: logsErrors, newID: uuid, maxBody: 1 << 20, generated: true}
	lambda = &service{
		scope: "lambda", errors: lambdaErrors, newID: uuid, maxBody: maxCode, generated: true, rest: true,
	}
	pipes = &service{
		scope: "pipes", errors: pipesErrors, newID: uuid, maxBody: 1 << 20, generated: true, rest: true,
	}
)

// services are known by the prefix of their targets.
var services = map[string]*service{
	dynamodbapi.Target:    dynamodb,
	streamsapi.Target:     dynamodb, // one service, and one namespace of errors, behind two prefixes
	sqsapi.Target:         sqs,
	autoscalingapi.Target: autoscaling,
	lambdaapi.Target:      lambda,
	pipesapi.Target:       pipes,
	leveeapi.Target:       levee,
	cloudwatchapi.Target:  monitoring,
	logsapi.Target:        logs,
}

// bodyLimit returns the largest body that a request to a target, or to a path if
// it has none, may have.
func bodyLimit(target, path string) int {
	if target == "" && isRESTPath(path) {
		return restService(path).maxBody
	}
	if len(target) > len(sqsapi.Target) && target[:len(sqsapi.Target)] == sqsapi.Target {
		return sqs.maxBody
	}
	return MaxBody
}
