package api_test

import (
	"encoding/xml"
	"reflect"
	"testing"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
)

func form(t *testing.T, text string) api.Form {
	t.Helper()
	f, err := api.ParseForm(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestReadQuery(t *testing.T) {
	value := func(kind, text string) sqsapi.MessageAttributeValue {
		return sqsapi.MessageAttributeValue{DataType: api.Some(kind), StringValue: api.Some(text)}
	}
	for _, tt := range []struct {
		form       string
		into, want api.QueryInput
	}{
		{"QueueUrl=u&MessageBody=b&DelaySeconds=7&MessageGroupId=g&MessageDeduplicationId=d" +
			"&MessageAttribute.2.Name=two&MessageAttribute.2.Value.DataType=Number&MessageAttribute.2.Value.StringValue=2" +
			"&MessageAttribute.1.Name=one&MessageAttribute.1.Value.DataType=Binary&MessageAttribute.1.Value.BinaryValue=AAE%3D" +
			"&MessageSystemAttribute.1.Name=AWSTraceHeader&MessageSystemAttribute.1.Value.DataType=String&MessageSystemAttribute.1.Value.StringValue=t",
			new(sqsapi.SendMessageRequest), &sqsapi.SendMessageRequest{
				QueueUrl: api.Some("u"), MessageBody: api.Some("b"), DelaySeconds: api.Some(int64(7)),
				MessageGroupId: api.Some("g"), MessageDeduplicationId: api.Some("d"),
				MessageAttributes: api.Map[sqsapi.MessageAttributeValue]{
					{Key: "one", Value: sqsapi.MessageAttributeValue{DataType: api.Some("Binary"), BinaryValue: api.Some([]byte{0, 1})}},
					{Key: "two", Value: value("Number", "2")},
				},
				MessageSystemAttributes: api.Map[sqsapi.MessageSystemAttributeValue]{
					{Key: "AWSTraceHeader", Value: sqsapi.MessageSystemAttributeValue(value("String", "t"))},
				},
			}},
		{"QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v&Tag.2.Key=l&Tag.2.Value=",
			new(sqsapi.CreateQueueRequest), &sqsapi.CreateQueueRequest{
				QueueName:  api.Some("q"),
				Attributes: api.Map[string]{{Key: "DelaySeconds", Value: "5"}},
				Tags:       api.Map[string]{{Key: "k", Value: "v"}, {Key: "l", Value: ""}},
			}},
		{"Attribute.Name=DelaySeconds&Attribute.Value=5", new(sqsapi.SetQueueAttributesRequest),
			&sqsapi.SetQueueAttributesRequest{Attributes: api.Map[string]{{Key: "DelaySeconds", Value: "5"}}}},
		{"AttributeName=All", new(sqsapi.GetQueueAttributesRequest), &sqsapi.GetQueueAttributesRequest{AttributeNames: []string{"All"}}},
		{"AttributeName.2=b&AttributeName.1=a&AttributeName.x=c&AttributeName.0=d&AttributeNames.1=e&AttributeName.11=f&MaxNumberOfMessages=3",
			new(sqsapi.ReceiveMessageRequest), &sqsapi.ReceiveMessageRequest{
				AttributeNames: []string{"a", "b", "f"}, MaxNumberOfMessages: api.Some(int64(3)),
			}},
		{"MessageAttributeName.1=.*&MessageSystemAttributeName.1=All", new(sqsapi.ReceiveMessageRequest), &sqsapi.ReceiveMessageRequest{
			MessageAttributeNames: []string{".*"}, MessageSystemAttributeNames: []string{"All"},
		}},
		{"Label=l&AWSAccountId.1=1&ActionName.1=A&ActionName.2=B", new(sqsapi.AddPermissionRequest), &sqsapi.AddPermissionRequest{
			Label: api.Some("l"), AWSAccountIds: []string{"1"}, Actions: []string{"A", "B"},
		}},
		{"TagKey.1=a", new(sqsapi.UntagQueueRequest), &sqsapi.UntagQueueRequest{TagKeys: []string{"a"}}},
		{"ChangeMessageVisibilityBatchRequestEntry.1.Id=i&ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=r&ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=0",
			new(sqsapi.ChangeMessageVisibilityBatchRequest), &sqsapi.ChangeMessageVisibilityBatchRequest{
				Entries: []sqsapi.ChangeMessageVisibilityBatchRequestEntry{{Id: api.Some("i"), ReceiptHandle: api.Some("r"), VisibilityTimeout: api.Some(int64(0))}},
			}},
	} {
		f := form(t, tt.form)
		tt.into.ReadQuery(f)
		if err := f.Err(); err != nil || !reflect.DeepEqual(tt.into, tt.want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", tt.form, tt.into, err, tt.want)
		}
	}
}

// The value of a wrong type is named, also deep within.
func TestReadQueryNamesWrongTypes(t *testing.T) {
	f := form(t, "SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue=%2A")
	new(sqsapi.SendMessageBatchRequest).ReadQuery(f)
	want := "InvalidParameterValue: Value * for parameter BinaryValue is invalid. Reason: Must be base64 text."
	if err := f.Err(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAppendXML(t *testing.T) {
	out := sqsapi.ReceiveMessageResult{Messages: []sqsapi.Message{{
		MessageId: api.Some("m"), Body: api.Some("a<b>&\"c\"\r\n\x01"),
		Attributes: api.Map[string]{{Key: "SenderId", Value: "s"}},
		MessageAttributes: api.Map[sqsapi.MessageAttributeValue]{
			{Key: "n", Value: sqsapi.MessageAttributeValue{BinaryValue: api.Some([]byte{1}), DataType: api.Some("Binary")}},
		},
	}, {}}}
	want := "<Message><MessageId>m</MessageId><Body>a&lt;b&gt;&amp;&quot;c&quot;&#xD;\n\uFFFD</Body>" +
		"<Attribute><Name>SenderId</Name><Value>s</Value></Attribute>" +
		"<MessageAttribute><Name>n</Name><Value><BinaryValue>AQ==</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute>" +
		"</Message><Message></Message>"
	if got := string(out.AppendXML(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What a message may contain comes back from a parser as it was.
func TestXMLTextComesBack(t *testing.T) {
	const text = "\t\r\n ]]> \u00e9\uFFFD\U0001F600&amp;"
	var got string
	if err := xml.Unmarshal(api.AppendXMLString(nil, "a", text), &got); err != nil || got != text {
		t.Errorf("got %q, %v, want %q", got, err, text)
	}
}

// No form makes a reader panic.
func FuzzReadQuery(f *testing.F) {
	f.Add("SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.BinaryValue=AA==&SendMessageBatchRequestEntry.1.Id=a")
	f.Add("AttributeName.1&AttributeName.1-&AttributeName.1.x")
	f.Add("a=%ff&.=&..=&&=")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := api.ParseForm(text)
		if err != nil {
			return
		}
		for _, in := range []api.QueryInput{new(sqsapi.SendMessageBatchRequest), new(sqsapi.ReceiveMessageRequest), new(sqsapi.CreateQueueRequest)} {
			in.ReadQuery(form)
		}
	})
}
