package integration

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// duckQuery prints what DuckDB makes of a query over Parquet files in directories
// that say the time.
const duckQuery = `
import duckdb, sys
files = "read_parquet(%r, hive_partitioning = true)" % sys.argv[1]
print(duckdb.sql("select count(distinct id), count(version), count(distinct key), sum(n)::bigint, sum(total), count(*) filter (removed), typeof(any_value(time)), min(year) >= 2024 from (select distinct on (id) * from " + files + ")").fetchall())
print(duckdb.sql("select json_extract_string(data, '$.dynamodb.Keys.id.S') from " + files + " where removed limit 1").fetchall())
`

// The changes of a table are in Parquet files that DuckDB reads, over the death of the
// server, and nothing else is left when it has stopped.
func TestPipeToParquet(t *testing.T) {
	python := installed(t, "servers/bin/python")
	dir := t.TempDir()
	c := startWithSinks(t, `archive: {files: {dir: %q, format: parquet, max_age: 1s, columns: [
		{name: n, path: $.dynamodb.NewImage.n.N, type: long}, {name: total, path: $.dynamodb.NewImage.total.N, type: double}]}}`, dir)
	c.createTable(t, "source", hashOnly, keyedByID, withStream(ddb.StreamViewTypeNewAndOldImages))
	c.pipe(t, "p", *c.describe(t, "source").LatestStreamArn, "archive", "")
	const changes = 200
	key := func(i int) map[string]ddb.AttributeValue {
		return map[string]ddb.AttributeValue{"id": &ddb.AttributeValueMemberS{Value: fmt.Sprint("item", i%10)}}
	}
	for i := range changes {
		item := key(i)
		item["n"], item["total"] = &ddb.AttributeValueMemberN{Value: fmt.Sprint(i)}, &ddb.AttributeValueMemberN{Value: "0.5"}
		try(c.db.PutItem(ctx(t), &dynamodb.PutItemInput{TableName: aws.String("source"), Item: item})).must(t)
		if i == changes/2 {
			c.server.restart(t, os.Kill)
		}
	}
	try(c.db.DeleteItem(ctx(t), &dynamodb.DeleteItemInput{TableName: aws.String("source"), Key: key(3)})).must(t)
	files := filepath.Join(dir, "*", "*", "*", "*", "*")
	eventually(t, "the last change is in a file", func() bool {
		for _, path := range try(filepath.Glob(files)).must(t) {
			if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), `"removed":true`) {
				return true
			}
		}
		return false
	})
	if err := c.server.signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, path := range try(filepath.Glob(files)).must(t) {
		if !strings.HasSuffix(path, ".parquet") {
			t.Errorf("%s is left", path)
		}
	}
	out, err := exec.Command(python, "-c", duckQuery, files).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want(t, "what DuckDB finds", string(out), fmt.Sprintf("[(201, 201, 10, %d, %.1f, 1, 'TIMESTAMP WITH TIME ZONE', True)]\n[('item3',)]\n", changes*(changes-1)/2, changes*0.5))
}
