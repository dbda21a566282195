package dynamodb

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/kv/kvmem"
)

// TestModel runs random requests against a table of random shape and against an
// obvious model of it, and compares every answer.
func TestModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := kvmem.New()
		h := openEngine(t, store)
		m := newModel(rt, h)
		restarted := false
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			if rapid.IntRange(0, 9).Draw(rt, "restart") == 0 {
				h.restart()
				restarted = true
			} else {
				m.step(rt, h)
			}
		}
		m.check(rt, h)
		if !restarted { // else the counters may still be behind
			m.checkCounts(rt, h)
		}
		if err := errors.Join(h.Close(), store.Close()); err != nil {
			rt.Fatal(err)
		}
	})
}

// step runs a random operation.
func (m *model) step(rt *rapid.T, h *harness) {
	switch rapid.IntRange(0, 8).Draw(rt, "step") {
	case 0:
		m.transact(rt, h)
	case 1:
		m.batch(rt, h)
	case 2:
		m.check(rt, h)
	default:
		m.single(rt, h)
	}
}

// modelItem is an item: the JSON of each attribute's value.
type modelItem map[string]string

func (it modelItem) json() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(it)) {
		parts = append(parts, fmt.Sprintf("%q:%s", name, it[name]))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// number returns the value of an attribute that is a number or missing.
func (it modelItem) number(name string) (n int) {
	fmt.Sscanf(it[name], `{"N":"%d"}`, &n)
	return n
}

// model is a table "model" with the key k or k and r. An item may have g and n, the
// keys of the global index "global", and n also that of the local one.
type model struct {
	table                 string // the request that creates it
	ranged, local, global bool
	items                 map[string]modelItem // by the JSON of the key
}

func newModel(rt *rapid.T, h *harness) *model {
	m := &model{items: map[string]modelItem{}}
	m.ranged = rapid.Bool().Draw(rt, "ranged")
	m.local = m.ranged && rapid.Bool().Draw(rt, "local")
	m.global = rapid.Bool().Draw(rt, "global")
	const define = `{"AttributeName":%q,"AttributeType":%q}`
	defs, key, indexes := []string{fmt.Sprintf(define, "k", "S")}, `{"AttributeName":"k","KeyType":"HASH"}`, ""
	const index = `,%q:[{"IndexName":%q,"KeySchema":[{"AttributeName":%q,"KeyType":"HASH"},{"AttributeName":"n","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]`
	if m.ranged {
		defs, key = append(defs, fmt.Sprintf(define, "r", "N")), key+`,{"AttributeName":"r","KeyType":"RANGE"}`
	}
	if m.local {
		indexes += fmt.Sprintf(index, "LocalSecondaryIndexes", "local", "k")
	}
	if m.global {
		defs, indexes = append(defs, fmt.Sprintf(define, "g", "S")), indexes+fmt.Sprintf(index, "GlobalSecondaryIndexes", "global", "g")
	}
	if m.local || m.global {
		defs = append(defs, fmt.Sprintf(define, "n", "N"))
	}
	m.table = fmt.Sprintf(`{"TableName":"model","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[%s],"KeySchema":[%s]%s}`, strings.Join(defs, ","), key, indexes)
	h.mustDo("CreateTable", m.table)
	return m
}

// modelWrite is one write: its parts of a request, and what it does in the model.
type modelWrite struct {
	op        string // Put, Update or Delete
	key       modelItem
	item      modelItem // of a put
	update    string
	condition string
	values    modelItem // of the placeholders
	legacy    string    // members that say the same as update and condition
	texts     int       // how many of update and condition have no such members
	holds     func(modelItem) bool
	apply     func(modelItem) (after modelItem, refused bool) // the item before it is nil if there is none
}

// draw returns a random write, which also reads conditions where conditional.
func (m *model) draw(rt *rapid.T, conditional bool) *modelWrite {
	text := func(values ...string) string {
		return fmt.Sprintf(`{"S":%q}`, rapid.SampledFrom(values).Draw(rt, "text"))
	}
	number := func(lo, hi int) string { return fmt.Sprintf(`{"N":"%d"}`, rapid.IntRange(lo, hi).Draw(rt, "number")) }
	w := &modelWrite{key: modelItem{"k": text("a", "b", "c")}, values: modelItem{}, holds: func(modelItem) bool { return true }}
	if m.ranged {
		w.key["r"] = number(-2, 2)
	}
	switch w.op = rapid.SampledFrom([]string{"Put", "Put", "Update", "Update", "Delete"}).Draw(rt, "op"); w.op {
	case "Put":
		w.item = maps.Clone(w.key)
		for _, a := range [][2]string{{"g", text("x", "y")}, {"n", number(-9, 11)}, {"v", number(0, 3)}} {
			if rapid.Bool().Draw(rt, a[0]) {
				w.item[a[0]] = a[1]
			}
		}
		w.apply = func(modelItem) (modelItem, bool) { return w.item, false }
	case "Delete":
		w.apply = func(modelItem) (modelItem, bool) { return nil, false }
	default:
		w.drawUpdate(rt, text("x", "y"), number(-9, 11))
	}
	if conditional {
		w.drawCondition(rt, number(0, 3))
	}
	return w
}

func (w *modelWrite) drawUpdate(rt *rapid.T, g, n string) {
	change := func(creates bool, f func(modelItem) bool) func(modelItem) (modelItem, bool) {
		return func(before modelItem) (modelItem, bool) {
			if before == nil && !creates {
				return nil, false
			}
			after := maps.Clone(w.key)
			maps.Copy(after, before)
			return after, !f(after)
		}
	}
	switch rapid.IntRange(0, 3).Draw(rt, "update") {
	case 0:
		w.update, w.values = "SET g = :g, n = :n", modelItem{":g": g, ":n": n}
		w.legacy += fmt.Sprintf(`,"AttributeUpdates":{"g":{"Value":%s},"n":{"Action":"PUT","Value":%s}}`, g, n)
		w.apply = change(true, func(it modelItem) bool { it["g"], it["n"] = g, n; return true })
	case 1:
		w.update, w.values = "ADD v :n", modelItem{":n": n}
		w.legacy += fmt.Sprintf(`,"AttributeUpdates":{"v":{"Action":"ADD","Value":%s}}`, n)
		w.apply = change(true, func(it modelItem) bool {
			it["v"] = fmt.Sprintf(`{"N":"%d"}`, it.number("v")+modelItem{"": n}.number(""))
			return true
		})
	case 2:
		w.update = "REMOVE g, v"
		w.legacy += `,"AttributeUpdates":{"g":{"Action":"DELETE"},"v":{"Action":"DELETE"}}`
		w.apply = change(false, func(it modelItem) bool { delete(it, "g"); delete(it, "v"); return true })
	default:
		w.update, w.values = "SET v = v - :n", modelItem{":n": n}
		w.texts++
		w.apply = change(true, func(it modelItem) bool {
			if it["v"] == "" {
				return false
			}
			it["v"] = fmt.Sprintf(`{"N":"%d"}`, it.number("v")-modelItem{"": n}.number(""))
			return true
		})
	}
}

func (w *modelWrite) drawCondition(rt *rapid.T, c string) {
	switch rapid.IntRange(0, 4).Draw(rt, "condition") {
	case 0:
		w.condition, w.holds = "attribute_exists(k)", func(it modelItem) bool { return it != nil }
		w.legacy += `,"Expected":{"k":{"ComparisonOperator":"NOT_NULL"}}`
	case 1:
		w.condition, w.holds = "attribute_not_exists(k)", func(it modelItem) bool { return it == nil }
		w.legacy += `,"Expected":{"k":{"Exists":false}}`
	case 2:
		w.legacy += fmt.Sprintf(`,"Expected":{"v":{"ComparisonOperator":"LE","Value":%s},"g":{"ComparisonOperator":"NULL"}},"ConditionalOperator":"OR"`, c)
		w.condition, w.values[":c"] = "v <= :c OR NOT attribute_exists(g)", c
		w.holds = func(it modelItem) bool {
			return it["v"] != "" && it.number("v") <= modelItem{"": c}.number("") || it["g"] == ""
		}
	}
}

// members are those of a request for the write, with the legacy parameters or with
// expressions.
func (w *modelWrite) members(legacy bool) string {
	s := `"TableName":"model"`
	if w.op == "Put" {
		s += `,"Item":` + w.item.json()
	} else {
		s += `,"Key":` + w.key.json()
	}
	if legacy {
		return s + w.legacy
	}
	if w.update != "" {
		s += fmt.Sprintf(`,"UpdateExpression":%q`, w.update)
	}
	if w.condition != "" {
		s += fmt.Sprintf(`,"ConditionExpression":%q`, w.condition)
	}
	if len(w.values) > 0 {
		s += `,"ExpressionAttributeValues":` + w.values.json()
	}
	return s
}

// outcome works out a write: the item that it leaves, or the code of its error.
func (m *model) outcome(w *modelWrite) (after modelItem, code string) {
	before := m.items[w.key.json()]
	if !w.holds(before) {
		return nil, "ConditionalCheckFailedException"
	}
	after, refused := w.apply(before)
	if refused {
		return nil, "ValidationException"
	}
	return after, ""
}

func (m *model) set(w *modelWrite, after modelItem) {
	if after == nil {
		delete(m.items, w.key.json())
	} else {
		m.items[w.key.json()] = after
	}
}

func codeOf(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Code
	} else if err != nil {
		return err.Error()
	}
	return ""
}

// single runs an operation of one write.
func (m *model) single(rt *rapid.T, h *harness) {
	w := m.draw(rt, true)
	rv, want := "ALL_OLD", "{}"
	if before := m.items[w.key.json()]; before != nil {
		want = `{"Attributes":` + before.json() + `}`
	}
	after, code := m.outcome(w)
	if w.op == "Update" && rapid.Bool().Draw(rt, "new") {
		if rv, want = "ALL_NEW", "{}"; after != nil {
			want = `{"Attributes":` + after.json() + `}`
		}
	}
	if code != "" {
		want = ""
	} else {
		m.set(w, after)
	}
	legacy := w.texts == 0 && rapid.Bool().Draw(rt, "legacy")
	in := fmt.Sprintf(`{%s,"ReturnValues":%q}`, w.members(legacy), rv)
	if out, err := h.do(w.op+"Item", in); out != want || codeOf(err) != code {
		rt.Fatalf("%sItem %s\n got %s %v\nwant %s %s", w.op, in, out, err, want, code)
	}
}

// several draws writes of different items.
func (m *model) several(rt *rapid.T, conditional bool) (list []*modelWrite) {
	seen := map[string]bool{}
	for range rapid.IntRange(1, 4).Draw(rt, "writes") {
		if w := m.draw(rt, conditional); !seen[w.key.json()] {
			seen[w.key.json()] = true
			list = append(list, w)
		}
	}
	return list
}

func (m *model) batch(rt *rapid.T, h *harness) {
	var requests []string
	for _, w := range m.several(rt, false) {
		switch w.op {
		case "Put":
			requests = append(requests, `{"PutRequest":{"Item":`+w.item.json()+`}}`)
		case "Delete":
			requests = append(requests, `{"DeleteRequest":{"Key":`+w.key.json()+`}}`)
		default:
			continue
		}
		after, _ := m.outcome(w)
		m.set(w, after)
	}
	if len(requests) > 0 {
		h.expect("BatchWriteItem", `{"RequestItems":{"model":[`+strings.Join(requests, ",")+`]}}`, `{"UnprocessedItems":{}}`)
	}
}

func (m *model) transact(rt *rapid.T, h *harness) {
	writes := m.several(rt, true)
	actions, reasons, left := make([]string, len(writes)), make([]string, len(writes)), make([]modelItem, len(writes))
	cancelled := false
	for i, w := range writes {
		actions[i] = fmt.Sprintf(`{%q:{%s}}`, w.op, w.members(false))
		after, code := m.outcome(w)
		left[i], reasons[i] = after, cmp.Or(reasonCode(code), "None")
		cancelled = cancelled || code != ""
	}
	in := `{"TransactItems":[` + strings.Join(actions, ",") + `]}`
	_, err := h.do("TransactWriteItems", in)
	var e *api.Error
	if errors.As(err, &e) != cancelled || cancelled && !strings.HasSuffix(e.Message, "["+strings.Join(reasons, ", ")+"]") {
		rt.Fatalf("TransactWriteItems %s\n got %v\nwant %v", in, err, reasons)
	}
	for i, w := range writes {
		if !cancelled {
			m.set(w, left[i])
		}
	}
}

// check reads the table and its indexes in every way.
func (m *model) check(rt *rapid.T, h *harness) {
	all := slices.Collect(maps.Values(m.items))
	for _, it := range all {
		key := modelItem{"k": it["k"]}
		if m.ranged {
			key["r"] = it["r"]
		}
		h.expect("GetItem", `{"TableName":"model","Key":`+key.json()+`}`, `{"Item":`+it.json()+`}`)
		h.expect("GetItem", `{"TableName":"model","AttributesToGet":["none","k"],"Key":`+key.json()+`}`, `{"Item":{"k":`+it["k"]+`}}`)
	}
	scan := m.drawRead(rt)
	m.compare(rt, h, "Scan", `{"TableName":"model"`+scan.members("ScanFilter"), scan.matching(all), nil)
	type source struct{ index, hash, sort string }
	var sources []source
	if m.ranged {
		sources = append(sources, source{"", "k", "r"})
	}
	if m.local {
		sources = append(sources, source{`,"IndexName":"local"`, "k", "n"})
	}
	if m.global {
		sources = append(sources, source{`,"IndexName":"global"`, "g", "n"})
	}
	for _, s := range sources {
		for _, p := range []string{`{"S":"a"}`, `{"S":"x"}`, `{"S":"y"}`} {
			low := rapid.IntRange(-9, 11).Draw(rt, "low")
			query := m.drawRead(rt)
			query.key(s.hash, p, s.sort, fmt.Sprintf(`{"N":"%d"}`, low))
			want := slices.DeleteFunc(query.matching(all), func(it modelItem) bool { return it[s.hash] != p || it[s.sort] == "" || it.number(s.sort) < low })
			in := `{"TableName":"model"` + s.index + query.members("QueryFilter")
			m.compare(rt, h, "Query", in, want, func(it modelItem) int { return it.number(s.sort) })
		}
	}
}

// modelRead is a Query or Scan: its parts, and what its filter lets through.
type modelRead struct {
	legacy    bool
	filter    string    // FilterExpression or, of a legacy request, conditions
	values    modelItem // of the placeholders
	condition string    // on the key: a member of the request
	holds     func(modelItem) bool
}

// drawRead returns a read with a random filter on v, the attribute that is no key,
// or without one.
func (m *model) drawRead(rt *rapid.T) *modelRead {
	r := &modelRead{legacy: rapid.Bool().Draw(rt, "legacy"), values: modelItem{}, holds: func(modelItem) bool { return true }}
	lo, hi := rapid.IntRange(-2, 3).Draw(rt, "lo"), rapid.IntRange(3, 6).Draw(rt, "hi")
	has := func(it modelItem) bool { return it["v"] != "" }
	filters := []struct {
		expression, conditions string
		holds                  func(modelItem) bool
	}{
		{"v <> :lo", `{"ComparisonOperator":"NE","AttributeValueList":[:lo]}`, func(it modelItem) bool { return !has(it) || it.number("v") != lo }},
		{"v > :lo", `{"ComparisonOperator":"GT","AttributeValueList":[:lo]}`, func(it modelItem) bool { return has(it) && it.number("v") > lo }},
		{"v BETWEEN :lo AND :hi", `{"ComparisonOperator":"BETWEEN","AttributeValueList":[:lo,:hi]}`, func(it modelItem) bool { return has(it) && it.number("v") >= lo && it.number("v") <= hi }},
		{"v IN (:hi, :lo)", `{"ComparisonOperator":"IN","AttributeValueList":[:hi,:lo]}`, func(it modelItem) bool { return has(it) && (it.number("v") == lo || it.number("v") == hi) }},
		{"attribute_not_exists(v)", `{"ComparisonOperator":"NULL"}`, func(it modelItem) bool { return !has(it) }},
	}
	i := rapid.IntRange(0, len(filters)).Draw(rt, "filter")
	if i == len(filters) {
		return r
	}
	f := filters[i]
	r.filter, r.holds = f.expression, f.holds
	for name, n := range map[string]int{":lo": lo, ":hi": hi} {
		if strings.Contains(f.expression, name) {
			r.values[name] = fmt.Sprintf(`{"N":"%d"}`, n)
		}
	}
	if r.legacy {
		r.filter = strings.NewReplacer(":lo", r.values[":lo"], ":hi", r.values[":hi"]).Replace(f.conditions)
	}
	return r
}

// key adds the condition that the partition key is p and the sort key low or more.
func (r *modelRead) key(hash, p, sort, low string) {
	if r.legacy {
		r.condition = fmt.Sprintf(`,"KeyConditions":{%q:{"ComparisonOperator":"GE","AttributeValueList":[%s]},%q:{"ComparisonOperator":"EQ","AttributeValueList":[%s]}}`, sort, low, hash, p)
		return
	}
	r.condition = fmt.Sprintf(`,"KeyConditionExpression":"%s = :p AND %s >= :low"`, hash, sort)
	r.values[":p"], r.values[":low"] = p, low
}

func (r *modelRead) members(filterName string) string {
	s := r.condition
	switch {
	case r.legacy && r.filter != "":
		return s + fmt.Sprintf(`,%q:{"v":%s}`, filterName, r.filter)
	case r.legacy:
		return s
	case r.filter != "":
		s += fmt.Sprintf(`,"FilterExpression":%q`, r.filter)
	}
	if len(r.values) > 0 {
		s += `,"ExpressionAttributeValues":` + r.values.json()
	}
	return s
}

func (r *modelRead) matching(items []modelItem) []modelItem {
	return slices.DeleteFunc(slices.Clone(items), func(it modelItem) bool { return !r.holds(it) })
}

// compare reads all pages and compares them with the items wanted, and their
// order with the sort key, if there is one.
func (m *model) compare(rt *rapid.T, h *harness, op, in string, want []modelItem, sortKey func(modelItem) int) {
	forward := rapid.Bool().Draw(rt, "forward")
	if in += fmt.Sprintf(`,"Limit":%d`, rapid.IntRange(1, 5).Draw(rt, "limit")); op == "Query" {
		in += `,"ScanIndexForward":` + strconv.FormatBool(forward)
	}
	var got []modelItem
	for start := ""; ; {
		f := h.read(op, in+start+"}")
		for _, item := range f.Items {
			it := modelItem{}
			for name, value := range item {
				for kind, v := range value {
					it[name] = fmt.Sprintf("{%q:%q}", kind, v)
				}
			}
			got = append(got, it)
		}
		if f.LastEvaluatedKey == nil {
			break
		}
		start = `,"ExclusiveStartKey":` + string(f.LastEvaluatedKey)
	}
	texts := func(list []modelItem) (out []string) {
		for _, it := range list {
			out = append(out, it.json())
		}
		slices.Sort(out)
		return out
	}
	if !slices.Equal(texts(got), texts(want)) {
		rt.Fatalf("%s %s\n got %v\nwant %v", op, in, texts(got), texts(want))
	}
	order := func(a, b modelItem) int {
		if forward {
			return sortKey(a) - sortKey(b)
		}
		return sortKey(b) - sortKey(a)
	}
	if sortKey != nil && !slices.IsSortedFunc(got, order) {
		rt.Fatalf("%s %s: out of order: %v", op, in, got)
	}
}

// checkCounts compares the counters with the model.
func (m *model) checkCounts(rt *rapid.T, h *harness) {
	v := mustView(h, "model")
	t, err := h.lookup(&h.caller, "model")
	if err != nil {
		rt.Fatal(err)
	}
	want := map[string]int64{"local": 0, "global": 0}
	for _, it := range m.items {
		if it["n"] != "" {
			want["local"]++
		}
		if it["n"] != "" && it["g"] != "" {
			want["global"]++
		}
	}
	if n := t.stats.items.Load(); n != int64(len(m.items)) {
		rt.Errorf("%d items counted, want %d", n, len(m.items))
	}
	for i := range v.indexes {
		if x := &v.indexes[i]; x.stats.items.Load() != want[x.Name] {
			rt.Errorf("%d entries of %s counted, want %d", x.stats.items.Load(), x.Name, want[x.Name])
		}
	}
}
