// Package transact carries out transactions that span tables, queues and the
// checkpoints of streams. It owns Levee's operation Transact, and no data but the
// checkpoints and the tokens of its requests.
//
//	engine, err := transact.Open(store, tables, queues)
//	for _, op := range engine.Operations() { ... }
//	engine.Close()
//
// # A transaction
//
// The engines know nothing of each other. Each makes a part of the actions that are
// its own (dynamodb.Part, sqs.Part): checks them without a lock, takes its own
// locks, decides, and stages what it would change in one kv.Batch that all share.
// That batch has the whole transaction, its token and its answer with it. Once it
// is applied the locks are released, last taken first, and the answer waits until
// it is durable.
//
// When any action cannot be done, nothing is applied, and the error names the
// reason of each, as that of TransactWriteItems does.
//
// # Checkpoints
//
// A checkpoint is how far a consumer has come in one shard of a stream: a row with
// a sequence number. A transaction moves it from where it says that it stands; of
// two that begin at the same place one is cancelled. So whatever a consumer does
// for a record in the transaction that moves its checkpoint, it does once.
//
// # Locks
//
// In this order, each released when the batch is applied:
//
//  1. The token of the request, marked as in progress; another request with it is
//     refused and does not wait.
//  2. The latches of the checkpoints, in ascending order.
//  3. Those of package dynamodb up to the latches of items.
//  4. The queues of package sqs.
//  5. The shards of streams of package dynamodb.
//
// Then those of the store.
package transact
