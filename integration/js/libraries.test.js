// ElectroDB, DynamoDB-Toolbox and Dynamoose, each with the patterns of its guide.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateTableCommand, DynamoDB } from '@aws-sdk/client-dynamodb';
import dynamoose from 'dynamoose';
import { Entity, Service } from 'electrodb';
import { DeleteItemCommand, Entity as Box, GetItemCommand, PutItemCommand, QueryCommand, Table, UpdateItemCommand, item, list, number, string, $add, $append } from 'dynamodb-toolbox';
import { config, db, doc } from './client.js';

// singleTable makes a table of the single-table design, with one index.
async function singleTable(TableName) {
  const attributes = ['pk', 'sk', 'gsi1pk', 'gsi1sk'];
  const key = (hash, range) => [{ AttributeName: hash, KeyType: 'HASH' }, { AttributeName: range, KeyType: 'RANGE' }];
  await db.send(new CreateTableCommand({
    TableName, BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: key('pk', 'sk'),
    GlobalSecondaryIndexes: [{ IndexName: 'gsi1', KeySchema: key('gsi1pk', 'gsi1sk'), Projection: { ProjectionType: 'ALL' } }],
  }));
}

test('ElectroDB: entities, collections, transactions', async () => {
  const table = 'electro';
  await singleTable(table);
  const entity = (name, attributes, sk) => new Entity({
    model: { entity: name, version: '1', service: 'store' },
    attributes: { team: { type: 'string', required: true }, ...attributes },
    indexes: {
      primary: { pk: { field: 'pk', composite: ['team'] }, sk: { field: 'sk', composite: sk } },
      team: { index: 'gsi1', collection: 'work', pk: { field: 'gsi1pk', composite: ['team'] }, sk: { field: 'gsi1sk', composite: sk } },
    },
  }, { client: doc, table });
  const Task = entity('task', { task: { type: 'string' }, points: { type: 'number', default: 1 }, tags: { type: 'set', items: 'string' } }, ['task']);
  const Person = entity('person', { person: { type: 'string' }, load: { type: 'number', default: 0 } }, ['person']);
  const store = new Service({ Task, Person });

  await Task.create({ team: 'a', task: 't1', tags: ['x', 'y'] }).go();
  await assert.rejects(Task.create({ team: 'a', task: 't1' }).go(), /conditional request failed/i);
  await Task.put(Array.from({ length: 30 }, (_, i) => ({ team: 'a', task: `u${String(i).padStart(2, '0')}` }))).go();
  await Person.create({ team: 'a', person: 'ann' }).go();
  await Task.patch({ team: 'a', task: 't1' }).add({ points: 4 }).delete({ tags: ['x'] }).where(({ points }, { eq }) => eq(points, 1)).go();
  const { data } = await Task.get({ team: 'a', task: 't1' }).go();
  assert.equal(data.points, 5);
  assert.deepEqual([...data.tags], ['y']);
  const both = await store.collections.work({ team: 'a' }).go({ pages: 'all' });
  assert.deepEqual([both.data.Task.length, both.data.Person.length], [31, 1]);
  const some = await Task.query.primary({ team: 'a' }).between({ task: 'u05' }, { task: 'u07' }).go();
  assert.deepEqual(some.data.map((t) => t.task), ['u05', 'u06', 'u07']);
  const tx = await store.transaction.write(({ Task: t, Person: p }) => [
    t.remove({ team: 'a', task: 't1' }).commit(),
    p.patch({ team: 'a', person: 'ann' }).add({ load: 1 }).where((a, op) => op.gt(a.load, 5)).commit({ response: 'all_old' }),
  ]).go();
  assert.equal(tx.canceled, true);
  assert.equal(tx.data[1].code, 'ConditionalCheckFailed');
  assert.equal(tx.data[1].item.person, 'ann');
});

test('DynamoDB-Toolbox: put, update with extensions, query', async () => {
  await singleTable('toolbox');
  const table = new Table({ name: 'toolbox', documentClient: doc, partitionKey: { name: 'pk', type: 'string' }, sortKey: { name: 'sk', type: 'string' } });
  const Pokemon = new Box({
    name: 'pokemon', table,
    schema: item({ pk: string().key(), sk: string().key(), level: number().default(1), moves: list(string()).optional() }),
  });
  const key = { pk: 'a', sk: 'pikachu' };
  await Pokemon.build(PutItemCommand).item({ ...key, moves: ['thunder'] }).send();
  await Pokemon.build(UpdateItemCommand).item({ ...key, level: $add(2), moves: $append(['tail']) }).options({ condition: { attr: 'level', eq: 1 } }).send();
  const { Item } = await Pokemon.build(GetItemCommand).key(key).options({ consistent: true }).send();
  assert.deepEqual([Item.level, Item.moves], [3, ['thunder', 'tail']]);
  const { Items } = await table.build(QueryCommand).entities(Pokemon).query({ partition: 'a', range: { beginsWith: 'pi' } }).options({ filters: { pokemon: { attr: 'level', gte: 3 } } }).send();
  assert.equal(Items.length, 1);
  await Pokemon.build(DeleteItemCommand).key(key).options({ condition: { attr: 'level', between: [1, 3] } }).send();
  assert.equal((await Pokemon.build(GetItemCommand).key(key).send()).Item, undefined);
});

test('Dynamoose: a model makes its table, queries, scans, transactions', async () => {
  dynamoose.aws.ddb.set(new DynamoDB(config));
  const Cat = dynamoose.model('Cat', new dynamoose.Schema({
    id: { type: Number, hashKey: true },
    name: { type: String, index: { name: 'byName', type: 'global' } },
    born: Date, lives: { type: Number, default: 9 }, friends: { type: Array, schema: [String] },
  }, { timestamps: true }));
  new dynamoose.Table('zoo', [Cat], { waitForActive: { enabled: true, check: { timeout: 10000, frequency: 20 } } });
  const born = new Date('2020-01-02T03:04:05Z');
  await Cat.create({ id: 1, name: 'Tom', born, friends: ['Jerry'] });
  await assert.rejects(Cat.create({ id: 1, name: 'Tim' }), { name: 'ConditionalCheckFailedException' });
  await Cat.batchPut(Array.from({ length: 20 }, (_, i) => ({ id: i + 10, name: i % 2 ? 'odd' : 'even' })));
  const cat = await Cat.get(1);
  assert.deepEqual([cat.lives, cat.born, [...cat.friends]], [9, born, ['Jerry']]);
  await Cat.update({ id: 1 }, { $ADD: { lives: -1 }, $SET: { name: 'Thomas' } }, { condition: new dynamoose.Condition().where('lives').eq(9) });
  assert.equal((await Cat.query('name').eq('Thomas').using('byName').exec())[0].lives, 8);
  assert.equal((await Cat.query('name').eq('odd').exec()).length, 10);
  assert.equal((await Cat.scan('name').beginsWith('ev').or().where('id').eq(1).exec()).length, 11);
  assert.equal((await Cat.scan().count().exec()).count, 21);
  await dynamoose.transaction([Cat.transaction.update({ id: 1 }, { lives: 7 }), Cat.transaction.delete(10)]);
  assert.equal((await Cat.get(1)).lives, 7);
  assert.equal(await Cat.get(10), undefined);
});
