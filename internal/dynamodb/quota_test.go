package dynamodb

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// rates is a ProvisionedThroughput member.
func rates(read, write int) string {
	return fmt.Sprintf(`,"ProvisionedThroughput":{"ReadCapacityUnits":%d,"WriteCapacityUnits":%d}`, read, write)
}

func TestCapacityQuotas(t *testing.T) {
	const above, higher = "LimitExceededException: The requested %s, %d, is above the per %s maximum for the account in us-east-1. Per %[3]s maximum: 40000. ", "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."
	const account = "LimitExceededException: This request would have caused the %s limit to be exceeded for the account in us-east-1. Current %[1]s reserved by the account: %d. Limit: 80000. Requested: %d. " + higher
	h := newEngine(t)
	h.fails("CreateTable", plain("abc", rates(40001, 1)), fmt.Sprintf(above, "ReadCapacityUnits", 40001, "table")+higher)
	h.fails("CreateTable", plain("abc", rates(1, 50000)), fmt.Sprintf(above, "WriteCapacityUnits", 50000, "table")+higher)
	index := strings.Replace(gsi("index", key("pk:HASH"), all), `"ReadCapacityUnits":1`, `"ReadCapacityUnits":40001`, 1)
	h.fails("CreateTable", plain("abc", rates(1, 1)+gsis(index)), fmt.Sprintf(above, "ReadCapacityUnits for index index", 40001, "index")+higher)
	const limit = "LimitExceededException: Subscriber limit exceeded: Requested "
	h.fails("CreateTable", plain("abc", onDemand+`,"OnDemandThroughput":{"MaxWriteRequestUnits":40001}`), limit+"MaxWriteRequestUnits for OnDemandThroughput for table exceeds TableMaxWriteCapacityUnits of the account in region us-east-1")
	h.fails("CreateTable", plain("abc", onDemand+`,"WarmThroughput":{"ReadUnitsPerSecond":40001}`), limit+"ReadUnitsPerSecond for WarmThroughput for table exceeds TableMaxReadCapacityUnits of the account in region us-east-1")

	h.mustDo("CreateTable", plain("abc", rates(40000, 1)))
	h.mustDo("CreateTable", plain("def", rates(39990, 1)))
	h.fails("CreateTable", plain("ghi", rates(11, 1)), fmt.Sprintf(account, "ReadCapacityUnits", 79990, 11))
	h.mustDo("CreateTable", plain("ghi", rates(9, 1)))
	h.fails("UpdateTable", `{"TableName":"ghi"`+rates(11, 1)+`}`, fmt.Sprintf(account, "ReadCapacityUnits", 79999, 11))
	h.mustDo("UpdateTable", `{"TableName":"ghi"`+rates(10, 2)+`}`)
	h.fails("UpdateTable", `{"TableName":"def"`+rates(40001, 1)+`}`, fmt.Sprintf(above, "ReadCapacityUnits", 40001, "table")+higher)
	h.mustDo("DeleteTable", `{"TableName":"abc"}`)
	h.mustDo("UpdateTable", `{"TableName":"ghi"`+rates(100, 2)+`}`)
}

func TestClassQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		const standard = `{"TableName":"abc","TableClass":"STANDARD"}`
		for range 3 { // no change
			h.mustDo("UpdateTable", standard)
		}
		h.mustDo("UpdateTable", infrequent)
		time.Sleep(24 * time.Hour)
		h.mustDo("UpdateTable", standard)
		for _, again := range []string{infrequent, standard} {
			h.fails("UpdateTable", again, "LimitExceededException: Subscriber limit exceeded: Updates to TableClass are limited to 2 times in 30 day(s).")
		}
		time.Sleep(29 * 24 * time.Hour)
		h.mustDo("UpdateTable", infrequent)
	})
}

func TestEncryptionQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", plain("abc", onDemand))
		const off = `{"TableName":"abc","SSESpecification":{"Enabled":false}}`
		h.mustDo("UpdateTable", encrypted)
		time.Sleep(time.Hour)
		h.mustDo("UpdateTable", off)
		h.mustDo("UpdateTable", encrypted)
		h.mustDo("UpdateTable", encrypted) // by another name of the key, which counts
		h.fails("UpdateTable", off, "LimitExceededException: Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at 2000-01-02T00:00:00.000Z. "+
			"After the first 4 change, each subsequent change in the same window can be performed at most once every 21600 seconds. "+
			"Number of updates today: 4. Last change at 2000-01-01T01:00:00.000Z. Next changes can be made at 2000-01-01T07:00:00.000Z.")
		time.Sleep(6 * time.Hour)
		h.mustDo("UpdateTable", off)
		if _, err := h.do("UpdateTable", encrypted); err == nil {
			t.Error("two changes within six hours")
		}
		time.Sleep(17 * time.Hour) // the window is over
		for range 2 {
			h.mustDo("UpdateTable", encrypted)
			h.mustDo("UpdateTable", off)
		}
	})
}

func TestLimitsThatGoAreRepeated(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand+`,"OnDemandThroughput":{"MaxReadRequestUnits":5}`))
	if out := h.mustDo("UpdateTable", `{"TableName":"abc","OnDemandThroughput":{"MaxReadRequestUnits":-1}}`); !strings.Contains(out, `"OnDemandThroughput":{"MaxReadRequestUnits":-1}`) {
		t.Error(out)
	}
	if out := h.mustDo("DescribeTable", justTable); strings.Contains(out, "OnDemandThroughput") {
		t.Error(out)
	}
}

func TestIndexesAreDescribedInTheirOrder(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand+gsis(lsi("zzz", key("pk:HASH"), all), lsi("aaa", key("pk:HASH"), all))))
	if out := h.mustDo("DescribeTable", justTable); strings.Index(out, `"zzz"`) > strings.Index(out, `"aaa"`) {
		t.Error(out)
	}
}

// The ARN of a table will do wherever its name does (API reference, TableName).
func TestTableARNs(t *testing.T) {
	h := newEngine(t)
	const arn = "arn:aws:dynamodb:us-east-1:000000000000:table/abc"
	h.mustDo("CreateTable", plain(arn, onDemand))
	const item, keyed = `"Item":{"pk":{"S":"1"}}`, `"Key":{"pk":{"S":"1"}}`
	for _, c := range []struct{ op, in string }{
		{"PutItem", `{"TableName":"ARN",` + item + `}`},
		{"GetItem", `{"TableName":"ARN",` + keyed + `}`},
		{"UpdateItem", `{"TableName":"ARN",` + keyed + `}`},
		{"Query", `{"TableName":"ARN","KeyConditionExpression":"pk = :k","ExpressionAttributeValues":{":k":{"S":"1"}}}`},
		{"Scan", `{"TableName":"ARN"}`},
		{"BatchGetItem", `{"RequestItems":{"ARN":{"Keys":[{"pk":{"S":"1"}}]}}}`},
		{"BatchWriteItem", `{"RequestItems":{"ARN":[{"PutRequest":{` + item + `}}]}}`},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"ARN",` + keyed + `}}]}`},
		{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"ARN",` + item + `}}]}`},
		{"DescribeTable", `{"TableName":"ARN"}`},
		{"UpdateTable", `{"TableName":"ARN","DeletionProtectionEnabled":false}`},
		{"UpdateTimeToLive", ttlOn("ARN", "ttl")},
		{"DescribeTimeToLive", `{"TableName":"ARN"}`},
		{"DeleteItem", `{"TableName":"ARN",` + keyed + `}`},
	} {
		h.mustDo(c.op, strings.ReplaceAll(c.in, "ARN", arn))
		for _, wrong := range []struct{ arn, want string }{
			{"arn:aws:dynamodb:eu-west-1:000000000000:table/abc", "ValidationException: 1 validation error detected: Invalid AWS region in 'ARN'"},
			{"arn:aws-cn:dynamodb:us-east-1:000000000000:table/abc", "ValidationException: 1 validation error detected: Invalid AWS partition in 'ARN'"},
			{"arn:aws:dynamodb:us-east-1:000000000000:backup/abc", "ValidationException: 1 validation error detected: Invalid resource type in 'ARN'"},
		} {
			h.fails(c.op, strings.ReplaceAll(c.in, "ARN", wrong.arn), strings.ReplaceAll(wrong.want, "ARN", wrong.arn))
		}
	}
	out := h.mustDo("GetItem", fmt.Sprintf(`{"TableName":%q,%s,"ReturnConsumedCapacity":"TOTAL"}`, arn, keyed))
	if want := fmt.Sprintf(`"ConsumedCapacity":{"TableName":%q`, arn); !strings.Contains(out, want) {
		t.Errorf("%s, want %s", out, want)
	}
	h.mustDo("DeleteTable", fmt.Sprintf(`{"TableName":%q}`, arn))
}
