package event

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/api/sqsapi"
	"github.com/levee-io/levee/internal/jsontok"
)

// attributeOrder is the order of the attributes that a queue gives to a message.
var attributeOrder = []string{
	sqsapi.MessageSystemAttributeNameApproximateReceiveCount,
	sqsapi.MessageSystemAttributeNameAWSTraceHeader,
	sqsapi.MessageSystemAttributeNameSentTimestamp,
	sqsapi.MessageSystemAttributeNameSequenceNumber,
	sqsapi.MessageSystemAttributeNameMessageGroupId,
	sqsapi.MessageSystemAttributeNameSenderId,
	sqsapi.MessageSystemAttributeNameMessageDeduplicationId,
	sqsapi.MessageSystemAttributeNameApproximateFirstReceiveTimestamp,
	sqsapi.MessageSystemAttributeNameDeadLetterQueueSourceArn,
}

// Message returns the record of a message from the queue of an ARN.
func Message(m *sqsapi.Message, queueARN string) []byte {
	b := make([]byte, 0, len(m.Body.V)+1024)
	b = append(b, `{"messageId":`...)
	b = jsontok.AppendString(b, m.MessageId.V)
	b = append(b, `,"receiptHandle":`...)
	b = jsontok.AppendString(b, m.ReceiptHandle.V)
	b = append(b, `,"body":`...)
	b = jsontok.AppendString(b, m.Body.V)
	b = append(b, `,"attributes":`...)
	b = appendAttributes(b, m.Attributes)
	b = append(b, `,"messageAttributes":`...)
	b = api.AppendEntries(b, m.MessageAttributes, appendMessageAttribute)
	if m.MD5OfMessageAttributes.OK {
		b = append(b, `,"md5OfMessageAttributes":`...)
		b = jsontok.AppendString(b, m.MD5OfMessageAttributes.V)
	}
	b = append(b, `,"md5OfBody":`...)
	b = jsontok.AppendString(b, m.MD5OfBody.V)
	b = append(b, `,"eventSource":"aws:sqs","eventSourceARN":`...)
	b = jsontok.AppendString(b, queueARN)
	b = append(b, `,"awsRegion":`...)
	b = jsontok.AppendString(b, regionOf(queueARN))
	return append(b, '}')
}

func appendAttributes(b []byte, m api.Map[string]) []byte {
	sorted := slices.Clone(m)
	slices.SortStableFunc(sorted, func(x, y api.Entry[string]) int {
		return slices.Index(attributeOrder, x.Key) - slices.Index(attributeOrder, y.Key)
	})
	return api.AppendEntries(b, sorted, jsontok.AppendString)
}

func appendMessageAttribute(b []byte, v sqsapi.MessageAttributeValue) []byte {
	b = append(b, '{')
	if v.StringValue.OK {
		b = append(b, `"stringValue":`...)
		b = jsontok.AppendString(b, v.StringValue.V)
		b = append(b, ',')
	}
	if v.BinaryValue.OK {
		b = append(b, `"binaryValue":`...)
		b = api.AppendBlob(b, v.BinaryValue.V)
		b = append(b, ',')
	}
	b = append(b, `"stringListValues":[],"binaryListValues":[],"dataType":`...)
	b = jsontok.AppendString(b, v.DataType.V)
	return append(b, '}')
}

// regionOf returns the region in an ARN, "" if there is none.
func regionOf(arn string) string {
	named, _ := api.ParseARN(arn)
	return named.Region
}
