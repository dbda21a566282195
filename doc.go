// Package levee gives tables, change streams and queues that speak the protocols
// of DynamoDB, DynamoDB Streams and SQS, inside your process.
//
// Every AWS SDK can talk to it. Nothing in your code is specific to Levee but the
// configuration of the client:
//
//	srv, err := levee.Open("data") // or "" for memory
//	if err != nil {
//		return err
//	}
//	defer srv.Close()
//	tables := dynamodb.NewFromConfig(srv.AWSConfig())
//	queues := sqs.NewFromConfig(srv.AWSConfig())
//
// In a test, package leveetest opens one and closes it when the test ends.
//
// # Reaching it
//
// AWSConfig makes clients that call the server directly: no socket, no port to
// choose, no connection to wait for. Other processes, and SDKs in other
// languages, need an address. Either the server listens by itself:
//
//	srv := &levee.Server{Dir: "data", Listen: "127.0.0.1:8000"}
//	err := srv.Start()
//
// or Handler goes into a server of net/http, beside your own pages, behind TLS or
// in an httptest.Server. Clients elsewhere then set the environment variable
// AWS_ENDPOINT_URL to http:// and the address.
//
// # Data
//
// A request is answered when the disk has what it changed: a process can be
// killed at any moment, and everything acknowledged is there when the directory
// is opened again. Tables and queues are in one store, of which one process at a
// time has the use. Without a directory the data is in memory and gone after
// Close.
//
// A process on one CPU should set GOMAXPROCS to 3, as the binary does by itself:
// goroutines that wait for the disk otherwise keep all others from running.
//
// # Exactly once
//
// Tables, queues and streams are in one store, so a transaction can span them. A
// Client carries them out, and does work exactly once with them: Consume for the
// messages of a queue, Follow for the records of a stream. What the function
// collects, what it sends on, and the removal of the message or the checkpoint
// commit together; a crash at any moment repeats the work without a trace.
//
//	client := levee.NewClient(srv.AWSConfig())
//	err := client.Consume(ctx, queueURL, func(ctx context.Context, tx *levee.Tx, m sqstypes.Message) error {
//		tx.Update(...)
//		tx.Send(...)
//		return nil
//	})
//
// ConsumeBatch does the same with one transaction for all messages of a receive.
// docs/transact.md has the request behind it, for other languages.
//
// # Counters
//
// Client.CreateCounter declares that a table counts its items and sums up attributes
// of them, by group, in the transaction of every write. Client.ReadCounter reads one
// group.
//
// # Sinks
//
// A pipe of the EventBridge Pipes API takes messages of a queue or changes of a table
// to other queues, tables and functions, and to what Server.Sinks declares: a func of
// this process, an HTTP endpoint, OpenSearch, Kinesis, Kafka, files.
//
//	srv := &levee.Server{Sinks: map[string]levee.Sink{"search": levee.OpenSearchSink{URL: url, Index: "orders"}}}
//
// # Namespaces
//
// What a request sees depends on its credentials: the account of the access key,
// and the region. With Server.Keys, only these keys are accepted, their signatures
// are verified, and each has the account that is configured for it. Without, any
// key will do, and tests in parallel need nothing but different ones: a key id of
// 12 digits is itself the account, and any other stands for an account of its
// own.
//
// # Errors
//
// They are those of the services, to the letter: the types of the SDK, the texts,
// and the order in which a request with several mistakes is refused.
package levee
