// Command compatgen writes docs/compatibility.md from the operation table:
//
//	compatgen -out docs/compatibility.md
//
// The table is the one that dispatches requests, so the page lists what the
// binary does and not what somebody remembers.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/autoscaling"
	"github.com/levee-io/levee/internal/cloudwatch"
	"github.com/levee-io/levee/internal/cloudwatchlogs"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sqs"
	"github.com/levee-io/levee/internal/transact"
)

// general is what concerns more than one operation.
//
//go:embed general.md
var general string

func main() {
	out := flag.String("out", "", "file to write")
	flag.Parse()
	page, err := page()
	if err == nil {
		err = os.WriteFile(*out, []byte(page), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "compatgen:", err)
		os.Exit(1)
	}
}

// page returns the text of docs/compatibility.md.
func page() (_ string, err error) {
	store := kvmem.New()
	defer func() { err = errors.Join(err, store.Close()) }()
	tables, err := dynamodb.Open(store, dynamodb.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, tables.Close()) }()
	queues, err := sqs.Open(store, sqs.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, queues.Close()) }()
	var b strings.Builder
	b.WriteString(general)
	scaling := autoscaling.Open(store, autoscaling.Options{})
	functions, err := lambda.Open(store, lambda.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, functions.Close()) }()
	spanning := transact.Open(store, tables, queues, nil)
	defer func() { err = errors.Join(err, spanning.Close()) }()
	pipes, err := pipeline.Open(store, pipeline.Options{})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, pipes.Close()) }()
	all := slices.Concat(tables.Operations(), queues.Operations(), scaling.Operations(), functions.Operations(), cloudwatch.New(nil).Operations(), cloudwatchlogs.New(cloudwatchlogs.Source{}).Operations(), pipes.Operations(), spanning.Operations())
	slices.SortStableFunc(all, func(a, b api.Operation) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range []struct{ title, target string }{
		{"DynamoDB", "DynamoDB_20120810"},
		{"DynamoDB Streams", "DynamoDBStreams_20120810"},
		{"SQS", "AmazonSQS"},
		{"Application Auto Scaling", "AnyScaleFrontendService"},
		{"Lambda", "Lambda"},
		{"EventBridge Pipes", "Pipes"},
		{"Levee", "Levee"},
		{"CloudWatch", "GraniteServiceVersion20100801"},
		{"CloudWatch Logs", "Logs_20140328"},
	} {
		section(&b, s.title, s.target, all)
	}
	return b.String(), nil
}

// partial are the services of which only some operations are here.
var partial = map[string]bool{"Lambda": true, "GraniteServiceVersion20100801": true, "Logs_20140328": true}

// section writes the operations of one service.
func section(b *strings.Builder, title, target string, all []api.Operation) {
	var built, missing []api.Operation
	for _, op := range all {
		switch {
		case op.Target != target:
		case op.Handle == nil:
			missing = append(missing, op)
		default:
			built = append(built, op)
		}
	}
	if partial[target] {
		fmt.Fprintf(b, "\n## %s: %d operations\n\nOthers are answered with the service's error for an unknown operation.\n", title, len(built))
	} else {
		fmt.Fprintf(b, "\n## %s: %d of %d operations\n", title, len(built), len(built)+len(missing))
	}
	fmt.Fprintf(b, "\n| operation | what to know |\n| --- | --- |\n")
	for _, op := range built {
		fmt.Fprintf(b, "| %s | %s |\n", op.Name, op.Doc)
	}
	if len(missing) == 0 {
		return
	}
	var names []string
	for _, op := range missing {
		names = append(names, op.Name)
	}
	fmt.Fprintf(b, "\nKnown and not implemented, answered with the service's error for an unknown operation:\n%s.\n", strings.Join(names, ", "))
}
