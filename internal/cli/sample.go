package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/levee-io/levee"
)

// sampleCmd is the command levee sample.
type sampleCmd struct {
	Table     string `arg:"" help:"Name or ARN of the table."`
	Endpoint  string `required:"" placeholder:"URL" help:"Where the table is: an endpoint, or aws."`
	Region    string `placeholder:"NAME" help:"Region of the table; from the environment by default."`
	Attribute string `placeholder:"NAME" help:"Count the values of this attribute; by default the partition key."`
	Limit     int    `default:"100000" placeholder:"N" help:"Items that are read at most, up to 10000000 (${default})."`
}

const (
	// maxSample bounds the items that are read, whose keys are all in memory.
	maxSample = 10_000_000
	// maxSampled is the longest value that is counted, in bytes: that of a partition
	// key. The lines of a sample must stay within what a scenario reads.
	maxSampled = 2048
)

// Help is what levee sample --help says beside the flags.
func (sampleCmd) Help() string {
	return `Scans a table and prints each partition key, and after a tab how many items have it, the most frequent first: the
file of keys {kind: sample} in a scenario of levee rehearse. Only so many items are read as --limit says, one page after
the other, eventually consistent; the table is billed for them. Region and credentials come from the usual environment.`
}

// Run prints the sample.
func (c *sampleCmd) Run(ctx context.Context, std streams) error {
	if c.Limit < 1 || c.Limit > maxSample {
		return fmt.Errorf("--limit must be 1 to %d", maxSample)
	}
	db, err := c.connect(ctx)
	if err != nil {
		return err
	}
	if c.Attribute == "" {
		if c.Attribute, err = partitionKey(ctx, db, c.Table); err != nil {
			return err
		}
	}
	s := sample{counts: map[string]int{}}
	if err := c.scan(ctx, db, &s); err != nil {
		return err
	}
	if len(s.counts) == 0 {
		return fmt.Errorf("none of %d items of %s has the attribute %s", s.items, c.Table, c.Attribute)
	}
	if err := s.write(std.out); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "levee: %d items, %d without %s, %d different\n", s.items, s.without, c.Attribute, len(s.counts))
	return nil
}

func (c *sampleCmd) connect(ctx context.Context) (*dynamodb.Client, error) {
	env, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	env.Region = cmp.Or(c.Region, env.Region, levee.DefaultRegion)
	return dynamodb.NewFromConfig(env, func(o *dynamodb.Options) {
		if c.Endpoint != "aws" {
			o.BaseEndpoint = &c.Endpoint
		}
	}), nil
}

func partitionKey(ctx context.Context, db *dynamodb.Client, table string) (string, error) {
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return "", err
	}
	for _, k := range out.Table.KeySchema {
		if k.KeyType == types.KeyTypeHash {
			return aws.ToString(k.AttributeName), nil
		}
	}
	return "", errors.New("the table has no partition key")
}

// scan counts the values of the attribute in the first items.
func (c *sampleCmd) scan(ctx context.Context, db *dynamodb.Client, s *sample) error {
	in := &dynamodb.ScanInput{
		TableName: &c.Table, ProjectionExpression: aws.String("#a"), ExpressionAttributeNames: map[string]string{"#a": c.Attribute},
	}
	for {
		in.Limit = aws.Int32(int32(c.Limit - s.items))
		page, err := db.Scan(ctx, in)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := s.add(item[c.Attribute]); err != nil {
				return fmt.Errorf("%s: %w", c.Attribute, err)
			}
		}
		if len(page.LastEvaluatedKey) == 0 || s.items >= c.Limit {
			return nil
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

// sample is how often values were seen.
type sample struct {
	counts         map[string]int
	items, without int
}

func (s *sample) add(v types.AttributeValue) error {
	s.items++
	if v == nil {
		s.without++
		return nil
	}
	name, err := lineOf(v)
	if err != nil {
		return err
	}
	s.counts[name]++
	return nil
}

// lineOf returns a value as it is in the lines of a sample: different ones of a type
// stay different, and none has a tab or an end of line.
func lineOf(v types.AttributeValue) (string, error) {
	var text string
	size := 0
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		text, size = v.Value, len(v.Value)
		if strings.HasPrefix(text, `"`) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
			text = strconv.Quote(text)
		}
	case *types.AttributeValueMemberN:
		text = v.Value
	case *types.AttributeValueMemberB:
		text, size = base64.StdEncoding.EncodeToString(v.Value), len(v.Value)
	default:
		return "", errors.New("only strings, numbers and binary values are counted")
	}
	if size > maxSampled {
		return "", fmt.Errorf("a value is longer than %d bytes, as a partition key may be", maxSampled)
	}
	return text, nil
}

// write prints the values, the most frequent first.
func (s *sample) write(w io.Writer) error {
	names := slices.SortedFunc(maps.Keys(s.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.counts[b], s.counts[a]), strings.Compare(a, b))
	})
	b := bufio.NewWriter(w)
	for _, name := range names {
		fmt.Fprintf(b, "%s\t%d\n", name, s.counts[name])
	}
	return b.Flush()
}
