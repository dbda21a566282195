// Package dynamodb is the engine of tables: DynamoDB and DynamoDB Streams, as
// the services answer, over one kv.Store. It knows operations and shapes
// (package api), not the protocol that brings them.
//
// Open reads the catalog of a store and returns an Engine; Operations is the
// table of what it can do, with a handler for each; Close ends the work in the
// background. There is one file per operation, and each row of the operation
// table says where the engine deviates from the service.
//
// # Tables and views
//
// A table is described by a descriptor, kept in the catalog of the store. What
// runs on it works with a view: the descriptor together with what is made of it
// for speed. Both are immutable. A change of a table publishes a new view, with
// the descriptor applied to the store in the same step; whoever began with the
// old one and only reads ends with it.
//
// A table, and each of its streams, has a number that is never given again, and
// every row begins with it. So a table that is created again under the same name
// begins empty whatever its predecessor left, and deleting one is deleting a few
// ranges of keys. docs/format.md says the bytes.
//
// With Options.TableDelay a change of a table takes its time, as in the service.
// It is then in the descriptor from its beginning, together with a note (change)
// that it is under way, which ends in the background. What such a note is: the
// status that the table is described with, and the requests that are refused.
//
// # Writes
//
// Every write, from one item to a transaction, is one call of commit: fix the
// view, latch the items, read them, decide, and apply one batch with the items,
// the index entries, the stream records and the idempotency token. The latches
// are released then, and the answer waits until the batch is durable. What an
// answer reports without having written it (a failed condition, a consistent
// read) waits for the commits that its latches remember.
//
// Of most items that were never there a table knows so without asking the store
// (keyFilter). Whatever sets the row of an item of a table that is open MUST add it
// to the filter, under the latch and before it applies.
//
// One commit takes 4 MB of items at most, so that no table has so many indexes
// that the store could refuse the batch. Only BatchWriteItem needs several for
// more; a transaction of more is refused.
//
// A Part is the same steps for a batch that another engine contributes to as well.
//
// A request that comes upon an item of a transaction under way is refused instead
// of waiting, because the service does so (conflict.go); the latches would do.
//
// # Indexes
//
// A new global index is published first, marked as not yet filled, so that every
// write maintains it; backfill then walks the items that were there before. It
// begins anew when the engine is opened before it is done.
//
// A vector index has rows of its own kind of value, the vector before the attributes,
// and no sort key; writes and backfill treat it like a global index. A search looks at
// all rows of the index, or of one of its partitions, and keeps the nearest. Where
// those are many a graph in memory proposes some of them, and what they hold is read
// from the store as ever. A write notes the rows that it changes in such a graph
// before it applies them; one goroutine, the tender, brings the graph up to date, and
// until then searches look at the noted rows besides.
//
// # Item collections
//
// Of a table with local indexes there is a row for each partition key, with the size
// of its items and their entries there. Every write of one of them changes it in its
// own batch, and so takes the latch of it as well as that of the item. A write that
// would make it larger than the limit is refused (collection.go).
//
// # Streams
//
// A stream is cut into shards, each for a range of partition hashes and a time
// (stream_shard.go). Which there are stands in the descriptor, so a shard is closed
// and its children are opened by publishing one: no write is under way then, the
// parent's last record is known, and the numbers of its children begin after it.
// Shards roll over with age and split under load, both in the background.
//
// The streams of a deleted table are still readable for a day; what that needs is
// kept beside the catalog (gone_table.go).
//
// The changes of a table with a Kinesis streaming destination also go to an outbox: a
// stream that is not shown, whose records are deleted as they are delivered
// (kinesis_delivery.go).
//
// # Counters
//
// A counter of a table counts its items, and sums up attributes of them, by group. The
// groups are the items of a table of its own, which every write of the counted table
// changes in its own batch (counter.go). A new one is built beside the operations, from
// a snapshot taken as it is published (counter_build.go).
//
// # Time to live
//
// A table with time to live has a row for each item that can expire, in the
// order of time, which every write maintains in its own batch. So what is due is
// one range of keys; a second of idleness costs one seek. When it is turned on,
// the items that were there are walked as for an index. An expired item is
// deleted by commit, like any other, which looks again under the latch whether it
// still is.
//
// # Backups, restores
//
// While the history of a table is kept, each write leaves in its own batch what
// the item was before. A table as it was at a moment is a copy of its rows with
// that undone, the newest first. So a backup is of one moment however long the
// copying takes and whatever is written meanwhile, and a restart merely begins
// the copy anew. A restored table is in the catalog from the start, and is opened
// to everyone when its items and index entries are there. What reads a table pins
// the moment that it reads: the history is kept for it, and the table too.
//
// # PartiQL
//
// Package partiql reads statements, and what it makes of them is what the other
// operations make of expressions. INSERT, UPDATE and DELETE become writes under a
// condition, and go through commit. A SELECT becomes one or more ranges of keys
// (select_plan.go), read into one page like those of Query and Scan; a NextToken
// says where it ended, and for which statement.
//
// # Contributor insights
//
// Where they are on, the table or index has contributors, which count the keys that
// are accessed, minute by minute, in room that is bounded (sketch). The counts are
// in memory only, and are gone when the engine is closed.
//
// # Capacity
//
// A table that is held to its capacity has a meter, around the table's model of package
// capacity. A write asks it between deciding and applying (admitWrites), a read once it
// is known what was read; what is refused has changed nothing and is not shown. Where
// capacity is not enforced there is no meter. Its clock may pass faster than time.
//
// # Global tables
//
// The replicas of a global table are tables of one account in several regions,
// each with all its own rows; each descriptor names them all. A write leaves a note
// for every other replica in its own batch, and a goroutine for each pair sends
// what the notes say: the item as it is, which the later version wins. With strong
// consistency there are no notes: a write has mirrors in the other replicas, in the
// same batch. A new replica is sent every item by every other one. What all
// replicas share is changed for all in one batch, with the alter and mu of each.
//
// # Locks
//
// Taken in this order, and released before anyone waits for the disk, except
// that a change of a table holds alter until it is durable:
//
//  1. table.alter: one change of a table at a time; of the replicas of a global
//     table in ascending order of their numbers.
//  2. table.mu: shared by a write until it is applied, exclusive to publish a
//     view; of several tables in ascending order of their numbers.
//  3. The latches of the items, in ascending order.
//  4. The latches of the rows of counters, in ascending order: Engine.counting.
//  5. The shards of streams, in ascending order of stream and shard. Between the
//     latches of the items and those of the counters, of a Part, come the locks of the
//     other engine.
//  6. Engine.catalog: which tables there are. Held alone to look one up, with
//     alter and mu to change one; never together with latches or shards.
//
// keyFilter.mu is held to let a filter grow, and for nothing else.
//
// ongoing.mu guards a map, contributors.mu counts, and meter.mu decides; they are held
// for nothing else, and neither is changedRows.mu, which a write takes before it
// applies. graphs.mu is taken before scopes and before scopeGraph.mu, and none of them
// before any other lock.
//
// Engine.readers and the ledgers of backups are taken last of all, the former
// before the latter, and held for one look or one batch.
//
// The locks of the store come last: an engine calls it with its own locks held,
// and it never calls back.
//
// Background work (filling indexes, counting after Open, trimming and rolling
// streams, delivering to Kinesis, deleting expired items, ending changes, copying whole tables, tending graphs) ends with
// Close. It takes the same locks for one step at a time.
package dynamodb
