package dynamodb

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/zstd"
)

const importSchema = `"BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]`

func importRequest(table, prefix, rest string) string {
	return fmt.Sprintf(`{"S3BucketSource":{"S3Bucket":"bucket","S3KeyPrefix":%q},"TableCreationParameters":{"TableName":%q,%s}%s}`, prefix, table, importSchema, rest)
}

type importAnswer struct {
	ImportTableDescription struct {
		ImportArn, ImportStatus, FailureCode, FailureMessage                  string
		ErrorCount, ProcessedItemCount, ImportedItemCount, ProcessedSizeBytes int
	}
}

// doImport imports a table and waits until that is done.
func (h *harness) doImport(in string) (out importAnswer) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.mustDo("ImportTable", in)), &out); err != nil {
		h.t.Fatal(err)
	}
	if out.ImportTableDescription.ImportStatus != "IN_PROGRESS" {
		h.t.Errorf("import: %+v", out)
	}
	synctest.Wait()
	return h.imported(out)
}

func (h *harness) imported(x importAnswer) (out importAnswer) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.mustDo("DescribeImport", fmt.Sprintf(`{"ImportArn":%q}`, x.ImportTableDescription.ImportArn))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// What was exported can be imported, and is the same.
func TestImportOfExport(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		rng := rand.New(rand.NewPCG(5, 5))
		h.mustDo("CreateTable", richTable)
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		for range 40 {
			h.writeRandom(rng)
		}
		x := h.export(``)
		id := x.ExportDescription.ExportArn[len(richARN+"/export/"):]
		got := h.doImport(importRequest("again", "AWSDynamoDB/"+id+"/data/", `,"InputFormat":"DYNAMODB_JSON","InputCompressionType":"GZIP"`)).ImportTableDescription
		if n := x.ExportDescription.ItemCount; got.ImportStatus != "COMPLETED" || got.ErrorCount != 0 || got.ImportedItemCount != n || got.ProcessedItemCount != n || got.ProcessedSizeBytes == 0 {
			t.Errorf("%+v", got)
		}
		for _, index := range []string{"", "global"} {
			if got, want := h.all("again", index), h.all("rich", index); !slices.Equal(got, want) {
				t.Errorf("%q\n got %v\nwant %v", index, got, want)
			}
		}
		h.mustDo("PutItem", `{"TableName":"again","Item":{"a":{"S":"x"},"b":{"N":"1"}}}`)
	})
}

func TestImportFormats(t *testing.T) {
	const csvText = "a,b,g,n\nx,1,g1,\"say \"\"hi\"\"\"\nx,two,g1,bad number\nx,2,,empty key of the index\ny,3,g2\nz,4,g3,5\n"
	const jsonText = `{"Item":{"a":{"S":"x"},"b":{"N":"1"},"g":{"S":"first"}}}
{"Item":{"a":{"S":"x"},"b":{"N":"1.0"},"g":{"S":"second"}}}

{"Item":{"a":{"S":"x"}}}
{"Item":{"a":{"S":"x"},"b":{"N":"2"},"g":{"N":"1"}}}
{"Other":{}}
not json
`
	zipped := func(text string) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		io.WriteString(w, text)
		w.Close()
		return b.Bytes()
	}
	squeezed := func(text string) []byte {
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		return w.EncodeAll([]byte(text), nil)
	}
	const csvItems = `{"a":{"S":"x"},"b":{"N":"1"},"g":{"S":"g1"},"n":{"S":"say \"hi\""}} {"a":{"S":"z"},"b":{"N":"4"},"g":{"S":"g3"},"n":{"S":"5"}}`
	for _, c := range []struct {
		name, options     string
		body              []byte
		items             string
		processed, errors int
	}{
		{"csv", `"InputFormat":"CSV"`, []byte(csvText), csvItems, 5, 3},
		{"csv header", `"InputFormat":"CSV","InputFormatOptions":{"Csv":{"Delimiter":";","HeaderList":["a","b"]}}`, []byte("x;1\ny;2;3\n"), `{"a":{"S":"x"},"b":{"N":"1"}}`, 2, 1},
		{"csv malformed", `"InputFormat":"CSV"`, []byte("a,b\nx,1\nx,\"2\"3\nx,4\n"), `{"a":{"S":"x"},"b":{"N":"1"}}`, 1, 1},
		{"csv without end", `"InputFormat":"CSV"`, append([]byte("a,b\nx,1\n\""), bytes.Repeat([]byte("x\n"), maxImportLine)...), `{"a":{"S":"x"},"b":{"N":"1"}}`, 1, 1},
		{"zstd csv", `"InputFormat":"CSV","InputCompressionType":"ZSTD"`, squeezed(csvText), csvItems, 5, 3},
		{"json", `"InputFormat":"DYNAMODB_JSON"`, []byte(jsonText), `{"a":{"S":"x"},"b":{"N":"1"},"g":{"S":"second"}}`, 6, 4},
		{"gzip json", `"InputFormat":"DYNAMODB_JSON","InputCompressionType":"GZIP"`, zipped(jsonText), `{"a":{"S":"x"},"b":{"N":"1"},"g":{"S":"second"}}`, 6, 4},
		{"not gzip", `"InputFormat":"DYNAMODB_JSON","InputCompressionType":"GZIP"`, []byte(jsonText), ``, 0, 1},
		{"cut off", `"InputFormat":"DYNAMODB_JSON","InputCompressionType":"GZIP"`, zipped(jsonText)[:20], ``, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			withBuckets(t, func(h *harness, m *memBuckets) {
				m.objects["in/x"] = c.body
				m.objects["other"] = []byte("not to be read")
				got := h.doImport(importRequest("abc", "in/", ","+c.options)).ImportTableDescription
				if got.ImportStatus != "COMPLETED" || got.ProcessedItemCount != c.processed || got.ErrorCount != c.errors {
					h.t.Errorf("%+v", got)
				}
				if items := strings.Join(h.all("abc", ""), " "); items != c.items {
					h.t.Errorf("\n got %s\nwant %s", items, c.items)
				}
			})
		})
	}
}

func TestImportRefusals(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		m.objects["in/x"] = []byte("a,b\nx,1\n")
		request := func(table, rest string) string { return importRequest(table, "in/", `,"InputFormat":"CSV"`+rest) }
		first := h.doImport(request("abc", `,"ClientToken":"token"`)).ImportTableDescription
		if again := h.mustDo("ImportTable", request("abc", `,"ClientToken":"token"`)); !strings.Contains(again, first.ImportArn) {
			t.Errorf("again: %s", again)
		}
		h.fails("ImportTable", request("other", `,"ClientToken":"token"`), "ImportConflictException: Import conflict: Duplicate request detected with conflicting parameters")
		h.fails("ImportTable", request("abc", ``), "ResourceInUseException: Table already exists: abc")
		h.refused("ImportTable", strings.Replace(request("other", ``), "CSV", "ION", 1), "Levee does not support the parameter InputFormat ION yet")
		time.Sleep(time.Second)
		failed := h.doImport(strings.Replace(request("lost", ``), `"bucket"`, `"none"`, 1)).ImportTableDescription
		if failed.ImportStatus != "FAILED" || failed.FailureCode != "S3NoSuchBucket" {
			t.Errorf("%+v", failed)
		}
		list := h.mustDo("ListImports", `{"PageSize":1}`)
		var page struct{ NextToken string }
		if err := json.Unmarshal([]byte(list), &page); err != nil || !strings.Contains(list, first.ImportArn) || strings.Contains(list, failed.ImportArn) {
			t.Errorf("%s %v", list, err)
		}
		if list = h.mustDo("ListImports", fmt.Sprintf(`{"NextToken":%q}`, page.NextToken)); !strings.Contains(list, failed.ImportArn) || strings.Contains(list, first.ImportArn) {
			t.Errorf("second page: %s", list)
		}
		h.fails("DescribeImport", fmt.Sprintf(`{"ImportArn":"%sx"}`, first.ImportArn), "ImportNotFoundException: Import not found: "+first.ImportArn+"x")
	})
}

// An import that a restart interrupts begins anew.
func TestInterruptedImport(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		m.objects["in/x"] = []byte("a,b,g\nx,1,g\ny,2,g\n")
		for range maxWork { // no work gets its turn
			h.work <- struct{}{}
		}
		x := h.doImport(importRequest("abc", "in/", `,"InputFormat":"CSV"`))
		if x.ImportTableDescription.ImportStatus != "IN_PROGRESS" || h.status("abc") != "CREATING" {
			t.Errorf("%+v", x)
		}
		h.restart()
		synctest.Wait()
		if x = h.imported(x); x.ImportTableDescription.ImportStatus != "COMPLETED" || len(h.all("abc", "global")) != 2 || h.status("abc") != "ACTIVE" {
			t.Errorf("%+v", x)
		}
	})
}

// An imported table has the vector indexes that it was asked to have.
func TestImportWithVectorIndex(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		m.objects["in/x"] = []byte(`{"Item":` + doc("a", 1, 0, ``) + "}\n{\"Item\":" + doc("b", 0, 2, ``) + "}\n" + `{"Item":{"id":{"S":"c"},"v":{"L":[{"N":"1"}]}}}`)
		table := strings.TrimSuffix(docsPlain, "}") + `,"VectorIndexes":[` + nearIndex + `]}`
		got := h.doImport(`{"S3BucketSource":{"S3Bucket":"bucket","S3KeyPrefix":"in/"},"InputFormat":"DYNAMODB_JSON","TableCreationParameters":` + table + `}`).ImportTableDescription
		if got.ImportedItemCount != 2 || got.ErrorCount != 1 {
			t.Errorf("%+v", got)
		}
		h.finds("near", 1, 0, 5, ``, "a 0, b 2.24")
	})
}
