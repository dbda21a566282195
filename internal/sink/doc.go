// Package sink is where pipes lead outside of Levee: HTTP endpoints, OpenSearch,
// Kinesis, Kafka, files, and funcs of the process. A file declares them, by name, or a
// program does:
//
//	set, err := sink.Read(file, sink.Env{Getenv: os.Getenv})
//	set, err = sink.New(map[string]sink.Declaration{"hook": &sink.HTTP{URL: url}})
//	pipeline.Open(store, pipeline.Options{Sinks: set, ...})
//	err = set.Close()
//
// A sink gets each event at least once, with an id that is the same each time:
//
//   - http posts each event, with the id in webhook-id, and signed if there is a key
//     (http.go);
//   - opensearch writes batches with _bulk. The document of a change has the version
//     of its change, so that one that comes again, or late, changes nothing
//     (opensearch.go);
//   - kinesis writes batches with PutRecords. The service may take a record and refuse
//     the one before it, so where there is an order a request has one record of each
//     key (kinesis.go);
//   - kafka produces records, with the id in a header, by an idempotent producer that
//     waits for all replicas in sync (kafka.go);
//   - files appends lines to files by time, each of which appears under its name when
//     it is whole (files.go), or has a Parquet file made of it then (table.go). Its
//     directory is locked (lock_flock.go).
//
// Events of a key stay in order in Kinesis and Kafka; what the key is, key.go says.
// Requests to services of AWS are signed (signer.go).
//
// DataStreams, which is no sink, is where tables have their changes delivered without a
// pipe (data_streams.go).
//
// Every request has a time-out and every answer a limit, and no error tells a secret.
// What is tried again, how often and when is for the pipe to say. A sink waits only as
// an endpoint asks for it with Retry-After, and for seconds while a data stream
// refuses some of a batch or too many Parquet files are still being made.
//
// httpSink.mu, openSearch.mu and fileSink.mu are taken alone.
package sink
