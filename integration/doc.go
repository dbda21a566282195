// Package integration tests the binary from outside, with the clients that
// Levee's users have: the AWS SDK for Go here; beside it the AWS CLI, the SDKs for
// Python, JavaScript, Java and Ruby, and libraries that people use them through
// (PynamoDB, Celery; ElectroDB, DynamoDB-Toolbox, Dynamoose, sqs-consumer; the
// enhanced client and the mapper with their optimistic locking, the batch manager
// and JMS).
// It is a module of its own, so that no client is a dependency of Levee.
//
// Of the packages that their registries hold, two bring example programs, which are
// run as they are there: the AWS CLI (python/test_cli_examples.py) and the SDK for
// Go's package expression (sdk_examples_test.go). PynamoDB, ElectroDB,
// DynamoDB-Toolbox and Dynamoose bring none, nor has what Maven installs of those for
// Java any; the tests of those follow their guides.
//
//	integration/run                     everything, as CI does
//	go test ./... -run TestPutItem      one family of operations
//	LEVEE=/path/to/levee go test ./...  against a binary that is built already
//
// What an answer should be comes from the services' documentation and from what
// they are known to answer, never from Levee's source. A test that disagrees
// with Levee is a bug of Levee until the service says otherwise.
//
// What pipes lead to is real as well: a broker of Kafka, a node of OpenSearch, and moto
// for Kinesis, each started by its test; DuckDB reads Parquet files. integration/run
// installs them. With -short these tests are skipped.
//
// Each test has an account of its own, which is the access key it signs with
// (12 digits are the account itself), on one of two servers that all tests
// share: one with its data in memory and one with its data on disk. Tests that
// stop or kill a server start their own.
package integration
