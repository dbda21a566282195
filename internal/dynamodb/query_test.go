package dynamodb

import (
	"fmt"
	"strings"
	"testing"
)

// songs fills "ranged": of artist x, with sort keys 1 to 5, and one of artist y.
func songs(h *harness) {
	h.mustDo("CreateTable", rangedTable)
	for i, c := range []string{"m", "k", "m", "j", ""} {
		index := ""
		if c != "" {
			index = fmt.Sprintf(`,"c":{"S":%q},"d":{"S":"d%d"}`, c, 9-i)
		}
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"x"},"b":{"S":"%d"},"e":{"N":"%d"},"f":{"S":"f%d"}%s}`, i+1, i%2, i+1, index))
	}
	h.put("ranged", `{"a":{"S":"y"},"b":{"S":"1"},"c":{"S":"m"},"d":{"S":"d0"},"e":{"N":"1"}}`)
}

func TestQueryKeyConditions(t *testing.T) {
	h := newEngine(t)
	songs(h)
	for condition, want := range map[string]string{
		"a = :x":                         "1 2 3 4 5",
		"a = :x AND b = :2":              "2",
		"b = :2 AND a = :x":              "2",
		"a = :x AND b < :2":              "1",
		"a = :x AND b <= :2":             "1 2",
		"a = :x AND b > :2":              "3 4 5",
		"a = :x AND :2 <= b":             "2 3 4 5",
		"a = :x AND b BETWEEN :2 AND :4": "2 3 4",
		"a = :x AND begins_with(b, :4)":  "4",
		"a = :2":                         "",
	} {
		values := `":x":{"S":"x"},":2":{"S":"2"},":4":{"S":"4"}`
		for _, name := range []string{":x", ":2", ":4"} {
			if !strings.Contains(condition, name) {
				values = strings.Replace(values, fmt.Sprintf(`,"%s":{"S":"%s"}`, name, name[1:]), "", 1)
				values = strings.TrimPrefix(strings.Replace(values, fmt.Sprintf(`"%s":{"S":"%s"}`, name, name[1:]), "", 1), ",")
			}
		}
		in := fmt.Sprintf(`{"TableName":"ranged","KeyConditionExpression":%q,"ExpressionAttributeValues":{%s}`, condition, values)
		f := h.read("Query", in+`}`)
		if got := f.column("b"); got != want || f.Count != len(strings.Fields(want)) || f.LastEvaluatedKey != nil {
			t.Errorf("%s: %q, count %d, last %s; want %q", condition, got, f.Count, f.LastEvaluatedKey, want)
		}
		back := h.read("Query", in+`,"ScanIndexForward":false}`)
		if got := back.column("b"); got != reversed(want) {
			t.Errorf("%s backward: %q", condition, got)
		}
	}
}

func reversed(s string) string {
	words := strings.Fields(s)
	for i := range len(words) / 2 {
		j := len(words) - 1 - i
		words[i], words[j] = words[j], words[i]
	}
	return strings.Join(words, " ")
}

// Numbers sort as numbers, binaries as unsigned bytes, and the bytes 0 and 255
// do not disturb ranges.
func TestQuerySortsByType(t *testing.T) {
	h := newEngine(t)
	for kind, sorted := range map[string][]string{
		"N": {"-1E+125", "-10", "-9.5", "-9", "-0.001", "0", "1E-130", "0.001", "2", "10", "10.5", "100", "9.9E+125"},
		"B": {"AA==", "AAA=", "AAE=", "AP8=", "AQ==", "AQA=", "fw==", "gA==", "/w==", "/wA=", "//8="},
		"S": {"0", "10", "2", "A", "a", "é", "한", "😀"},
	} {
		table := "sorted" + kind
		h.mustDo("CreateTable", fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",
			"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"b","AttributeType":%q}],
			"KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}]}`, table, kind))
		for i := range sorted { // in some other order
			i = i * 5 % len(sorted)
			h.put(table, fmt.Sprintf(`{"a":{"S":"x"},"b":{%q:%q},"i":{"S":"%d"}}`, kind, sorted[i], i))
		}
		query := func(op string, i int) string {
			f := h.read("Query", fmt.Sprintf(`{"TableName":%q,"KeyConditionExpression":"a = :x AND b %s :b","ExpressionAttributeValues":{":x":{"S":"x"},":b":{%q:%q}}}`, table, op, kind, sorted[i]))
			return f.column("i")
		}
		all := ""
		for i := range sorted {
			all += fmt.Sprint(" ", i)
		}
		all = all[1:]
		for i := range sorted {
			at := strings.Index(" "+all+" ", fmt.Sprint(" ", i, " "))
			if got, want := query(">=", i), all[at:]; got != want {
				t.Errorf("%s >= %s: %s, want %s", kind, sorted[i], got, want)
			}
			if got, want := query("<", i), strings.TrimSpace(all[:at]); got != want {
				t.Errorf("%s < %s: %s, want %s", kind, sorted[i], got, want)
			}
		}
	}
	f := h.read("Query", `{"TableName":"sortedB","KeyConditionExpression":"a = :x AND begins_with(b, :b)","ExpressionAttributeValues":{":x":{"S":"x"},":b":{"B":"AA=="}}}`)
	if got := f.column("b"); got != "AA== AAA= AAE= AP8=" {
		t.Errorf("begins with a zero byte: %s", got)
	}
	f = h.read("Query", `{"TableName":"sortedB","KeyConditionExpression":"a = :x AND begins_with(b, :b)","ExpressionAttributeValues":{":x":{"S":"x"},":b":{"B":"/w=="}}}`)
	if got := f.column("b"); got != "/w== /wA= //8=" {
		t.Errorf("begins with a byte of ones: %s", got)
	}
}

func TestQueryIndexes(t *testing.T) {
	h := newEngine(t)
	songs(h)
	const x = `"KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}}`
	const m = `"KeyConditionExpression":"c = :m","ExpressionAttributeValues":{":m":{"S":"m"}}`
	for _, q := range []struct{ in, column, want string }{
		{`"IndexName":"index1",` + x, "b", "4 2 1 3"},
		{`"IndexName":"index1","ScanIndexForward":false,` + x, "b", "3 1 2 4"},
		{`"IndexName":"index2",` + x, "b", "4 3 2 1"},
		{`"IndexName":"index2",` + x, "f", ""}, // not projected
		{`"IndexName":"index2","Select":"ALL_ATTRIBUTES",` + x, "f", "f4 f3 f2 f1"},
		{`"IndexName":"index2","ProjectionExpression":"f",` + x, "f", "f4 f3 f2 f1"},
		{`"IndexName":"index2","ConsistentRead":true,"FilterExpression":"f <> b","ProjectionExpression":"e",` + x, "e", "1 0 1 0"},
		{`"IndexName":"index4",` + m, "d", "d0 d7 d9"},
		{`"IndexName":"index4",` + m, "f", ""},
		{`"IndexName":"index4","Select":"ALL_PROJECTED_ATTRIBUTES",` + m, "a", "y x x"},
		{`"IndexName":"index4","ProjectionExpression":"e, b",` + m, "b", "1 3 1"},
	} {
		f := h.read("Query", `{"TableName":"ranged",`+q.in+`}`)
		if got := f.column(q.column); got != q.want {
			t.Errorf("%s: %s %q, want %q", q.in, q.column, got, q.want)
		}
	}
	if f := h.read("Query", `{"TableName":"ranged","IndexName":"index3",`+m+`}`); f.Count != 3 || len(f.column("f")) != 5 {
		t.Errorf("index3: %v", f.Items)
	}
}

func TestQueryFilterAndCount(t *testing.T) {
	h := newEngine(t)
	songs(h)
	const x = `"TableName":"ranged","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"},":1":{"N":"1"}},"FilterExpression":"e = :1"`
	h.expect("Query", `{`+x+`,"Select":"COUNT"}`, `{"Count":2,"ScannedCount":5}`)
	h.expect("Query", `{`+x+`,"Select":"COUNT","Limit":3}`, `{"Count":1,"ScannedCount":3,"LastEvaluatedKey":{"a":{"S":"x"},"b":{"S":"3"}}}`)
	h.expect("Query", `{`+x+`,"ProjectionExpression":"f","Limit":1}`, `{"Items":[],"Count":0,"ScannedCount":1,"LastEvaluatedKey":{"a":{"S":"x"},"b":{"S":"1"}}}`)
	h.expect("Query", `{`+x+`,"ProjectionExpression":"f"}`, `{"Items":[{"f":{"S":"f2"}},{"f":{"S":"f4"}}],"Count":2,"ScannedCount":5}`)
	// A Limit that the last item meets: the service does not look further.
	h.expect("Query", `{`+x+`,"Select":"COUNT","Limit":5}`, `{"Count":2,"ScannedCount":5,"LastEvaluatedKey":{"a":{"S":"x"},"b":{"S":"5"}}}`)
	h.expect("Query", `{`+x+`,"Select":"COUNT","ExclusiveStartKey":{"a":{"S":"x"},"b":{"S":"5"}}}`, `{"Count":0,"ScannedCount":0}`)
	h.expect("Query", `{"TableName":"ranged","IndexName":"index4","Limit":1,"Select":"COUNT","KeyConditionExpression":"c = :m","ExpressionAttributeValues":{":m":{"S":"m"}}}`,
		`{"Count":1,"ScannedCount":1,"LastEvaluatedKey":{"a":{"S":"y"},"b":{"S":"1"},"c":{"S":"m"},"d":{"S":"d0"}}}`)
}

func TestQueryCapacity(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	for i := range 3 { // 3 x 3000 bytes in the table, 3 x 9 in index2
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"x"},"b":{"S":"%d"},"d":{"S":"%d"},"f":{"S":%q}}`, i, i, filler(3000-7)))
	}
	const x = `"TableName":"ranged","Select":"COUNT","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}},"ReturnConsumedCapacity":"INDEXES"`
	// Sizes are added up before they are rounded: 9000 bytes are three blocks.
	h.expect("Query", `{`+x+`}`, `{"Count":3,"ScannedCount":3,"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":1.5,"Table":{"CapacityUnits":1.5}}}`)
	h.expect("Query", `{`+x+`,"ConsistentRead":true,"FilterExpression":"attribute_exists(e)"}`,
		`{"Count":0,"ScannedCount":3,"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":3.0,"Table":{"CapacityUnits":3.0}}}`)
	h.expect("Query", `{`+x+`,"IndexName":"index2"}`,
		`{"Count":3,"ScannedCount":3,"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"LocalSecondaryIndexes":{"index2":{"CapacityUnits":0.5}}}}`)
	// Items fetched from the table are rounded up one by one.
	all := strings.Replace(x, `"Select":"COUNT"`, `"Select":"SPECIFIC_ATTRIBUTES","ProjectionExpression":"f.g"`, 1)
	h.expect("Query", `{`+all+`,"IndexName":"index2"}`,
		`{"Items":[{},{},{}],"Count":3,"ScannedCount":3,"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":2.0,"Table":{"CapacityUnits":1.5},"LocalSecondaryIndexes":{"index2":{"CapacityUnits":0.5}}}}`)
	h.expect("Query", `{"TableName":"ranged","IndexName":"index4","Select":"COUNT","KeyConditionExpression":"c = :x","ExpressionAttributeValues":{":x":{"S":"x"}},"ReturnConsumedCapacity":"INDEXES"}`,
		`{"Count":0,"ScannedCount":0,"ConsumedCapacity":{"TableName":"ranged","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"index4":{"CapacityUnits":0.5}}}}`)
}

func TestQueryRefusals(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	h.fails("Query", `{"TableName":"absent","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}}}`, "ResourceNotFoundException: Requested resource not found")
	h.refused("Query", `{"TableName":"absent"}`, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
	h.refused("Query", `{"TableName":"absent","ExpressionAttributeValues":{":x":{"S":"x"}}}`, "ExpressionAttributeValues can only be specified when using expressions: FilterExpression and KeyConditionExpression are null")
	const x = `"TableName":"ranged","KeyConditionExpression":"a = :x","ExpressionAttributeValues":{":x":{"S":"x"}}`
	const c = `"TableName":"ranged","KeyConditionExpression":"c = :x","ExpressionAttributeValues":{":x":{"S":"x"}}`
	for in, message := range map[string]string{
		`"IndexName":"nix",` + x:                                     "The table does not have the specified index: nix",
		`"IndexName":"nix","ConsistentRead":true,` + x:               "The table does not have the specified index: nix",
		`"IndexName":"index3","ConsistentRead":true,` + c:            "Consistent reads are not supported on global secondary indexes",
		`"IndexName":"index4","Select":"ALL_ATTRIBUTES",` + c:        "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index index4 because its projection type is not ALL",
		`"IndexName":"index4","ProjectionExpression":"z, e, f",` + c: "One or more parameter values were invalid: Global secondary index index4 does not project [z, f]",
		`"Select":"SPECIFIC_ATTRIBUTES",` + x:                        "1 validation error detected: Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
		`"Select":"ALL_PROJECTED_ATTRIBUTES",` + x:                   "1 validation error detected: ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
		`"Select":"COUNT","ProjectionExpression":"e",` + x:           "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get only the Count",
		`"Select":"ALL_ATTRIBUTES","ProjectionExpression":"e",` + x:  "1 validation error detected: Cannot specify the ProjectionExpression when choosing to get ALL_ATTRIBUTES",
		`"FilterExpression":"b = :x",` + x:                           "Filter Expression can only contain non-primary key attributes: Primary key attribute: b",
		`"FilterExpression":"a[1] = :x",` + x:                        "Filter Expression can only contain non-primary key attributes: Primary key attribute: a",
		`"FilterExpression":"d[1] = :x",` + x:                        "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: IndexKey: d",
		`"ProjectionExpression":"b.x",` + x:                          "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: Key: b",
		`"Limit":0,` + x:                                             "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
	} {
		h.refused("Query", `{`+in+`}`, message)
	}
	condition := func(table, condition, values string) string {
		return fmt.Sprintf(`{"TableName":%q,"KeyConditionExpression":%q,"ExpressionAttributeValues":{%s}}`, table, condition, values)
	}
	h.refused("Query", condition("ranged", "b = :x", `":x":{"S":"x"}`), "Query condition missed key schema element: a")
	h.refused("Query", condition("ranged", "a = :x AND c = :x", `":x":{"S":"x"}`), "Query condition missed key schema element: b")
	h.refused("Query", condition("ranged", "a > :x", `":x":{"S":"x"}`), "Query key condition not supported")
	h.refused("Query", condition("ranged", "a = :x", `":x":{"N":"1"}`), "One or more parameter values were invalid: Condition parameter type does not match schema type")
	h.refused("Query", condition("ranged", "a = :x", `":x":{"S":""}`), "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a")
	h.refused("Query", condition("absent", "a = :p AND begins_with(b, :n)", `":p":{"S":"q"},":n":{"N":"1"}`),
		"Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
	h.fails("Query", condition("absent", "a = :p AND begins_with(b, :s)", `":p":{"S":"q"},":s":{"S":"1"}`), "ResourceNotFoundException: Requested resource not found")
}

// The starting keys that the service refuses, and in which words: observations of
// the service, in its order of checks.
func TestQueryStartKeyRefusals(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", hashedTable)
	h.mustDo("CreateTable", rangedTable)
	const (
		plain   = "The provided starting key is invalid"
		table   = "The provided starting key is invalid: The provided key element does not match the schema"
		outside = "The provided starting key is outside query boundaries based on provided conditions"
		range_  = "The provided starting key does not match the range key predicate"
		one     = "The query can return at most one row and cannot be restarted"
	)
	for _, q := range []struct{ table, index, condition, start, want string }{
		{"hashed", "", "z = :b", `{"a":{"N":"1"}}`, msgKeySchema},
		{"hashed", "", "a = :b", `{"z":{"S":"a"}}`, plain},
		{"hashed", "", "a = :b", `{}`, plain},
		{"ranged", "", "z = :b", `{"a":{"N":"1"},"z":{"S":"a"}}`, msgKeySchema},
		{"ranged", "", "z = :b", `{"a":{"S":"a"},"z":{"S":"a"}}`, "Query condition missed key schema element: a"},
		{"ranged", "", "a = :b", `{"a":{"S":"a"}}`, plain},
		{"ranged", "", "a = :b", `{"a":{"S":"a"},"c":{"N":"1"}}`, plain},
		{"ranged", "", "a = :b", `{"a":{"S":"a"},"b":{"N":"1"}}`, msgKeySchema},
		{"ranged", "", "a = :b", `{"a":{"S":"a"},"b":{"S":"a"}}`, outside},
		{"ranged", "", "a = :b AND b > :b", `{"a":{"S":"a"},"b":{"S":"a"}}`, range_},
		{"ranged", "", "a = :b AND b BETWEEN :b AND :b", `{"a":{"S":"b"},"b":{"S":"a"}}`, range_},
		{"ranged", "", "a = :b AND begins_with(b, :b)", `{"a":{"S":"b"},"b":{"S":"a"}}`, range_},
		{"ranged", "", "a = :b AND b < :b", `{"a":{"S":"a"},"b":{"S":"a"}}`, one},
		{"ranged", "index1", "a = :b", `{"a":{"S":"a"},"b":{"S":"1"},"c":{"S":"1"},"d":{"S":"1"}}`, plain},
		{"ranged", "index1", "z = :b", `{"a":{"N":"1"},"x":{"S":"1"},"y":{"S":"1"}}`, msgKeySchema},
		{"ranged", "index1", "a = :b", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"N":"1"}}`, msgKeySchema},
		{"ranged", "index1", "a = :b", `{"a":{"S":"1"},"b":{"N":"1"},"c":{"S":"a"}}`, table},
		{"ranged", "index1", "a = :b", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"}}`, outside},
		{"ranged", "index1", "a = :b AND c > :b", `{"a":{"S":"b"},"b":{"S":"a"},"c":{"S":"a"}}`, range_},
		{"ranged", "index3", "z = :b", `{"a":{"S":"a"},"b":{"S":"a"},"z":{"S":"a"}}`, plain},
		{"ranged", "index3", "z = :b", `{"a":{"N":"1"},"b":{"N":"1"},"c":{"S":"1"}}`, "Query condition missed key schema element: c"},
		{"ranged", "index3", "c = :b", `{"x":{"N":"1"},"y":{"N":"1"},"c":{"S":"a"}}`, table},
		{"ranged", "index3", "c = :b", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"}}`, outside},
		{"ranged", "index4", "c = :b AND d > :b", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"b"},"d":{"S":"a"}}`, range_},
		{"ranged", "index4", "c = :b AND d = :b", `{"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"c"},"d":{"S":"b"}}`, one},
	} {
		index := ""
		if q.index != "" {
			index = fmt.Sprintf(`"IndexName":%q,`, q.index)
		}
		h.refused("Query", fmt.Sprintf(`{"TableName":%q,%s"KeyConditionExpression":%q,"ExpressionAttributeValues":{":b":{"S":"b"}},"ExclusiveStartKey":%s}`,
			q.table, index, q.condition, q.start), q.want)
	}
}

func TestBackfillingIndexCannotBeRead(t *testing.T) {
	h := newEngine(t)
	songs(h)
	table, err := h.lookup(&h.caller, "ranged")
	if err != nil {
		t.Fatal(err)
	}
	next := table.current.Load().clone()
	next.index("index3").Backfilling = true
	if _, err := h.publish(table, next, nil, nil); err != nil {
		t.Fatal(err)
	}
	const message = "Cannot read from backfilling global secondary index: index3"
	h.refused("Query", `{"TableName":"ranged","IndexName":"index3","KeyConditionExpression":"c = :x","ExpressionAttributeValues":{":x":{"S":"m"}}}`, message)
	h.refused("Scan", `{"TableName":"ranged","IndexName":"index3"}`, message)
}

// Developer Guide, "Querying a local secondary index": where items are fetched, a page
// of 1 MB counts each of them, and all entries of the index together, in 4 KB.
func TestFetchedItemsFillPages(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", rangedTable)
	for i := range 260 {
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"x"},"b":{"S":"%03d"},"d":{"S":"y"},"f":{"S":"fetched"},"e":{"S":%q}}`, i, filler(186)))
	}
	const query = `{"TableName":"ranged","IndexName":"index2","KeyConditionExpression":"a = :a","ExpressionAttributeValues":{":a":{"S":"x"}},"Select":%q}`
	if f := h.read("Query", fmt.Sprintf(query, "ALL_PROJECTED_ATTRIBUTES")); f.Count != 260 || f.LastEvaluatedKey != nil {
		t.Errorf("%d projected, next %s", f.Count, f.LastEvaluatedKey)
	}
	// An entry has 195 bytes: 244 of them are 12 blocks, and the items are 244.
	if f := h.read("Query", fmt.Sprintf(query, "ALL_ATTRIBUTES")); f.Count != 244 || f.LastEvaluatedKey == nil {
		t.Errorf("%d fetched, next %s", f.Count, f.LastEvaluatedKey)
	}
}
