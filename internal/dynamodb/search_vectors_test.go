package dynamodb

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/kv/kvmem"
	"github.com/levee-io/levee/internal/vector"
)

const (
	docsKeys = `{"TableName":"docs","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
		"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}`
	docsPlain = docsKeys + `]}`
	// docsTable has an index of plain vectors, and one with a search schema.
	docsTable = docsKeys + `,{"AttributeName":"lang","AttributeType":"S"},{"AttributeName":"year","AttributeType":"N"}],"VectorIndexes":[` + nearIndex + `,` + langIndex + `]}`

	nearIndex = `{"IndexName":"near","VectorAttribute":{"AttributeName":"v"},"Projection":{"ProjectionType":"ALL"},"Dimensions":2,"DistanceFunction":"EUCLIDEAN"}`
	langIndex = `{"IndexName":"byLang","VectorAttribute":{"AttributeName":"v"},"Projection":{"ProjectionType":"KEYS_ONLY"},"Dimensions":2,"DistanceFunction":"COSINE",
		"SearchSchema":[{"AttributeName":"lang","SearchSchemaElementType":"HASH"},{"AttributeName":"year","SearchSchemaElementType":"INLINE_FILTER"}]}`
)

// doc is an item of docs with a vector.
func doc(id string, x, y float64, rest string) string {
	return fmt.Sprintf(`{"id":{"S":%q},"v":{"L":[{"N":"%v"},{"N":"%v"}]}%s}`, id, x, y, rest)
}

// nearest searches docs and returns what it found as "id score", the nearest first.
func (h *harness) nearest(index string, x, y float64, k int, rest string) string {
	h.t.Helper()
	return h.results(searchDocs(index, x, y, k, rest))
}

// results searches and returns what it found as "id score", the nearest first.
func (h *harness) results(in string) string {
	h.t.Helper()
	out := h.mustDo("SearchVectors", in)
	var answer struct {
		SearchResults []struct {
			Item  map[string]map[string]any
			Score float64
		}
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, r := range answer.SearchResults {
		list = append(list, fmt.Sprintf("%v %.3g", r.Item["id"]["S"], r.Score))
	}
	return strings.Join(list, ", ")
}

func searchDocs(index string, x, y float64, k int, rest string) string {
	return fmt.Sprintf(`{"TableName":"docs","IndexName":%q,"SearchVector":[{"N":"%v"},{"N":"%v"}],"TopK":%d%s}`, index, x, y, k, rest)
}

// finds is nearest that must find exactly want.
func (h *harness) finds(index string, x, y float64, k int, rest, want string) {
	h.t.Helper()
	if got := h.nearest(index, x, y, k, rest); got != want {
		h.t.Errorf("index %s near (%v, %v)%s: %q, want %q", index, x, y, rest, got, want)
	}
}

func (h *harness) putDocs() {
	h.put("docs", doc("a", 1, 0, `,"lang":{"S":"de"},"year":{"N":"1"},"more":{"S":"x"}`))
	h.put("docs", doc("b", 0, 2, `,"lang":{"S":"de"},"year":{"N":"2"}`))
	h.put("docs", doc("c", -3, 0, `,"lang":{"S":"en"},"year":{"N":"1"}`))
	h.put("docs", doc("d", 5, 5, ``))
	h.put("docs", `{"id":{"S":"none"},"lang":{"S":"de"}}`)
}

const (
	inGerman  = `,"SearchConditionExpression":"lang = :l","ExpressionAttributeValues":{":l":{"S":"de"}}`
	inGerman1 = `,"SearchConditionExpression":"#l = :l AND #y = :y","ExpressionAttributeNames":{"#l":"lang","#y":"year"},"ExpressionAttributeValues":{":l":{"S":"de"},":y":{"N":"1.0"}}`
)

func TestSearchVectors(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	h.putDocs()
	h.finds("near", 1, 0, 2, ``, "a 0, b 2.24")
	h.finds("near", 1, 0, 100, ``, "a 0, b 2.24, c 4, d 6.4")
	h.finds("byLang", 0, 1, 5, inGerman, "b 0, a 1")
	h.finds("byLang", 0, 1, 5, inGerman1, "a 1")

	h.mustDo("UpdateItem", `{"TableName":"docs","Key":{"id":{"S":"a"}},"UpdateExpression":"SET v[0] = :n, lang = :l","ExpressionAttributeValues":{":n":{"N":"6"},":l":{"S":"en"}}}`)
	h.finds("near", 1, 0, 2, ``, "b 2.24, c 4")
	h.finds("byLang", 0, 1, 5, inGerman, "b 0")
	h.mustDo("DeleteItem", `{"TableName":"docs","Key":{"id":{"S":"b"}}}`)
	h.mustDo("UpdateItem", `{"TableName":"docs","Key":{"id":{"S":"c"}},"UpdateExpression":"REMOVE v"}`)
	h.finds("near", 1, 0, 9, ``, "a 5, d 6.4")
	h.finds("byLang", 0, 1, 5, inGerman, "")
}

func TestSearchVectorsReturnsWhatTheIndexHolds(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	h.putDocs()
	h.expect("SearchVectors", searchDocs("byLang", 1, 0, 1, inGerman),
		`{"SearchResults":[{"Item":{"id":{"S":"a"},"lang":{"S":"de"},"year":{"N":"1"}},"Score":0.0}]}`)
	h.expect("SearchVectors", searchDocs("near", 1, 0, 1, `,"ProjectionExpression":"more","ReturnConsumedCapacity":"NONE"`),
		`{"SearchResults":[{"Item":{"more":{"S":"x"}},"Score":0.0}]}`)
	out := h.mustDo("SearchVectors", searchDocs("near", 1, 0, 1, `,"ReturnConsumedCapacity":"TOTAL"`))
	if !strings.Contains(out, `"VectorSearchRequestBytes":`) {
		t.Errorf("no capacity: %s", out)
	}
	out = h.mustDo("PutItem", `{"TableName":"docs","ReturnConsumedCapacity":"INDEXES","Item":`+doc("z", 1, 1, ``)+`}`)
	if !strings.Contains(out, `"VectorIndexes":{"near":{"VectorWriteRequestBytes":`) {
		t.Errorf("no capacity: %s", out)
	}
}

// Conditions on filters may be anything; the partition key must be equal to a value.
func TestSearchConditions(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	h.putDocs() // in German: a of year 1, b of year 2
	h.put("docs", doc("e", 0, 1, `,"lang":{"S":"de"}`))
	for _, c := range []struct{ condition, want string }{
		{"#y < :two", "a 0"},
		{"#y >= :two", "b 1"},
		{"#y BETWEEN :one AND :two", "a 0, b 1"},
		{"#y IN (:two, :three)", "b 1"},
		{"(#y = :one OR #y = :two)", "a 0, b 1"},
		{"NOT #y = :one", "b 1, e 1"},
		{"#y <> :one", "b 1, e 1"},
		{"attribute_exists(#y)", "a 0, b 1"},
		{"attribute_not_exists(#y)", "e 1"},
		{"#y > :one AND #y < :three", "b 1"},
		{"#y = :one AND #y = :two", ""},
	} {
		values := `":l":{"S":"de"}`
		for name, n := range map[string]string{":one": "1", ":two": "2", ":three": "3"} {
			if strings.Contains(c.condition, name) {
				values += fmt.Sprintf(`,%q:{"N":%q}`, name, n)
			}
		}
		h.finds("byLang", 1, 0, 9, fmt.Sprintf(`,"SearchConditionExpression":"lang = :l AND %s","ExpressionAttributeNames":{"#y":"year"},"ExpressionAttributeValues":{%s}`, c.condition, values), c.want)
	}
}

// The vector comes only when it is asked for.
func TestSearchVectorsLeavesOutTheVector(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	h.putDocs()
	h.expect("SearchVectors", searchDocs("near", 1, 0, 1, ``),
		`{"SearchResults":[{"Item":{"id":{"S":"a"},"lang":{"S":"de"},"more":{"S":"x"},"year":{"N":"1"}},"Score":0.0}]}`)
	h.expect("SearchVectors", searchDocs("near", 1, 0, 1, `,"ProjectionExpression":"v"`),
		`{"SearchResults":[{"Item":{"v":{"L":[{"N":"1.0"},{"N":"0.0"}]}},"Score":0.0}]}`)
}

// What is found among many is what looking at each of them finds.
func TestSearchVectorsAmongMany(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	r := rand.New(rand.NewPCG(1, 1))
	all := map[uint64][]float32{}
	for id := range uint64(600) {
		v := []float32{r.Float32(), r.Float32()}
		all[id] = v
		h.put("docs", doc(fmt.Sprintf("%03d", id), float64(v[0]), float64(v[1]), ``))
	}
	exact := vector.NewNearest(vector.Euclidean, []float32{.5, .5}, 20)
	for id, v := range all {
		exact.Offer(id, v)
	}
	var want []string
	for _, hit := range exact.Hits() {
		want = append(want, fmt.Sprintf("%03d %.3g", hit.ID, hit.Score))
	}
	h.finds("near", .5, .5, 20, ``, strings.Join(want, ", "))
}

func TestRefusedSearches(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	const (
		invalid      = "Invalid SearchConditionExpression: "
		vectorValues = "Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number attribute"
	)
	for _, c := range []struct{ in, want string }{
		{searchDocs("near", 1, 0, 101, ``), "Provided TopK value '101' is out of valid range. The value must be between 1 and 100 inclusive"},
		{searchDocs("none", 1, 0, 1, ``), "The table does not have the specified index: none"},
		{searchDocs("byLang", 1, 0, 1, ``), "SearchConditionExpression must be provided when SearchSchema has a HASH key"},
		{searchDocs("byLang", 1, 0, 1, `,"SearchConditionExpression":"lang > :l","ExpressionAttributeValues":{":l":{"S":"de"}}`), invalid + "Invalid comparator used in SearchConditionExpression"},
		{searchDocs("byLang", 1, 0, 1, `,"SearchConditionExpression":"NOT lang = :l","ExpressionAttributeValues":{":l":{"S":"de"}}`), invalid + "Invalid comparator used in SearchConditionExpression"},
		{searchDocs("byLang", 1, 0, 1, `,"SearchConditionExpression":"lang = id"`), invalid + "Invalid operator used in SearchConditionExpression"},
		{searchDocs("byLang", 1, 0, 1, `,"SearchConditionExpression":"lang = :l AND lang = :l","ExpressionAttributeValues":{":l":{"S":"de"}}`), invalid + "SearchConditionExpression must only contain one condition per attribute"},
		{searchDocs("near", 1, 0, 1, `,"SearchConditionExpression":"lang = :l","ExpressionAttributeValues":{":l":{"S":"de"}}`), "SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: lang"},
		{searchDocs("byLang", 1, 0, 1, `,"SearchConditionExpression":"lang = :l","ExpressionAttributeValues":{":l":{"N":"1"}}`), "Type of 'lang' attribute in SearchConditionExpression (N) does not match type in search schema (S)"},
		{`{"TableName":"docs","IndexName":"near","SearchVector":[{"N":"1"}],"TopK":1}`, "Input search vector dimension 1 does not match vector index dimension 2"},
		{`{"TableName":"docs","IndexName":"near","SearchVector":[{"N":"1"},{"N":"1e39"}],"TopK":1}`, vectorValues},
		{`{"TableName":"docs","IndexName":"near","SearchVector":[{"S":"1"},{"N":"1"}],"TopK":1}`, vectorValues},
	} {
		h.refused("SearchVectors", c.in, c.want)
	}
	h.refused("Scan", `{"TableName":"docs","IndexName":"near"}`, "The table does not have the specified index: near")
}

func TestRefusedVectors(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", docsTable)
	h.put("docs", doc("a", 1, 0, ``))
	const (
		bad       = "One or more parameter values were invalid: "
		badVector = "One or more parameter values were invalid. "
	)
	for _, c := range []struct{ v, rest, want string }{
		{`{"S":"1"}`, ``, badVector + "Invalid type for parameter v, Expected: 32-bit floating point number list IndexName: byLang"},
		{`{"L":[{"N":"1"}]}`, ``, badVector + "Invalid size for parameter v, Expected: 2, Actual: 1 IndexName: byLang"},
		{`{"L":[{"N":"1"},{"S":"x"}]}`, ``, badVector + "Invalid type for parameter v[1], Expected: 32-bit floating point number, Actual: S. IndexName: byLang"},
		{`{"L":[{"N":"1"},{"N":"-3.5E38"}]}`, ``, badVector + "Invalid value for parameter v[1], Value: -3.5E+38 is outside valid range [-3.4028235E38, 3.4028235E38]. IndexName: byLang"},
		{`{"L":[{"N":"1"},{"N":"1"}]}`, `,"year":{"S":"x"}`, bad + "Type mismatch for Index Key year Expected: N Actual: S IndexName: byLang"},
	} {
		h.refused("PutItem", `{"TableName":"docs","Item":{"id":{"S":"a"},"v":`+c.v+c.rest+`}}`, c.want)
		if c.rest == "" {
			h.refused("UpdateItem", `{"TableName":"docs","Key":{"id":{"S":"a"}},"UpdateExpression":"SET v = :v","ExpressionAttributeValues":{":v":`+c.v+`}}`, c.want)
		}
	}
	h.finds("near", 1, 0, 9, ``, "a 0")
}

func TestRefusedVectorIndexes(t *testing.T) {
	h := newEngine(t)
	const bad = "One or more parameter values were invalid: "
	with := func(indexes string) string {
		return strings.TrimSuffix(docsPlain, "}") + `,"VectorIndexes":[` + indexes + `]}`
	}
	six := make([]string, 6)
	for i := range six {
		six[i] = strings.Replace(nearIndex, "near", fmt.Sprint("near", i), 1)
	}
	long := `"SearchSchema":[` + strings.TrimSuffix(strings.Repeat(`{"AttributeName":"id","SearchSchemaElementType":"INLINE_FILTER"},`, 11), ",") + `]`
	for _, c := range []struct{ in, want string }{
		{with(strings.Replace(nearIndex, `"Dimensions"`, long+`,"Dimensions"`, 1)), bad + "Number of elements in SearchSchema exceeds the limit of 10 for index: near"},
		{with(langIndex), bad + "One element in SearchSchema is not defined in attribute definitions"},
		{with(nearIndex + "," + nearIndex), bad + "Duplicate index name: near"},
		{with(strings.Join(six, ",")), bad + "VectorIndex count exceeds the per-table limit of 5"},
		{with(strings.Replace(nearIndex, `"Dimensions":2`, `"Dimensions":4097`, 1)), bad + "Number of dimensions must be between 1 and 4096 inclusive."},
		{strings.Replace(with(nearIndex), `"PAY_PER_REQUEST"`, `"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}`, 1), bad + "Vector indexes are only supported for PAY_PER_REQUEST tables"},
		{strings.Replace(docsTable, langIndex, strings.Replace(langIndex, "INLINE_FILTER", "HASH", 1), 1), bad + "The SearchSchema contains more than one HASH element for index: byLang"},
	} {
		h.refused("CreateTable", c.in, c.want)
	}
}

// An index that is added later is filled, one that is deleted leaves no row, and
// what a restart finds is what was there.
func TestVectorIndexesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := kvmem.New()
		defer store.Close()
		h := openEngine(t, store)
		h.mustDo("CreateTable", docsPlain)
		h.putDocs()
		h.put("docs", `{"id":{"S":"short"},"v":{"L":[{"N":"1"}]}}`) // which no index takes
		out := h.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Create":`+nearIndex+`}]}`)
		if !strings.Contains(out, `"IndexStatus":"CREATING"`) || !strings.Contains(out, `"Backfilling":true`) {
			t.Errorf("created: %s", out)
		}
		synctest.Wait()
		h.finds("near", 1, 0, 2, ``, "a 0, b 2.24")
		const described = `"VectorAttribute":{"AttributeName":"v"},"Dimensions":2,"DistanceFunction":"EUCLIDEAN","IndexStatus":"ACTIVE","IndexSizeBytes":`
		if out := h.mustDo("DescribeTable", `{"TableName":"docs"}`); !strings.Contains(out, described) || !strings.Contains(out, `"ItemCount":4`) {
			t.Errorf("described: %s", out)
		}
		h.mustDo("UpdateTable", `{"TableName":"docs","AttributeDefinitions":[{"AttributeName":"lang","AttributeType":"S"},{"AttributeName":"year","AttributeType":"N"}],"VectorIndexUpdates":[{"Create":`+langIndex+`}]}`)
		synctest.Wait()
		h.Close()

		h = openEngine(t, store)
		defer h.Close()
		synctest.Wait()
		h.finds("byLang", 0, 1, 5, inGerman, "b 0, a 1")
		h.refused("UpdateTable", `{"TableName":"docs","BillingMode":"PROVISIONED","ProvisionedThroughput":{"ReadCapacityUnits":1,"WriteCapacityUnits":1}}`,
			"One or more parameter values were invalid: Vector indexes are supported only on tables whose BillingMode is PAY_PER_REQUEST")
		h.refused("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Create":`+nearIndex+`}]}`, "Attempting to create an index which already exists")
		for _, name := range []string{"near", "byLang"} {
			h.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Delete":{"IndexName":"`+name+`"}}]}`)
		}
		if out := h.mustDo("DescribeTable", `{"TableName":"docs"}`); strings.Contains(out, "Vector") || strings.Contains(out, "lang") {
			t.Errorf("still described: %s", out)
		}
		it := store.Scan(kv.PrefixRange([]byte{space, kindIndex}))
		defer it.Close()
		if it.Next() {
			t.Errorf("a row is left: %x", it.Key())
		}
	})
}

// What a table counts for its vectors is right whenever their indexes came or went, and
// what is restored counts as what was saved.
func TestSizeOfTableWithVectors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		size := func(table string) string {
			synctest.Wait()
			_, rest, _ := strings.Cut(h.mustDo("DescribeTable", `{"TableName":"`+table+`"}`), `"TableSizeBytes":`)
			n, _, _ := strings.Cut(rest, ",")
			return n
		}
		const remove = `{"TableName":"docs","Key":{"id":{"S":"%s"}}}`
		add := func(id string) { h.put("docs", doc(id, 1.2345678901, 2.3456789012, ``)) }
		h.mustDo("CreateTable", docsPlain)
		add("a")
		without := size("docs")
		h.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Create":`+nearIndex+`}]}`)
		synctest.Wait()
		with := size("docs")
		add("b")
		h.mustDo("DeleteItem", fmt.Sprintf(remove, "a"))
		if got := size("docs"); got != with || with >= without {
			t.Errorf("without the index %s bytes, with it %s, and %s with one made since", without, with, got)
		}
		h.mustDo("RestoreTableFromBackup", `{"TargetTableName":"other","BackupArn":"`+h.backup("docs", "saved")+`"}`)
		if got := size("other"); got != with {
			t.Errorf("restored: %s bytes, want %s", got, with)
		}
		h.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Delete":{"IndexName":"near"}}]}`)
		if got := size("docs"); got != without {
			t.Errorf("without the index again: %s bytes, want %s", got, without)
		}
		h.mustDo("DeleteItem", fmt.Sprintf(remove, "b"))
		if got := size("docs"); got != "0" {
			t.Errorf("the empty table has %s bytes", got)
		}
	})
}

func TestRestoredVectorIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", docsTable)
		h.putDocs()
		arn := h.backup("docs", "saved")
		h.mustDo("DeleteTable", `{"TableName":"docs"}`)
		h.mustDo("RestoreTableFromBackup", `{"TargetTableName":"fewer","BackupArn":"`+arn+`","VectorIndexOverride":[`+nearIndex+`]}`)
		h.refused("RestoreTableFromBackup", `{"TargetTableName":"other","BackupArn":"`+arn+`","VectorIndexOverride":[`+strings.Replace(nearIndex, "EUCLIDEAN", "COSINE", 1)+`]}`,
			"Invalid Request: Index near does not match a secondary index that existed in the source table and cannot be created during the restore operation")
		h.mustDo("RestoreTableFromBackup", `{"TargetTableName":"docs","BackupArn":"`+arn+`"}`)
		synctest.Wait()
		h.finds("near", 1, 0, 2, ``, "a 0, b 2.24")
		h.finds("byLang", 0, 1, 5, inGerman, "b 0, a 1")
		if out := h.mustDo("DescribeTable", `{"TableName":"fewer"}`); strings.Contains(out, "byLang") || !strings.Contains(out, `"IndexName":"near"`) {
			t.Errorf("restored with one index: %s", out)
		}
	})
}

// A replica has the vector indexes of the others, those to come too.
func TestReplicatedVectorIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newEngine(t)
		h.mustDo("CreateTable", docsTable)
		h.putDocs()
		h.mustDo("UpdateTable", `{"TableName":"docs","ReplicaUpdates":[{"Create":{"RegionName":"eu-west-1"}}]}`)
		synctest.Wait()
		there := h.in("eu-west-1")
		there.finds("near", 1, 0, 2, ``, "a 0, b 2.24")
		there.put("docs", doc("e", 1, 1, ``))
		h.mustDo("UpdateTable", `{"TableName":"docs","VectorIndexUpdates":[{"Create":`+strings.Replace(nearIndex, "near", "more", 1)+`}]}`)
		synctest.Wait()
		h.finds("more", 1, 1, 1, ``, "e 0")
		there.finds("more", 1, 1, 1, ``, "e 0")
	})
}
