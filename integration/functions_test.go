package integration

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// handlers are the functions of the directory function, by the name of what they
// are written in: what CreateFunction gets, but for the name.
var handlers = map[string]func(t testing.TB) *lambda.CreateFunctionInput{"go": goHandler, "node": nodeHandler}

var goPackage = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "levee-handler-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(dir, "bootstrap"), "./function/handler")
	cmd.Env, cmd.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return pack(dir)
})

func goHandler(t testing.TB) *lambda.CreateFunctionInput {
	t.Helper()
	code := try(goPackage()).must(t)
	return &lambda.CreateFunctionInput{Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Code: &types.FunctionCode{ZipFile: code}}
}

// nodeHandler needs node, and npm for the SDK that the service's runtime has.
func nodeHandler(t testing.TB) *lambda.CreateFunctionInput {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		missing(t, "no node: functions in JavaScript do not run")
		t.SkipNow()
	}
	return &lambda.CreateFunctionInput{Runtime: types.RuntimeNodejs22x, Handler: aws.String("index.handler"), Code: &types.FunctionCode{ZipFile: try(nodePackage()).must(t)}}
}

var nodePackage = sync.OnceValues(func() ([]byte, error) {
	const dir = "function/node"
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm ci: %v\n%s", err, out)
		}
	}
	return pack(dir)
})

// pack makes a zip of a directory.
func pack(dir string) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		h, err := zip.FileInfoHeader(info)
		if err != nil {
			return err
		}
		h.Name, h.Method = filepath.ToSlash(name), zip.Deflate
		to, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil {
			_, err = to.Write(text)
		}
		return err
	})
	if err == nil {
		err = w.Close()
	}
	return b.Bytes(), err
}

func keyedByID(in *dynamodb.CreateTableInput) {
	in.AttributeDefinitions[0].AttributeName, in.KeySchema[0].AttributeName = aws.String("id"), aws.String("id")
}

// createFunction creates a function that counts in a table, and the table.
func (c *client) createFunction(t testing.TB, in *lambda.CreateFunctionInput) *lambda.CreateFunctionOutput {
	t.Helper()
	c.createTable(t, "counts", hashOnly, keyedByID)
	in.FunctionName, in.Role = aws.String("counter"), aws.String("arn:aws:iam::111122223333:role/any")
	in.Environment = &types.Environment{Variables: map[string]string{"TABLE": "counts"}}
	in.Timeout, in.MemorySize = aws.Int32(30), aws.Int32(512)
	return try(c.lambda.CreateFunction(ctx(t), in)).must(t)
}

// counts returns the table that the function counts in.
func (c *client) counts(t testing.TB) map[string]string {
	t.Helper()
	out := try(c.db.Scan(ctx(t), &dynamodb.ScanInput{TableName: aws.String("counts")})).must(t)
	got := map[string]string{}
	for _, i := range out.Items {
		got[i["id"].(*ddb.AttributeValueMemberS).Value] = i["n"].(*ddb.AttributeValueMemberN).Value
	}
	return got
}

// onHandlers runs a test with each function on a server of its own, on disk.
func onHandlers(t *testing.T, test func(t *testing.T, c *client)) {
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			in := handler(t)
			c := newClient(startServer(t, "--functions", "--data", t.TempDir()), newAccount(), "eu-west-1")
			c.createFunction(t, in)
			test(t, c)
		})
	}
}

func TestInvokeHandler(t *testing.T) {
	onHandlers(t, func(t *testing.T, c *client) {
		out := try(c.lambda.Invoke(ctx(t), &lambda.InvokeInput{FunctionName: aws.String("counter"), Payload: []byte(`{}`), LogType: types.LogTypeTail})).must(t)
		var got map[string]string
		if err := json.Unmarshal(out.Payload, &got); err != nil || out.FunctionError != nil {
			t.Fatalf("%s, %v", out.Payload, err)
		}
		want(t, "function", got["function"], "counter")
		want(t, "ARN", got["arn"], "arn:aws:lambda:eu-west-1:"+c.account+":function:counter")
		log, _ := base64.StdEncoding.DecodeString(*out.LogResult)
		if !strings.Contains(string(log), "START RequestId: "+got["request"]) || !strings.Contains(string(log), "asked directly") {
			t.Errorf("log: %s", log)
		}
		group := aws.String("/aws/lambda/counter")
		events := try(c.logs.FilterLogEvents(ctx(t), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: group})).must(t).Events
		text := ""
		for _, e := range events {
			text += *e.Message
		}
		want(t, "what is logged", text[max(0, len(text)-len(log)):], string(log))
		stream := try(c.logs.GetLogEvents(ctx(t), &cloudwatchlogs.GetLogEventsInput{LogGroupName: group, LogStreamName: events[0].LogStreamName})).must(t)
		want(t, "events of the stream", len(stream.Events), len(events))
		out = try(c.lambda.Invoke(ctx(t), &lambda.InvokeInput{FunctionName: aws.String("counter"), Payload: []byte(`{"Fail":"as asked"}`)})).must(t)
		want(t, "error", aws.ToString(out.FunctionError), "Unhandled")
		if !strings.Contains(string(out.Payload), `"errorMessage":"as asked"`) {
			t.Errorf("payload: %s", out.Payload)
		}
		_, err := c.lambda.Invoke(ctx(t), &lambda.InvokeInput{FunctionName: aws.String("none")})
		wantError[*types.ResourceNotFoundException](t, err, "Function not found: arn:aws:lambda:eu-west-1:"+c.account+":function:none:$LATEST")
	})
}

// Each message counts once, also the one that is reported as failed and comes
// again.
func TestHandlerOfQueues(t *testing.T) {
	onHandlers(t, func(t *testing.T, c *client) {
		for _, name := range []string{"standard", "ordered.fifo"} {
			attributes := map[string]string{"VisibilityTimeout": "30"}
			if strings.HasSuffix(name, ".fifo") {
				attributes["FifoQueue"] = "true"
			}
			queue := try(c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})).must(t)
			arn := "arn:aws:sqs:eu-west-1:" + c.account + ":" + name
			m := try(c.lambda.CreateEventSourceMapping(ctx(t), &lambda.CreateEventSourceMappingInput{
				FunctionName: aws.String("counter"), EventSourceArn: aws.String(arn), FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
			})).must(t)
			want(t, "state", aws.ToString(m.State), "Creating")
			for i := range 20 {
				in := &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String(fmt.Sprint(name, " ", i))}
				if attributes["FifoQueue"] != "" {
					in.MessageGroupId, in.MessageDeduplicationId = aws.String(fmt.Sprint(i%3)), aws.String(fmt.Sprint(i))
				}
				try(c.sqs.SendMessage(ctx(t), in)).must(t)
			}
			eventually(t, "all messages of "+name+" are counted", func() bool {
				counts := c.counts(t)
				for i := range 20 {
					if counts[fmt.Sprint(name, " ", i)] != "1" {
						return false
					}
				}
				return true
			})
		}
		// The message that fails once is back soon: its queue has a short timeout.
		try(c.lambda.UpdateFunctionConfiguration(ctx(t), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("counter"), Timeout: aws.Int32(2)})).must(t)
		queue := try(c.sqs.CreateQueue(ctx(t), &sqs.CreateQueueInput{QueueName: aws.String("short"), Attributes: map[string]string{"VisibilityTimeout": "2"}})).must(t)
		try(c.lambda.CreateEventSourceMapping(ctx(t), &lambda.CreateEventSourceMappingInput{
			FunctionName: aws.String("counter"), EventSourceArn: aws.String("arn:aws:sqs:eu-west-1:" + c.account + ":short"),
			FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		})).must(t)
		try(c.sqs.SendMessage(ctx(t), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String("fail once")})).must(t)
		eventually(t, "the message that failed is counted", func() bool { return c.counts(t)["fail once"] == "1" })
	})
}

// Each change of a table counts once; a mapping goes on where it was after the
// server was killed.
func TestHandlerOfStream(t *testing.T) {
	onHandlers(t, func(t *testing.T, c *client) {
		c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
		m := try(c.lambda.CreateEventSourceMapping(ctx(t), &lambda.CreateEventSourceMappingInput{
			FunctionName: aws.String("counter"), EventSourceArn: c.describe(t, "source").LatestStreamArn,
			StartingPosition: types.EventSourcePositionTrimHorizon, ParallelizationFactor: aws.Int32(2),
		})).must(t)
		put := func(id string) {
			t.Helper()
			try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: id}}})).must(t)
		}
		counted := func(from, to int) func() bool {
			return func() bool {
				counts := c.counts(t)
				for i := from; i < to; i++ {
					if counts[fmt.Sprint("INSERT ", i)] == "" {
						return false
					}
				}
				return true
			}
		}
		for i := range 30 {
			put(fmt.Sprint(i))
		}
		eventually(t, "all records are counted", counted(0, 30))
		want(t, "state", aws.ToString(try(c.lambda.GetEventSourceMapping(ctx(t), &lambda.GetEventSourceMappingInput{UUID: m.UUID})).must(t).State), "Enabled")
		for id, n := range c.counts(t) {
			if n != "1" {
				t.Errorf("%s was counted %s times", id, n)
			}
		}
		c.server.restart(t, os.Kill)
		for i := 30; i < 60; i++ {
			put(fmt.Sprint(i))
		}
		eventually(t, "all records after a restart are counted", counted(30, 60))
	})
}

// Without --functions there are none, and with it only where nobody else gets at
// them.
func TestFunctionsNeedPermission(t *testing.T) {
	c := newClient(sharedServer(t, "memory"), newAccount(), "us-east-1")
	_, err := c.lambda.CreateFunction(ctx(t), &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: aws.String("arn:aws:iam::111122223333:role/any"), PackageType: types.PackageTypeImage,
		Code: &types.FunctionCode{ImageUri: aws.String("exec:/bin/true")},
	})
	wantCode(t, err, "AccessDeniedException", "This server does not run functions, except for Go funcs, unless its operator allows it: levee serve --functions")
	out, err := exec.Command(levee, "serve", "--memory", "--functions", "--addr", "0.0.0.0:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--auth") {
		t.Errorf("%v: %s", err, out)
	}
}
