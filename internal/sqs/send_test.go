package sqs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/sqsapi"
)

func text(value string) model.MessageAttributeValue {
	return model.MessageAttributeValue{DataType: api.Some("String"), StringValue: api.Some(value)}
}

func attributes(list ...any) api.Map[model.MessageAttributeValue] {
	var m api.Map[model.MessageAttributeValue]
	for i := 0; i < len(list); i += 2 {
		m = append(m, api.Entry[model.MessageAttributeValue]{Key: list[i].(string), Value: list[i+1].(model.MessageAttributeValue)})
	}
	return m
}

// The sums are answers of the service, as public clients have recorded them.
func TestAttributesMD5(t *testing.T) {
	for _, c := range []struct {
		attributes api.Map[model.MessageAttributeValue]
		want       string
	}{
		{nil, ""},
		{attributes("Hello", text("There")), "a311262e065454b75da111d535b8dacd"},
		{attributes("General", text("Kenobi"), "Hello", text("There")), "fca026605781cb4126a1e9044df24232"},
		{attributes("Help.Me", text("Me"), "Hello", text("There")), "83fee93c1bcd8b9a5a923ffacdc636c7"},
		{attributes("Hello", text("There"), "Help.Me", text("Me"), "General", text("Kenobi")), "4c360f3fdafd970e05fae2f149d997f5"},
		{attributes("attr1", model.MessageAttributeValue{
			DataType:    api.Some("Binary"),
			BinaryValue: api.Some([]byte("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01")),
		}), "8cbe4db156db8a94db8b801b7addb984"},
	} {
		if got := attributesMD5(sortedAttributes(c.attributes)); got != c.want {
			t.Errorf("%v: %s, want %s", c.attributes, got, c.want)
		}
	}
}

func TestSendChecks(t *testing.T) {
	r := newRig(t)
	standard, fifo := r.create("q", "MaximumMessageSize", "1024"), r.create("q.fifo", "FifoQueue", "true")
	long := strings.Repeat("x", 129)
	number := func(v string) model.MessageAttributeValue {
		return model.MessageAttributeValue{DataType: api.Some("Number"), StringValue: api.Some(v)}
	}
	invalidBody := func(character string) string {
		return "Invalid binary character '#x" + character + "' was found in the message body, the set of allowed characters is " +
			"#x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]."
	}
	eleven := attributes()
	for i := range 11 {
		eleven = append(eleven, attributes(fmt.Sprint("a", i), text("x"))...)
	}
	for _, c := range []struct {
		name, url, code, message string
		edit                     func(*model.SendMessageRequest)
	}{
		{"empty body", standard, "MissingParameter", "The request must contain the parameter MessageBody.",
			func(in *model.SendMessageRequest) { in.MessageBody.V = "" }},
		{"control character", standard, "InvalidMessageContents", invalidBody("1"),
			func(in *model.SendMessageRequest) { in.MessageBody.V = "a\x01b" }},
		{"noncharacter", standard, "InvalidMessageContents", invalidBody("FFFF"),
			func(in *model.SendMessageRequest) { in.MessageBody.V = "\uffff" }},
		{"tab, line feed, return, plane 16", standard, "", "",
			func(in *model.SendMessageRequest) { in.MessageBody.V = "\t\n\r \U0010ffff" }},
		{"largest", standard, "", "",
			func(in *model.SendMessageRequest) { in.MessageBody.V = strings.Repeat("x", 1024) }},
		{"too large", standard, "InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
			func(in *model.SendMessageRequest) { in.MessageBody.V = strings.Repeat("x", 1025) }},
		{"largest with attributes", standard, "", "",
			func(in *model.SendMessageRequest) {
				in.MessageBody.V, in.MessageAttributes = strings.Repeat("x", 1024-9), attributes("n", text("vv"))
			}},
		{"too large with attributes", standard, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) {
				in.MessageBody.V, in.MessageAttributes = strings.Repeat("x", 1024-8), attributes("n", text("vv"))
			}},
		{"delay", standard, "InvalidParameterValue", "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
			func(in *model.SendMessageRequest) { in.DelaySeconds = api.Some[int64](901) }},
		{"delay on FIFO", fifo, "InvalidParameterValue", "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
			func(in *model.SendMessageRequest) { in.DelaySeconds = api.Some[int64](2) }},
		{"no delay on FIFO", fifo, "", "",
			func(in *model.SendMessageRequest) { in.DelaySeconds = api.Some[int64](0) }},
		{"no group on FIFO", fifo, "MissingParameter", "The request must contain the parameter MessageGroupId.",
			func(in *model.SendMessageRequest) { in.MessageGroupId = api.Opt[string]{} }},
		{"no deduplication on FIFO", fifo, "InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
			func(in *model.SendMessageRequest) { in.MessageDeduplicationId = api.Opt[string]{} }},
		{"deduplication on standard", standard, "InvalidParameterValue", "Value d for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid for this queue type.",
			func(in *model.SendMessageRequest) { in.MessageDeduplicationId = api.Some("d") }},
		{"group on standard", standard, "", "",
			func(in *model.SendMessageRequest) { in.MessageGroupId = api.Some("g") }},
		{"long group", fifo, "InvalidParameterValue", "Value " + long + " for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
			func(in *model.SendMessageRequest) { in.MessageGroupId = api.Some(long) }},
		{"group with a space", fifo, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) { in.MessageGroupId = api.Some("a b") }},
		{"empty deduplication id", fifo, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) { in.MessageDeduplicationId = api.Some("") }},
		{"eleven attributes", standard, "InvalidParameterValue", "Number of message attributes [11] exceeds the allowed maximum [10].",
			func(in *model.SendMessageRequest) { in.MessageAttributes = eleven }},
		{"ten attributes", standard, "", "",
			func(in *model.SendMessageRequest) { in.MessageAttributes = eleven[:10] }},
		{"letters of other scripts", standard, "", "",
			func(in *model.SendMessageRequest) { in.MessageAttributes = attributes("attr.1øßä", text("Valida")) }},
		{"empty attribute", standard, "InvalidParameterValue", "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
			func(in *model.SendMessageRequest) { in.MessageAttributes = attributes("a", text("")) }},
		{"attribute type", standard, "InvalidParameterValue", "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
			func(in *model.SendMessageRequest) {
				in.MessageAttributes = attributes("a", model.MessageAttributeValue{DataType: api.Some("Bool"), StringValue: api.Some("x")})
			}},
		{"custom type", standard, "", "",
			func(in *model.SendMessageRequest) {
				in.MessageAttributes = attributes("a", model.MessageAttributeValue{DataType: api.Some("Number.int"), StringValue: api.Some("-1.5e3")})
			}},
		{"not a number", standard, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) { in.MessageAttributes = attributes("a", number("0x1")) }},
		{"reserved name", standard, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) { in.MessageAttributes = attributes("AWS.a", text("x")) }},
		{"two dots", standard, "InvalidParameterValue", "",
			func(in *model.SendMessageRequest) { in.MessageAttributes = attributes("a..b", text("x")) }},
		{"system attribute", standard, "InvalidParameterValue", "Message system attribute name 'Other' is invalid.",
			func(in *model.SendMessageRequest) {
				in.MessageSystemAttributes = api.Map[model.MessageSystemAttributeValue]{{Key: "Other"}}
			}},
		{"no such queue", "http://h/111122223333/none", "QueueDoesNotExist", "The specified queue does not exist.",
			func(*model.SendMessageRequest) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := sendRequest(c.url, "body", "")
			if c.url == fifo {
				in.MessageGroupId, in.MessageDeduplicationId = api.Some("g"), api.Some(c.name)
				in.MessageDeduplicationId.V = strings.ReplaceAll(c.name, " ", "-")
			}
			c.edit(in)
			_, err := r.SendMessage(context.Background(), caller, in)
			if c.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, c.code, c.message)
		})
	}
}

func batchOf(url string, bodies ...string) *model.SendMessageBatchRequest {
	in := &model.SendMessageBatchRequest{QueueUrl: api.Some(url)}
	for i, b := range bodies {
		in.Entries = append(in.Entries, model.SendMessageBatchRequestEntry{Id: api.Some(fmt.Sprint("e", i)), MessageBody: api.Some(b)})
	}
	return in
}

func TestSendBatchChecks(t *testing.T) {
	r := newRig(t)
	url, fifo := r.create("q"), r.create("q.fifo", "FifoQueue", "true")
	send := func(in *model.SendMessageBatchRequest) error {
		_, err := r.SendMessageBatch(context.Background(), caller, in)
		return err
	}
	wantError(t, send(batchOf(url)), "EmptyBatchRequest", "There should be at least one SendMessageBatchRequestEntry in the request.")
	wantError(t, send(batchOf(url, make([]string, 11)...)), "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent 11.")
	repeated := batchOf(url, "a", "b")
	repeated.Entries[1].Id.V = "e0"
	wantError(t, send(repeated), "BatchEntryIdsNotDistinct", "Id e0 repeated.")
	for _, id := range []string{"", "a:b", strings.Repeat("x", 81)} {
		in := batchOf(url, "a")
		in.Entries[0].Id.V = id
		wantError(t, send(in), "InvalidBatchEntryId",
			"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
	}
	half := strings.Repeat("x", 1<<19)
	wantError(t, send(batchOf(url, half, half, "x")), "BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.")
	r.must(send(batchOf(url, half, half)))
	wantError(t, send(batchOf(fifo, "x")), "InvalidParameterValue", "The request must contain the parameter MessageGroupId.")
	r.wantCounts(url, "2", "0", "0")
}

// TestListValues: attributes with lists, be they empty, are refused by the send,
// and by a batch as a whole.
func TestListValues(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	list := text("x")
	list.StringListValues = []string{}
	one := sendRequest(url, "a", "")
	one.MessageAttributes = attributes("a", list)
	_, err := r.SendMessage(context.Background(), caller, one)
	wantError(t, err, "UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	two := batchOf(url, "a", "b")
	two.Entries[1].MessageAttributes = attributes("a", list)
	_, err = r.SendMessageBatch(context.Background(), caller, two)
	wantError(t, err, "UnsupportedOperation", "Message attribute list values in SendMessageBatch operation are not supported.")
	r.wantCounts(url, "0", "0", "0")
}

func TestSendBatchEntriesFailAlone(t *testing.T) {
	r := newRig(t)
	url := r.create("q")
	out, err := r.SendMessageBatch(context.Background(), caller, batchOf(url, "one", "t\x00wo", "three", ""))
	r.must(err)
	if len(out.Successful) != 2 || out.Successful[0].Id.V != "e0" || out.Successful[1].Id.V != "e2" {
		t.Errorf("successful %+v", out.Successful)
	}
	if len(out.Failed) != 2 || out.Failed[0].Id.V != "e1" || out.Failed[0].Code.V != "InvalidMessageContents" ||
		!out.Failed[0].SenderFault.V || out.Failed[1].Code.V != "MissingParameter" {
		t.Errorf("failed %+v", out.Failed)
	}
	r.wantBodies(r.receive(url, 10), "one three")
}

func TestBatchWithRepeatedDeduplicationID(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	in := batchOf(url, "same", "same", "other")
	for i := range in.Entries {
		in.Entries[i].MessageGroupId = api.Some("g")
	}
	out, err := r.SendMessageBatch(context.Background(), caller, in)
	r.must(err)
	if out.Successful[0].MessageId != out.Successful[1].MessageId || out.Successful[0].SequenceNumber != out.Successful[1].SequenceNumber {
		t.Errorf("the repeated message is another one: %+v", out.Successful)
	}
	r.wantBodies(r.receive(url, 10), "same other")
}

func TestMessageAttributeSelection(t *testing.T) {
	r := newRig(t)
	url := r.create("q", "VisibilityTimeout", "0")
	in := sendRequest(url, "msg", "")
	in.MessageAttributes = attributes("Hello", text("There"), "General", text("Kenobi"), "Help.Me", text("Me"))
	in.MessageSystemAttributes = api.Map[model.MessageSystemAttributeValue]{{
		Key: "AWSTraceHeader", Value: model.MessageSystemAttributeValue{DataType: api.Some("String"), StringValue: api.Some("Root=1-5759e988-bd862e3fe1be46a994272793")},
	}}
	out, err := r.SendMessage(context.Background(), caller, in)
	r.must(err)
	if out.MD5OfMessageAttributes.V != "4c360f3fdafd970e05fae2f149d997f5" || !out.MD5OfMessageSystemAttributes.OK {
		t.Errorf("sums %+v", out)
	}
	for _, c := range []struct {
		names []string
		want  string
		md5   string
	}{
		{nil, "", ""},
		{[]string{"All"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{".*"}, "General Hello Help.Me", "4c360f3fdafd970e05fae2f149d997f5"},
		{[]string{"Hel.*"}, "Hello Help.Me", "83fee93c1bcd8b9a5a923ffacdc636c7"},
		{[]string{"Hello", "None"}, "Hello", "a311262e065454b75da111d535b8dacd"},
		{[]string{"None"}, "", ""},
	} {
		m := r.receive(url, 1, func(in *model.ReceiveMessageRequest) { in.MessageAttributeNames = c.names })[0]
		var got []string
		for _, a := range m.MessageAttributes {
			got = append(got, a.Key)
		}
		if strings.Join(got, " ") != c.want || m.MD5OfMessageAttributes.V != c.md5 {
			t.Errorf("%v: %v with MD5 %q, want %s with %q", c.names, got, m.MD5OfMessageAttributes.V, c.want, c.md5)
		}
		if v, _ := m.Attributes.Get("AWSTraceHeader"); v == "" {
			t.Error("no AWSTraceHeader")
		}
	}
}

func TestSystemAttributes(t *testing.T) {
	r := newRig(t)
	url := r.fifo("q.fifo")
	sent := r.send(url, "x", "g")
	if len(sent.SequenceNumber.V) != 20 {
		t.Errorf("sequence number %q has not 20 digits", sent.SequenceNumber.V)
	}
	m := r.receive(url, 1)[0]
	for name, want := range map[string]string{
		"SenderId": "111122223333", "ApproximateReceiveCount": "1", "MessageGroupId": "g", "SequenceNumber": sent.SequenceNumber.V,
		"MessageDeduplicationId": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", // SHA-256 of x
	} {
		if got, _ := m.Attributes.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	_, err := r.ReceiveMessage(context.Background(), caller, &model.ReceiveMessageRequest{
		QueueUrl: api.Some(url), MessageSystemAttributeNames: []string{"Nonsense"},
	})
	wantError(t, err, "InvalidAttributeName", "Unknown Attribute Nonsense.")
}
