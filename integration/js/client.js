// Clients of a running levee serve, whose address is in AWS_ENDPOINT_URL. Each
// test file works in an account of its own: the access key is the account.
import { randomInt } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

const account = String(randomInt(2 ** 40) % 10 ** 12).padStart(12, '0');

export const config = {
  endpoint: process.env.AWS_ENDPOINT_URL,
  region: 'us-east-1',
  credentials: { accessKeyId: account, secretAccessKey: 'any' },
  maxAttempts: 1,
};

export const db = new DynamoDBClient(config);
export const doc = DynamoDBDocumentClient.from(db, { marshallOptions: { removeUndefinedValues: true } });
export const streams = new DynamoDBStreamsClient(config);
export const sqs = new SQSClient(config);

// until calls f until it returns something true, and returns that.
export async function until(f, what) {
  for (let i = 0; i < 400; i++) {
    const result = await f();
    if (result) return result;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within 10 seconds: ${what}`);
}
