// A Lambda function as people write them, with the AWS SDK for JavaScript. It counts
// the messages and records that it gets in the table that TABLE names, by their id.
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb'

const db = new DynamoDBClient()

async function count (what) {
  await db.send(new UpdateItemCommand({
    TableName: process.env.TABLE,
    Key: { id: { S: what } },
    UpdateExpression: 'ADD n :one',
    ExpressionAttributeValues: { ':one': { N: '1' } }
  }))
}

export async function handler (event, context) {
  if (!event.Records) {
    if (event.Fail) throw new Error(event.Fail)
    console.log('asked directly')
    return { function: context.functionName, arn: context.invokedFunctionArn, request: context.awsRequestId }
  }
  const batchItemFailures = []
  for (const record of event.Records) {
    if (record.eventSource !== 'aws:sqs') {
      await count(`${record.eventName} ${record.dynamodb.Keys.id.S}`)
    } else if (record.body === 'fail once' && record.attributes.ApproximateReceiveCount === '1') {
      batchItemFailures.push({ itemIdentifier: record.messageId })
    } else {
      await count(record.body)
    }
  }
  return { batchItemFailures }
}
