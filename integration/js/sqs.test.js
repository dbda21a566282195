// The SQS client of the AWS SDK for JavaScript, sqs-consumer and sqs-producer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ChangeMessageVisibilityCommand, CreateQueueCommand, DeleteMessageBatchCommand, GetQueueAttributesCommand, GetQueueUrlCommand,
  QueueDoesNotExist, ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { Producer } from 'sqs-producer';
import { config, sqs, until } from './client.js';

const create = async (QueueName, Attributes) => (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;

test('a message with attributes, whose MD5 sums the SDK checks', async () => {
  const QueueUrl = await create('plain');
  const MessageAttributes = {
    text: { DataType: 'String', StringValue: '한' }, number: { DataType: 'Number.int', StringValue: '7' },
    bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2, 3]) },
  };
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'héllo', MessageAttributes }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({
    QueueUrl, MessageAttributeNames: ['All'], MessageSystemAttributeNames: ['All'], WaitTimeSeconds: 1,
  }));
  assert.equal(Messages[0].Body, 'héllo');
  assert.deepEqual(Messages[0].MessageAttributes.bytes.BinaryValue, MessageAttributes.bytes.BinaryValue);
  assert.equal(Messages[0].Attributes.ApproximateReceiveCount, '1');
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle, VisibilityTimeout: 0 }));
  const again = await sqs.send(new ReceiveMessageCommand({ QueueUrl, AttributeNames: ['ApproximateReceiveCount'] }));
  assert.equal(again.Messages[0].Attributes.ApproximateReceiveCount, '2');
  const { Successful, Failed } = await sqs.send(new DeleteMessageBatchCommand({
    QueueUrl, Entries: [{ Id: 'a', ReceiptHandle: again.Messages[0].ReceiptHandle }, { Id: 'b', ReceiptHandle: 'nonsense' }],
  }));
  assert.deepEqual([Successful.map((e) => e.Id), Failed.map((e) => e.Code)], [['a'], ['ReceiptHandleIsInvalid']]);
});

test('a FIFO queue keeps the order of its groups', async () => {
  const QueueUrl = await create('ordered.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
  await sqs.send(new SendMessageBatchCommand({
    QueueUrl, Entries: [0, 1, 2, 3].map((n) => ({ Id: `e${n}`, MessageBody: `m${n}`, MessageGroupId: `g${n % 2}` })),
  }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['MessageGroupId'] }));
  const byGroup = (g) => Messages.filter((m) => m.Attributes.MessageGroupId === g).map((m) => m.Body);
  assert.deepEqual([byGroup('g0'), byGroup('g1')], [['m0', 'm2'], ['m1', 'm3']]);
  assert.equal((await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages, undefined);
});

test('an error is of its class', async () => {
  await assert.rejects(sqs.send(new GetQueueUrlCommand({ QueueName: 'nothing' })), QueueDoesNotExist);
});

test('sqs-producer sends, sqs-consumer handles, retries and gives up to the dead-letter queue', async () => {
  const deadUrl = await create('dead');
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['QueueArn'] }));
  const queueUrl = await create('work', {
    VisibilityTimeout: '0', RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Attributes.QueueArn, maxReceiveCount: 2 }),
  });
  const producer = Producer.create({ queueUrl, region: config.region, sqs });
  await producer.send(['one', 'two', 'poison', { id: 'three', body: 'three' }]);
  const handled = [];
  let failures = 0;
  const consumer = Consumer.create({
    queueUrl, sqs, batchSize: 10, waitTimeSeconds: 1, terminateVisibilityTimeout: true,
    handleMessage: async (message) => {
      if (message.Body === 'poison') throw new Error('it is poison');
      handled.push(message.Body);
      return message;
    },
  });
  consumer.on('processing_error', () => failures++);
  consumer.on('error', () => {});
  consumer.start();
  try {
    const dead = await until(async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl: deadUrl }))).Messages, 'a dead letter');
    assert.equal(dead[0].Body, 'poison');
    await until(() => handled.length === 3, 'all others are handled');
    assert.deepEqual(handled.toSorted(), ['one', 'three', 'two']);
    assert.equal(failures, 2);
    assert.equal(await producer.queueSize(), 0);
  } finally {
    consumer.stop({ abort: true });
  }
});

test('sqs-consumer in batches', async () => {
  const queueUrl = await create('batches');
  await Producer.create({ queueUrl, region: config.region, sqs }).send(Array.from({ length: 30 }, (_, i) => ({ id: `m${i}`, body: `${i}` })));
  const seen = new Set();
  const consumer = Consumer.create({
    queueUrl, sqs, batchSize: 10, waitTimeSeconds: 1,
    handleMessageBatch: async (messages) => { for (const m of messages) seen.add(m.Body); return messages; },
  });
  consumer.on('error', () => {});
  consumer.start();
  try {
    await until(() => seen.size === 30, 'all messages are handled');
  } finally {
    consumer.stop({ abort: true });
  }
});
