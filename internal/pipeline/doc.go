// Package pipeline is the engine of event source mappings and of pipes: it reads
// queues and change streams, hands what it reads to functions, or to the targets of
// pipes, in batches, and sees to what fails. It is at least once, as the service, but
// exactly once where a pipe leads to a queue or a table.
//
//	engine, err := pipeline.Open(store, pipeline.Options{Queues: ..., Streams: ..., Functions: ...})
//	for _, op := range engine.Operations() { ... }
//	engine.Start() // begins with the mappings of the store
//	engine.Close() // ends what runs
//
// The engines that it stands on are small interfaces (source.go). Packages event,
// pattern and template, below it, write the events, match the filters and fill the
// input templates.
//
// # Queues
//
// A mapping of a queue has workers. Each receives a batch, invokes the function,
// deletes what was handled, and begins again (queue.go). What the function failed
// to handle becomes visible when its visibility timeout ends, and counts there
// towards the dead-letter queue. While all workers have something to do there is
// one more, up to what the mapping and the function allow; idle ones go until two
// are left. On a FIFO queue there are as many batches at once as there are active
// message groups, because a group whose messages are in flight gives no others.
//
// # Streams
//
// A mapping of a stream has a reader for each shard (shard.go), which begins when
// its parent has been read to the end. The reader spreads records over lanes by
// their partition key, one or as many as ParallelizationFactor says (lane.go).
// Each lane hands over one batch at a time, and holds it until it was handled, was
// given up or is too old. A tracker keeps the order of the shard: the checkpoint is
// the last record before the first that a lane still has (tracker.go). Checkpoints
// are rows, so a mapping goes on where it was after a restart; what was handled
// but not yet checkpointed is handled again.
//
// # Ends
//
// What becomes of a batch is behind the interface end (end.go). The end of a mapping
// invokes its function. That of a pipe (pipe_end.go) has the events enriched and
// filled into a template, and hands them to its receiver: a function, a sink
// (sink.go), or what is exact (pipe_exact.go): a transaction, with the deletion of the
// messages or the checkpoint of the shard in it. For that a shard has one lane, which
// is then the only one that moves its checkpoint.
//
// # Rows and locks
//
// Mappings and checkpoints are rows (docs/format.md). Engine.admin serialises the
// operations that change mappings and is held until the workers of a changed
// mapping have ended. Engine.mu guards the mappings in memory, for moments.
// running.mu, and within it tracker.mu or crew.mu, are taken last, for moments. What runs takes neither of the
// first two.
package pipeline
