package dynamodb

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestKinesisDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngineWith(t, Options{TableDelay: time.Second})
		const arn = "arn:aws:kinesis:us-east-1:000000000000:stream/k"
		request := func(stream, more string) string {
			return fmt.Sprintf(`{"TableName":"abc","StreamArn":%q%s}`, stream, more)
		}
		described := func(want string) {
			t.Helper()
			h.expect("DescribeKinesisStreamingDestination", `{"TableName":"abc"}`, `{"TableName":"abc","KinesisDataStreamDestinations":[`+want+`]}`)
		}
		h.fails("DescribeKinesisStreamingDestination", `{"TableName":"abc"}`, "ResourceNotFoundException: Requested resource not found: Table: abc not found")
		h.mustDo("CreateTable", plain("abc", onDemand))
		time.Sleep(2 * time.Second)
		described("")
		const state = "Table is not in a valid state to enable Kinesis Streaming Destination: "
		const inactive = state + "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation."
		h.refused("DisableKinesisStreamingDestination", request(arn, ""), inactive)
		h.expect("EnableKinesisStreamingDestination", request(arn, ""), `{"TableName":"abc","StreamArn":"`+arn+`","DestinationStatus":"ENABLING"}`)
		described(`{"StreamArn":"` + arn + `","DestinationStatus":"ENABLING"}`)
		h.refused("DisableKinesisStreamingDestination", request(arn, ""), inactive)
		h.refused("EnableKinesisStreamingDestination", request(arn+"2", ""), state+"EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.")
		time.Sleep(2 * time.Second)
		described(`{"StreamArn":"` + arn + `","DestinationStatus":"ACTIVE"}`)
		h.restart()
		h.refused("UpdateKinesisStreamingDestination", request(arn, ""), "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
		const micro = `,"UpdateKinesisStreamingConfiguration":{"ApproximateCreationDateTimePrecision":"MICROSECOND"}`
		h.mustDo("UpdateKinesisStreamingDestination", request(arn, micro))
		described(`{"StreamArn":"` + arn + `","DestinationStatus":"UPDATING","ApproximateCreationDateTimePrecision":"MICROSECOND"}`)
		time.Sleep(2 * time.Second)
		h.refused("DisableKinesisStreamingDestination", request(arn, `,"EnableKinesisStreamingConfiguration":{}`), "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters")
		h.mustDo("DisableKinesisStreamingDestination", request(arn, ""))
		time.Sleep(2 * time.Second)
		described(`{"StreamArn":"` + arn + `","DestinationStatus":"DISABLED"}`)
		h.refused("UpdateKinesisStreamingDestination", request(arn, micro), state+"Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE state. TableName: abc, kdsArn: "+arn)
		const foreign = "arn:aws:kinesis:eu-west-1:000000000000:stream/k"
		h.mustDo("EnableKinesisStreamingDestination", request(foreign, ""))
		time.Sleep(2 * time.Second)
		described(`{"StreamArn":"` + foreign + `","DestinationStatus":"ENABLE_FAILED","DestinationStatusDescription":"User does not have a permission to use kinesis stream"},{"StreamArn":"` + arn + `","DestinationStatus":"DISABLED"}`)
	})
}

func TestLegacyGlobalTables(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", plain("abc", onDemand))
	const version = "One or more parameter values were invalid: DynamoDB global tables version 2017.11.29 is not supported. We recommend using DynamoDB global tables version 2019.11.21, instead of version 2017.11.29 (Legacy)."
	const missing = "GlobalTableNotFoundException: Global table with name: 'abc' does not exist."
	h.refused("CreateGlobalTable", `{"GlobalTableName":"abc","ReplicationGroup":[{"RegionName":"us-east-1"}]}`, version)
	h.fails("DescribeGlobalTable", `{"GlobalTableName":"abc"}`, "GlobalTableNotFoundException: Global table not found: Global table with name: 'abc' does not exist.")
	h.fails("DescribeGlobalTableSettings", `{"GlobalTableName":"abc"}`, missing)
	h.fails("UpdateGlobalTableSettings", `{"GlobalTableName":"abc"}`, missing)
	h.refused("UpdateGlobalTable", `{"GlobalTableName":"abc","ReplicaUpdates":[{"Create":{"RegionName":"us-east-2"}}]}`, version)
	h.fails("UpdateGlobalTable", `{"GlobalTableName":"abc","ReplicaUpdates":[{"Delete":{"RegionName":"us-east-2"}}]}`, missing)
	h.refused("UpdateGlobalTable", `{"GlobalTableName":"abc","ReplicaUpdates":[]}`, "One or more parameter values were invalid")
	h.expect("ListGlobalTables", `{}`, `{"GlobalTables":[]}`)
}
