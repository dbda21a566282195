// Package sink is where pipes lead outside of Levee: HTTP endpoints, OpenSearch, and
// files. A file declares them, by name:
//
//	set, err := sink.Read(file, os.Getenv)
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
//   - files appends lines to files by time, each of which appears under its name when
//     it is whole (files.go).
//
// Every request has a time-out and every answer a limit. What is tried again, how
// often and when is for the pipe to say; a sink waits only as an endpoint asks for it
// with Retry-After.
//
// httpSink.mu and fileSink.mu are taken alone.
package sink
