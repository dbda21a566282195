// Package cloudwatchlogs is the operations of CloudWatch Logs that read what
// functions printed: DescribeLogGroups, DescribeLogStreams, GetLogEvents and
// FilterLogEvents. Function f has the log group /aws/lambda/f, and each of its
// environments a log stream. There is one file per operation.
//
//	engine := cloudwatchlogs.New(cloudwatchlogs.Source{Functions: ..., Logs: ...})
//	for _, op := range engine.Operations() { ... }
//
// Nothing is kept here: each request is answered from the logs that the source
// remembers. An event is a line. Its id is made of its time, its invocation and its
// place, so that ids are in the order of time and the place to go on with is an id.
package cloudwatchlogs
