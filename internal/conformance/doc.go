// Package conformance holds what the services answer, as data, and asks an
// endpoint whether it answers the same. The endpoint may be anybody's: it is
// spoken to over HTTP only.
//
//	suite, err := conformance.Load(conformance.Cases())
//	report := suite.Run(ctx, conformance.Config{Endpoint: "http://127.0.0.1:8000", ...})
//	report.WriteText(os.Stdout)
//
// docs/conformance.md tells how a case is written, and which documented errors have a
// reason instead of one; a test holds the two together. A case goes this way:
//
//   - scan.go and parse.go read files into a Suite; expand.go writes out the
//     blocks and macros that stand for many cases or long texts;
//   - value.go and literal.go are the JSON of the files: with fewer quotes,
//     shorthands for attribute values, and matchers;
//   - run.go runs files and cases beside each other; place.go runs the steps of
//     one, with names of its own (vars.go) and with the tables and queues it
//     asked for (fixture.go), which it removes;
//   - client.go signs and sends a step, as it is or with what is wrong about it;
//     query.go says the same in the query protocol of SQS; stream.go reads the whole
//     of a stream for a step;
//   - check.go and match.go compare the answer, report.go counts.
//
// Nothing here has a lock of its own but the collector of results.
package conformance
