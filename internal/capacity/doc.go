// Package capacity is the model of what operations cost and of what the services
// admit: pure data structures that know no store, no clock and no socket. Every
// method that depends on time takes now, so that a running engine and a simulation
// that passes an hour in a second ask the same model the same questions.
//
// # Units
//
// A write costs one unit a KB of the larger of the item before and after it, a
// strongly consistent read one unit per 4 KB, an eventually consistent one half of
// that; a transaction costs twice as much (units.go).
//
// # Tables
//
// A Table admits demands: units of a Class, at a key, of the table or of one of its
// indexes. A demand passes four token buckets, in this order, and takes from all or
// from none: the configured maximum of an on-demand resource, the account's quota of
// a table, what is provisioned (or what an on-demand resource sustains at once), and
// the partition of the key. The Decision names the first that was short.
//
//	table := capacity.NewTable(capacity.Defaults(), capacity.TableConfig{OnDemand: true}, now)
//	d := table.Admit(now, key, capacity.Itself, capacity.Write, capacity.WriteUnits(size))
//	if !d.Allowed { ... d.Reason() ... }
//
// AdmitAll takes several demands together: a write and the index entries that it
// changes, so that an index without write capacity holds the table's write back.
//
// A key is a place in a space of 64 bits: in its upper half the hash of the partition
// key, in its lower half the order of the sort key. Partitions are ranges of it. They
// split (partition.go) and are never merged. A partition's share of a table's
// throughput is not fixed: every partition gives what it is asked for up to its cap,
// as long as the table has tokens, which is what adaptive capacity comes to.
//
// What happens by itself (splits, the memory of peaks, auto scaling, changes that
// take minutes) happens at the turn of a minute. The turns that have passed are made
// up for by whatever method is called next; no goroutine and no timer is involved.
//
// # Queues and functions
//
// A Queue admits calls of FIFO queues by action, and by partition in high-throughput
// mode, and says when too many messages are in flight. Pollers and Function are how
// Lambda takes messages from a queue: how many pollers there are, and how fast a
// function's concurrency may grow.
//
// # Parameters
//
// Every figure is in Params, each with where it is published, or that it is assumed
// because the service does not publish it. Nothing is random but the stride at which
// a partition samples its keys, which comes from Params.Seed: the same calls have the
// same answers.
//
// Nothing here is safe for concurrent use.
package capacity
