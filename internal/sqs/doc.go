// Package sqs is the queue engine: the operations of SQS over a kv.Store.
//
//	engine, err := sqs.Open(store, sqs.Options{})
//	for _, op := range engine.Operations() { ... }
//	engine.Close() // ends long polls; the store is the caller's
//
// # What is where
//
// A queue is a descriptor in the catalog and, for each message, a small row of
// state and a row of content (docs/format.md). Memory holds the order of the
// messages and who has which in flight: 16 bytes for a message that waits and
// was never received, about 150 for one that was. Contents stay in the store and
// are read when a message is handed out, after the queue is unlocked. All of
// memory follows from the rows; it is read from them when a queue is first used,
// and again should a write ever fail.
//
// The order is kept by a line: standard or fifo. Both hand out, take back and
// forget a message in logarithmic time or better, whatever the depth of the
// queue and the number of its groups. A standard queue whose messages have groups
// is a fair queue (tenant.go). Nothing runs for an idle queue: what is
// due (the end of a timeout or of a delay, expiry) happens when the queue is
// next locked, and a timer is set only while a receive waits.
//
// # A write
//
// An operation locks its queue, prepares a change (rows in a kv.Batch, and what
// becomes of memory), applies it, unlocks the queue, waits until the commit is
// durable and only then answers. An answer that rests on what another operation
// wrote (a repeated send, a message that is already deleted) waits for that
// commit. Prepare methods of several queues, and whatever else shares the batch,
// can be part of one change; that is how a message moves to a dead-letter queue,
// and back with a move task. A task that runs has a goroutine, which moves some
// messages at a time and ends with the engine; the task itself is in the store.
//
// A Part is a change whose batch another engine contributes to as well.
//
// # Rates
//
// Where Options.EnforceRates is set, each call of a FIFO queue asks the queue's model of
// package capacity first, once it was found valid; rates.go. rates.mu is a leaf.
//
// # Locks
//
// In this order: Engine.admin, queue.mu (of several queues those with the lower ids
// first), Engine.catalog. Engine.admin is for creating, changing and deleting
// queues; sending and receiving never take it.
//
// # Where this differs from the service
//
// Everything is in force at once and every count is exact. The rules that forbid
// something for 60 seconds are off by default (Options.EnforceCooldowns).
// ReceiveRequestAttemptIds are forgotten at a restart. The SenderId of a message is
// the account that sent it.
package sqs
