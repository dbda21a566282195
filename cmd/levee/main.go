// Command levee serves tables, change streams and queues over the protocols of
// DynamoDB, DynamoDB Streams and SQS. See levee --help.
package main

import (
	"os"

	"github.com/levee-io/levee/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdout, os.Stderr)) }
