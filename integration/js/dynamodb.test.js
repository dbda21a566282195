// The client and the document client of the AWS SDK for JavaScript.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  ConditionalCheckFailedException, CreateTableCommand, DynamoDBClient, ListTablesCommand, ResourceNotFoundException,
  TransactionCanceledException, paginateQuery, waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import {
  BatchGetCommand, BatchWriteCommand, DeleteCommand, GetCommand, NumberValue, PutCommand, QueryCommand, ScanCommand,
  TransactWriteCommand, UpdateCommand, paginateScan, DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { config, db, doc, streams } from './client.js';

const TableName = 'Orders';
let table;

before(async () => {
  ({ TableDescription: table } = await db.send(new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'customer', AttributeType: 'S' }, { AttributeName: 'number', AttributeType: 'N' },
      { AttributeName: 'state', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'customer', KeyType: 'HASH' }, { AttributeName: 'number', KeyType: 'RANGE' }],
    GlobalSecondaryIndexes: [{
      IndexName: 'ByState', KeySchema: [{ AttributeName: 'state', KeyType: 'HASH' }], Projection: { ProjectionType: 'ALL' },
    }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  })));
  const { state } = await waitUntilTableExists({ client: db, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 }, { TableName });
  assert.equal(state, 'SUCCESS');
});

test('values survive the document client', async () => {
  const item = {
    customer: 'values', number: 1, text: 'é한🎉', empty: '', yes: true, no: false, nothing: null,
    bytes: new Uint8Array([0, 255, 128]), list: [1, 'two', [3], { four: 4 }], map: { a: { b: { c: 'deep' } } },
    numbers: new Set([1, 2.5]), texts: new Set(['a', 'b']),
  };
  await doc.send(new PutCommand({ TableName, Item: item }));
  const { Item } = await doc.send(new GetCommand({ TableName, Key: { customer: 'values', number: 1 }, ConsistentRead: true }));
  assert.deepEqual(Item, item);
});

test('numbers of 38 digits stay exact', async () => {
  const exact = DynamoDBDocumentClient.from(new DynamoDBClient(config), { unmarshallOptions: { wrapNumbers: true } });
  const big = '12345678901234567890123456789012345678';
  await exact.send(new PutCommand({ TableName, Item: { customer: 'big', number: 1, n: NumberValue.from(big) } }));
  const { Item } = await exact.send(new GetCommand({ TableName, Key: { customer: 'big', number: 1 } }));
  assert.equal(Item.n.toString(), big);
});

test('an update with a condition', async () => {
  const Key = { customer: 'update', number: 1 };
  const add = new UpdateCommand({
    TableName, Key, UpdateExpression: 'ADD #c :one SET #l = list_append(if_not_exists(#l, :none), :x)',
    ConditionExpression: 'attribute_not_exists(#c) OR #c < :max',
    ExpressionAttributeNames: { '#c': 'count', '#l': 'log' },
    ExpressionAttributeValues: { ':one': 1, ':max': 2, ':none': [], ':x': ['x'] }, ReturnValues: 'ALL_NEW',
  });
  assert.equal((await doc.send(add)).Attributes.count, 1);
  assert.deepEqual((await doc.send(add)).Attributes, { ...Key, count: 2, log: ['x', 'x'] });
  await assert.rejects(doc.send(add), (err) => err instanceof ConditionalCheckFailedException && err.message === 'The conditional request failed');
  await doc.send(new DeleteCommand({ TableName, Key, ConditionExpression: '#c = :two', ExpressionAttributeNames: { '#c': 'count' }, ExpressionAttributeValues: { ':two': 2 } }));
  assert.equal((await doc.send(new GetCommand({ TableName, Key }))).Item, undefined);
});

test('batches, queries, scans and their pages', async () => {
  const items = Array.from({ length: 50 }, (_, n) => ({ customer: 'many', number: n, state: n % 2 ? 'open' : 'closed', pad: 'x'.repeat(100) }));
  for (let i = 0; i < items.length; i += 25) {
    const { UnprocessedItems } = await doc.send(new BatchWriteCommand({
      RequestItems: { [TableName]: items.slice(i, i + 25).map((Item) => ({ PutRequest: { Item } })) },
    }));
    assert.deepEqual(UnprocessedItems, {});
  }
  const { Responses } = await doc.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: items.slice(0, 3).map(({ customer, number }) => ({ customer, number })) } } }));
  assert.equal(Responses[TableName].length, 3);

  const { Items } = await doc.send(new QueryCommand({
    TableName, KeyConditionExpression: 'customer = :c AND #n BETWEEN :a AND :b', ScanIndexForward: false,
    ExpressionAttributeNames: { '#n': 'number' }, ExpressionAttributeValues: { ':c': 'many', ':a': 10, ':b': 12 },
  }));
  assert.deepEqual(Items.map((item) => item.number), [12, 11, 10]);

  let open = 0, pages = 0;
  for await (const page of paginateQuery({ client: db, pageSize: 7 }, {
    TableName, IndexName: 'ByState', KeyConditionExpression: '#s = :s', ExpressionAttributeNames: { '#s': 'state' }, ExpressionAttributeValues: { ':s': { S: 'open' } },
  })) {
    open += page.Count;
    pages++;
  }
  assert.equal(open, 25);
  assert.ok(pages >= 4);

  let scanned = 0;
  for (let Segment = 0; Segment < 3; Segment++) {
    for await (const page of paginateScan({ client: doc }, {
      TableName, Segment, TotalSegments: 3, FilterExpression: 'customer = :c', ExpressionAttributeValues: { ':c': 'many' },
    })) scanned += page.Count;
  }
  assert.equal(scanned, 50);
  assert.equal((await doc.send(new ScanCommand({ TableName, Select: 'COUNT', FilterExpression: 'customer = :c', ExpressionAttributeValues: { ':c': 'many' } }))).Count, 50);
});

test('a transaction that is cancelled says why', async () => {
  await doc.send(new PutCommand({ TableName, Item: { customer: 'tx', number: 1, stock: 0 } }));
  const err = await doc.send(new TransactWriteCommand({
    TransactItems: [
      { Put: { TableName, Item: { customer: 'tx', number: 2 } } },
      {
        Update: {
          TableName, Key: { customer: 'tx', number: 1 }, UpdateExpression: 'SET stock = stock - :one', ConditionExpression: 'stock > :zero',
          ExpressionAttributeValues: { ':one': 1, ':zero': 0 }, ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      },
    ],
  })).catch((e) => e);
  assert.ok(err instanceof TransactionCanceledException);
  assert.deepEqual(err.CancellationReasons.map((r) => r.Code), ['None', 'ConditionalCheckFailed']);
  assert.deepEqual(err.CancellationReasons[1].Item, { customer: { S: 'tx' }, number: { N: '1' }, stock: { N: '0' } });
});

test('the stream has the records of a key in order', async () => {
  const Key = { customer: 'stream', number: 1 };
  await doc.send(new PutCommand({ TableName, Item: { ...Key, v: 1 } }));
  await doc.send(new PutCommand({ TableName, Item: { ...Key, v: 2 } }));
  await doc.send(new DeleteCommand({ TableName, Key }));
  const StreamArn = table.LatestStreamArn;
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const seen = [];
  for (const { ShardId } of StreamDescription.Shards) {
    const { ShardIterator } = await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' }));
    const { Records } = await streams.send(new GetRecordsCommand({ ShardIterator }));
    seen.push(...Records.filter((r) => r.dynamodb.Keys.customer.S === 'stream').map((r) => r.eventName));
  }
  assert.deepEqual(seen, ['INSERT', 'MODIFY', 'REMOVE']);
});

test('an error is of its class', async () => {
  await assert.rejects(doc.send(new GetCommand({ TableName: 'Nothing', Key: { id: 1 } })), ResourceNotFoundException);
  assert.deepEqual((await db.send(new ListTablesCommand({}))).TableNames, [TableName]);
});
