// Package autoscaling is the engine of Application Auto Scaling for tables: which
// capacities may be scaled within which bounds, by which policies and at what
// times. It keeps and describes them as the service does, and Act scales by them what
// is held to its capacity.
//
// Open returns the Engine over a kv.Store; Operations is the table of what it
// can do, with a handler for each. There is one file per operation.
//
// # Scalable targets
//
// A target is one capacity of one resource: the service namespace (dynamodb), the
// resource id (table/NAME or table/NAME/index/INDEX) and the dimension, such as
// dynamodb:table:ReadCapacityUnits. Policies and scheduled actions belong to a
// target and are deleted with it. Whether the table behind it exists is asked of
// Options.Resources when it is registered, and never again: as in the service, a
// target outlives its table.
//
// # Acting
//
// Act looks at every target once a minute. The alarms of a policy are a
// capacity.Scaler, which sees what the tables have consumed in the minute; what is to
// change does so after the minutes that UpdateTable takes in the service, as an
// activity. Scalers and activities are in memory: a restart begins with new ones.
// Engine.acted is the only lock that Act shares with the operations besides mu.
//
// # Rows and locks
//
// Everything is in the store and read from it each time; docs/format.md says the
// bytes. Engine.mu serialises the operations that write, from their first read
// to the end of Apply. It is released before anyone waits for the disk. An
// answer that reports what was read waits for a barrier, so that no crash takes
// it back.
package autoscaling
