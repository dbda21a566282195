package dynamodb

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

// notWellFormed begins what is said of a statement that is none.
const notWellFormed = "Statement wasn't well formed, can't be processed: "

// statement makes a request of a PartiQL statement, its parameters as JSON and
// other members.
func statement(text, params string, others ...string) string {
	in := fmt.Sprintf(`{"Statement":%s`, quoted(text))
	if params != "" {
		in += `,"Parameters":[` + params + `]`
	}
	for _, o := range others {
		in += "," + o
	}
	return in + "}"
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// run carries out a statement that must succeed.
func (h *harness) run(text string, params ...string) string {
	h.t.Helper()
	return h.mustDo("ExecuteStatement", statement(text, strings.Join(params, ",")))
}

// column runs a SELECT and returns one attribute of each of its items.
func (h *harness) column(name, text string, others ...string) string {
	h.t.Helper()
	f := h.read("ExecuteStatement", statement(text, "", others...))
	return f.column(name)
}

// rejected runs a statement that must be refused with a ValidationException.
func (h *harness) rejected(text, message string, params ...string) {
	h.t.Helper()
	h.refused("ExecuteStatement", statement(text, strings.Join(params, ",")), message)
}

// music is a table "Music" of the documentation's examples, and songs in "ranged".
func music(t testing.TB) *harness {
	h := newEngine(t)
	songs(h)
	h.mustDo("CreateTable", `{"TableName":"Music","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"Artist","AttributeType":"S"},{"AttributeName":"SongTitle","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"Artist","KeyType":"HASH"},{"AttributeName":"SongTitle","KeyType":"RANGE"}]}`)
	h.mustDo("CreateTable", hashedTable)
	return h
}

const rocks = ` WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks'`

// The examples of the developer guide.
func TestStatementsOfTheGuide(t *testing.T) {
	h := music(t)
	const nothing = `{"Items":[]}`
	stored := func(want string) {
		t.Helper()
		if got := h.run(`SELECT * FROM Music` + rocks); got != `{"Items":[`+want+`]}` {
			t.Errorf("stored %s\nwant   %s", got, want)
		}
	}
	const key = `"Artist":{"S":"Acme Band"}`
	const title = `"SongTitle":{"S":"PartiQL Rocks"}`
	if got := h.run(`INSERT INTO "Music" value {'Artist' : 'Acme Band','SongTitle' : 'PartiQL Rocks'}`); got != nothing {
		t.Errorf("INSERT: %s", got)
	}
	h.fails("ExecuteStatement", statement(`INSERT INTO "Music" value {'Artist' : 'Acme Band','SongTitle' : 'PartiQL Rocks', 'x': 1}`, ""),
		"DuplicateItemException: Duplicate primary key exists in table")
	for _, step := range []struct{ text, returned, stored string }{
		{`UPDATE "Music" SET AwardsWon=1 SET AwardDetail={'Grammys':[2020, 2018]}` + rocks + ` RETURNING ALL OLD *`, key + `,` + title,
			key + `,"AwardDetail":{"M":{"Grammys":{"L":[{"N":"2020"},{"N":"2018"}]}}},"AwardsWon":{"N":"1"},` + title},
		{`UPDATE Music SET AwardDetail.Grammys =list_append(AwardDetail.Grammys,[2016])` + rocks + ` RETURNING MODIFIED NEW *`, `"AwardDetail":{"M":{"Grammys":{"L":[{"N":"2020"},{"N":"2018"},{"N":"2016"}]}}}`,
			key + `,"AwardDetail":{"M":{"Grammys":{"L":[{"N":"2020"},{"N":"2018"},{"N":"2016"}]}}},"AwardsWon":{"N":"1"},` + title},
		{`UPDATE "Music" REMOVE AwardDetail.Grammys[2]` + rocks + ` RETURNING MODIFIED OLD *`, `"AwardDetail":{"M":{"Grammys":{"L":[{"N":"2016"}]}}}`,
			key + `,"AwardDetail":{"M":{"Grammys":{"L":[{"N":"2020"},{"N":"2018"}]}}},"AwardsWon":{"N":"1"},` + title},
		{`UPDATE "Music" SET BandMembers =<<'member1', 'member2'>> REMOVE AwardDetail` + rocks, "",
			key + `,"AwardsWon":{"N":"1"},"BandMembers":{"SS":["member1","member2"]},` + title},
		{`UPDATE "Music" SET BandMembers =set_add(BandMembers, <<'newbandmember'>>), AwardsWon = AwardsWon - 3` + rocks, "",
			key + `,"AwardsWon":{"N":"-2"},"BandMembers":{"SS":["member1","member2","newbandmember"]},` + title},
		{`FROM Music` + rocks + ` AND AwardsWon = -2 SET BandMembers = SET_DELETE(BandMembers, <<'member1','member2','newbandmember'>>) REMOVE AwardsWon RETURNING ALL NEW *`,
			key + `,` + title, key + `,` + title},
	} {
		got, want := h.run(step.text), nothing
		if step.returned != "" {
			want = `{"Items":[{` + step.returned + `}]}`
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", step.text, got, want)
		}
		stored("{" + step.stored + "}")
	}
	if got, want := h.run(`DELETE FROM "Music"`+rocks+` RETURNING ALL OLD *`), `{"Items":[{`+key+`,`+title+`}]}`; got != want {
		t.Errorf("DELETE: %s, want %s", got, want)
	}
	if got := h.run(`DELETE FROM "Music"` + rocks + ` RETURNING ALL OLD *`); got != nothing {
		t.Errorf("DELETE of nothing: %s", got)
	}
}

// What a RETURNING clause has nothing to show of is no item.
func TestReturningNothing(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"d":{"S":"old"},"l":{"L":[{"S":"p"},{"S":"q"}]}}`)
	for text, want := range map[string]string{
		`SET new = 1 WHERE a='x' RETURNING MODIFIED OLD *`:                     `[]`,
		`REMOVE d WHERE a='x' RETURNING MODIFIED NEW *`:                        `[]`,
		`SET l[9] = 'r' WHERE a='x' RETURNING MODIFIED NEW *`:                  `[]`,
		`SET l[1] = 'y', l[0] = 'x' WHERE a='x' RETURNING MODIFIED NEW *`:      `[{"l":{"L":[{"S":"x"},{"S":"y"}]}}]`,
		`SET fresh = set_delete(fresh, <<1>>) WHERE a='x' RETURNING ALL OLD *`: ``,
	} {
		got := h.run(`UPDATE hashed ` + text)
		if want != "" && got != `{"Items":`+want+`}` {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestWritesOnCondition(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"n":{"N":"5"}}`)
	const failed = "ConditionalCheckFailedException: The conditional request failed"
	for _, text := range []string{
		`UPDATE hashed SET n = 6 WHERE a = 'x' AND n = 4`,
		`UPDATE hashed SET n = 6 WHERE a = 'nobody'`,
		`UPDATE hashed SET n = 6 WHERE a = 'nobody' AND attribute_not_exists(a)`,
		`UPDATE hashed SET ss = set_add(ss, <<'x'>>) WHERE a = 'nobody'`,
		`DELETE FROM hashed WHERE a = 'x' AND NOT attribute_type(n, 'N')`,
		`DELETE FROM hashed WHERE (a = 'x' AND n > 1) AND m IS NOT MISSING`,
	} {
		h.fails("ExecuteStatement", statement(text, ""), failed)
	}
	in := statement(`UPDATE hashed SET n = 6 WHERE a = 'x' AND n = 4`, "", `"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`)
	var e *api.Error
	if _, err := h.do("ExecuteStatement", in); !errors.As(err, &e) || e.Item.IsZero() {
		t.Errorf("%v without the item", err)
	}
	h.run(`DELETE FROM hashed WHERE a = 'nobody' AND n = 1`)
	if got := h.run(`SELECT n FROM hashed`); got != `{"Items":[{"n":{"N":"5"}}]}` {
		t.Errorf("left %s", got)
	}
	h.run(`UPDATE hashed SET n = n + 1 WHERE a = 'x' AND a = 'x' AND (n = 5 OR n = 7)`)
	h.run(`DELETE FROM hashed WHERE a = ? AND n BETWEEN ? AND 6`, `{"S":"x"}`, `{"N":"6"}`)
	if got := h.run(`SELECT * FROM hashed`); got != `{"Items":[]}` {
		t.Errorf("left %s", got)
	}
}

func TestSelectConditions(t *testing.T) {
	h := music(t)
	for where, want := range map[string]string{
		`a = 'x'`:                         "1 2 3 4 5",
		`a = 'x' AND b = '2'`:             "2",
		`'2' = b AND a = 'x'`:             "2",
		`a = 'x' AND b > '2' AND '5' > b`: "3 4",
		`a = 'x' AND b BETWEEN '2' AND '4' AND b <> '3'`: "2 4",
		`a = 'x' AND begins_with(b, '4')`:                "4",
		`a = 'x' AND b IN ['5','1']`:                     "1 5",
		`a = 'x' AND b IN ('5', '1', '9')`:               "1 5",
		`a = 'x' AND NOT b = '1' AND e = 1`:              "2 4",
		`a = 'x' AND (b = '4' OR b < '2')`:               "1 4",
		`a = 'x' AND b = '1' OR a = 'y'`:                 "1 1",
		`a = 'x' AND b = '1' AND b = '2'`:                "",
		`a = 'x' AND b NOT IN ['1', '2']`:                "3 4 5",
		`a = 'x' AND NOT b = '1' OR a = 'x' AND b = '2'`: "2 3 4 5",
		`a = 'x' OR a = 'x' AND NOT b = '1'`:             "1 2 3 4 5",
		`a IN ['y','x'] AND e = 1`:                       "2 4 1",
		`a = 'x' AND c IS MISSING`:                       "5",
		`a = 'x' AND contains(f, '3')`:                   "3",
		`a = 'x' AND size(f) = 2 AND b >= '4'`:           "4 5",
		`a = 'x' AND attribute_exists(c) = false`:        "5",
		`a = 'x' AND (e BETWEEN 1 AND 5) = true`:         "2 4",
		`a = 'x' AND e IS NUMERIC AND f IS NOT STRING`:   "",
		`a = 'x' AND n IS NULL`:                          "",
		`a = 'nobody'`:                                   "",
	} {
		if got := h.column("b", `SELECT * FROM "ranged" WHERE `+where); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	for where, n := range map[string]int{`a > 'x'`: 1, `e = 1`: 3, `a = 'x' OR e = 1`: 6, `a = 'y' OR b = '1'`: 2, `a = 'x' AND (a = 'y' OR e = 1)`: 2} {
		if got := h.column("b", `SELECT b FROM ranged WHERE `+where); len(strings.Fields(got)) != n {
			t.Errorf("%s: %q, want %d", where, got, n)
		}
	}
}

func TestSelectColumns(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"m":{"M":{"k":{"L":[{"S":"c"},{"N":"1"}]},"sub":{"S":"deep"}}},"l":{"L":[{"S":"p"}]}}`)
	for columns, want := range map[string]string{
		`a, m.sub`:              `{"a":{"S":"x"},"sub":{"S":"deep"}}`,
		`m.k[1], "l"[-0], m`:    `{"k[1]":{"N":"1"},"l[0]":{"S":"p"},"m":{"M":{"k":{"L":[{"S":"c"},{"N":"1"}]},"sub":{"S":"deep"}}}}`,
		`nothing, m.k[7], l[0]`: `{"l[0]":{"S":"p"}}`,
		`nothing`:               `{}`,
	} {
		if got := h.run(`SELECT ` + columns + ` FROM hashed WHERE a = 'x'`); got != `{"Items":[`+want+`]}` {
			t.Errorf("%s: %s, want %s", columns, got, want)
		}
	}
}

func TestSelectInOrder(t *testing.T) {
	h := music(t)
	h.put("ranged", `{"a":{"S":"y"},"b":{"S":"2"}}`)
	for where, want := range map[string]string{
		`a = 'x' ORDER BY b DESC`:                          "5 4 3 2 1",
		`a = 'x' ORDER BY b`:                               "1 2 3 4 5",
		`a = 'x' ORDER BY a ASC`:                           "5 4 3 2 1",
		`a IN ['x','y'] AND b < '3' ORDER BY a DESC, b`:    "1 2 1 2",
		`a IN ['x','y'] AND b < '3' ORDER BY a`:            "2 1 2 1",
		`a = 'x' AND b IN ['3','1'] ORDER BY b DESC`:       "3 1",
		`a = 'x' AND (b < '2' OR b > '4') ORDER BY b DESC`: "5 1",
	} {
		if got := h.column("b", `SELECT b FROM ranged WHERE `+where); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	for _, c := range [][2]string{
		{`ORDER BY b`, "Must have WHERE clause in the statement when using ORDER BY clause."},
		{`WHERE a = 'x' ORDER BY e`, "Attribute e in ORDER BY clause must be part of the primary key"},
		{`WHERE a > 'x' ORDER BY b`, "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."},
		{`WHERE a IN ['x','y'] ORDER BY b`, "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."},
		{`ORDER BY b WHERE a = 'x'`, notWellFormed + "Unexpected token after expression"},
	} {
		h.rejected(`SELECT b FROM ranged `+c[0], c[1])
	}
}

func TestSelectFromIndexes(t *testing.T) {
	h := music(t)
	for from, want := range map[string]string{
		`"ranged"."index3" WHERE c = 'm'`:                     "1 3 1",
		`"ranged"."index4" WHERE c = 'm' ORDER BY d DESC`:     "1 3 1",
		`ranged.index4 WHERE c = 'm' AND d > 'd0' AND e = 0`:  "3 1",
		`"ranged"."index1" WHERE a = 'x' AND c >= 'k'`:        "2 1 3",
		`"ranged"."index2" WHERE a = 'x' AND f = 'f1'`:        "refused",
		`"ranged"."index4" WHERE c IN ['m','k'] AND f = 'f1'`: "refused",
		`"ranged"."index4" WHERE (c='m' AND f='f1') OR c='k'`: "2",
		`"ranged"."index4" WHERE f = 'f1'`:                    "",
		`"ranged"."index2" WHERE NOT f = 'f1' AND a = 'x'`:    "refused",
	} {
		text := `SELECT * FROM ` + from
		if want == "refused" {
			name := from[strings.Index(from, "index"):][:6]
			h.rejected(text, "One or more parameter values were invalid: Secondary index "+name+" does not project one or more filter attributes: [f]")
		} else if got := h.column("b", text); got != want {
			t.Errorf("%s: %q, want %q", from, got, want)
		}
	}
	if got := h.column("f", `SELECT f FROM "ranged"."index2" WHERE a = 'x'`); got != "f4 f3 f2 f1" {
		t.Errorf("attributes that only the table has: %q", got)
	}
	for text, want := range map[string]string{
		`SELECT f, e, g FROM "ranged"."index4" WHERE c = 'm'`:          "One or more parameter values were invalid: Global secondary index index4 does not project [f, g]",
		`SELECT * FROM "ranged"."nowhere" WHERE a = 'x'`:               "The table does not have the specified index",
		`SELECT * FROM "ranged"."index3"."more"`:                       "A path may contain at most 2 components in the FROM clause",
		`SELECT * FROM "ranged".""`:                                    "Path component cannot be an empty string",
		`INSERT INTO "ranged"."index3" VALUE {'a':'q','b':'q'}`:        "FROM clause may only contain a single table name",
		`UPDATE "ranged"."index3" SET q = 1 WHERE a = 'x' AND b = '1'`: "This operation is not supported on an index",
		`DELETE FROM "ranged"."index3" WHERE a = 'x' AND b = '1'`:      "This operation is not supported on an index",
	} {
		h.rejected(text, want)
	}
	h.refused("ExecuteStatement", statement(`SELECT * FROM "ranged"."index3" WHERE c = 'm'`, "", `"ConsistentRead":true`),
		"Strongly consistent read is not supported on Global Secondary Indexes")
	if got := h.column("b", `SELECT * FROM "ranged"."index1" WHERE a = 'x'`, `"ConsistentRead":true`); got != "4 2 1 3" {
		t.Errorf("consistent read of a local index: %q", got)
	}
}

func TestStatementRefusals(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"ss":{"SS":["a"]},"s":{"S":"s"}}`)
	const mandatory = "Where clause does not contain a mandatory equality on all key attributes"
	const overlapping = "Overlapping conditions with range keys are not supported in where clause"
	const tooMany = "Too many decomposed read operations for a given query."
	values := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("'v%d'", i)
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	for _, c := range [][2]string{
		{`UPDATE hashed SET b = 1`, mandatory},
		{`FROM hashed SET b = 1`, mandatory},
		{`DELETE FROM ranged WHERE a = 'x' AND e = 1`, mandatory},
		{`UPDATE hashed SET b = 1 WHERE a IN ['x']`, mandatory},
		{`UPDATE hashed SET b = 1 WHERE a = 'x' OR a = 'y'`, mandatory},
		{`DELETE FROM hashed WHERE a = 'x' AND a = 'y'`, "Multiple conditions on same key a. Only single item Update/Insert/Delete are supported"},
		{`UPDATE hashed SET b = 1 WHERE a = 1`, "Key attribute's data type should match its data type in table's schema: Key a"},
		{`UPDATE hashed SET a = 'y' WHERE a = 'x'`, "One or more parameter values were invalid: Cannot update attribute a. This attribute is part of the key"},
		{`INSERT INTO ranged VALUE {'a':'q'}`, "Key attribute should be present in the item: Key b"},
		{`INSERT INTO ranged VALUE {'a':'q','b':2}`, "Key attribute's data type should match its data type in table's schema: Key b"},
		{`INSERT INTO hashed VALUE {'a':''}`, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a"},
		{`INSERT INTO hashed VALUE {'a':'q'} RETURNING ALL OLD *`, "RETURNING is not supported in INSERT"},
		{`DELETE FROM hashed WHERE a = 'x' RETURNING MODIFIED OLD *`, "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements."},
		{`SELECT * FROM hashed WHERE a = 1 OR a = 'x'`, "Key attribute's data type should match its data type in table's schema: Key a"},
		{`SELECT * FROM ranged WHERE a = 'x' AND b IN ['1', 2]`, "Key attribute's data type should match its data type in table's schema: Key b"},
		{`SELECT * FROM hashed WHERE a = true`, "Key value must be of type S, N, or B. Key name: a, Key type: BOOL"},
		{`SELECT * FROM hashed WHERE a = ''`, "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: a"},
		{`SELECT * FROM ranged WHERE a IN ['x','x']`, overlapping},
		{`SELECT * FROM ranged WHERE a = 'x' AND (b > '0' OR b < '5')`, overlapping},
		{`SELECT * FROM ranged WHERE a = 'x' AND (b = '1' OR e = 1)`, overlapping},
		{`SELECT * FROM ranged WHERE a = 'x' AND e <> 1 OR a = 'x' AND b = '2'`, overlapping},
		{`SELECT * FROM hashed WHERE a IN ` + values(51), tooMany},
		{`SELECT * FROM ranged WHERE a = 'x' AND b IN ` + values(51), tooMany},
		{`SELECT * FROM ranged WHERE a IN ` + values(26) + ` AND b IN ['1','2']`, tooMany},
		{`SELECT * FROM hashed WHERE a = 'x' AND b IN ` + values(101), "The IN operator is provided with too many operands; number of operands: 101"},
		{`UPDATE hashed SET ss = set_add(ss, <<1>>) WHERE a = 'x'`, "An operand in the update expression has an incorrect data type"},
		{`UPDATE hashed SET q = list_append(q, [1]) WHERE a = 'x'`, "The provided expression refers to an attribute that does not exist in the item"},
		{`UPDATE hashed SET q[0] = 1 WHERE a = 'x'`, "The document path provided in the update expression is invalid for update"},
		{`SELECT * FROM ab WHERE a = 'x'`, "Table name should be within the length [3, 255] and only contain 'a-z', 'A-Z', '0-9', '-', '_', '.'."},
		{`EXISTS(SELECT * FROM hashed WHERE a = 'x' AND b = 1)`, "EXISTS can only be used in ExecuteTransaction write requests."},
	} {
		h.rejected(c[0], c[1])
	}
	for _, text := range []string{
		`SELECT * FROM hashed WHERE a IN ` + values(51) + ` OR b = 1`,
		`SELECT * FROM hashed WHERE a IN ` + values(50) + ` AND b IN ` + values(100),
	} {
		h.run(text)
	}
	h.rejected(`SELECT * FROM hashed WHERE a = ? AND b = ?`, "Number of parameters in request and statement don't match.", `{"S":"x"}`)
	h.fails("ExecuteStatement", statement(`SELECT * FROM nowhere WHERE a = 'x'`, ""), "ResourceNotFoundException: Requested resource not found")
	h.fails("ExecuteStatement", statement(`FROM nowhere WHERE a = 'x' SET b = 1`, ""), "ResourceNotFoundException: Requested resource not found")
	deep := strings.Repeat(`{"M":{"k":`, 31) + `{"S":"x"}` + strings.Repeat(`}}`, 31)
	h.put("hashed", `{"a":{"S":"deep"},"m":{"M":{}}}`)
	h.rejected(`UPDATE hashed SET m.deep = ? WHERE a = 'deep'`, "Nesting Levels have exceeded supported limits", deep)
	if got := h.run(`SELECT * FROM hashed WHERE a = 'x'`); got != `{"Items":[{"a":{"S":"x"},"s":{"S":"s"},"ss":{"SS":["a"]}}]}` {
		t.Errorf("a refused statement changed something: %s", got)
	}
}

// Pages go on where the one before ended, even after a restart, and only with the
// statement that they are of.
func TestSelectPages(t *testing.T) {
	h := music(t)
	for where, want := range map[string]string{
		`a = 'x'`:                             "1 2 3 4 5",
		`a = 'x' AND e = 1`:                   "2 4",
		`a IN ['x','y'] ORDER BY a DESC, b`:   "1 1 2 3 4 5",
		`a = 'x' AND b IN ['1','3','5','7']`:  "1 3 5",
		`a = 'x' AND b > '1' ORDER BY b DESC`: "5 4 3 2",
		`e = 1 OR f = 'f3'`:                   "",
	} {
		text := `SELECT b FROM ranged WHERE ` + where
		all := h.column("b", text)
		if want != "" && all != want {
			t.Errorf("%s: %q", where, all)
		}
		for limit := 1; limit <= 3; limit++ {
			if got := h.selectPages(text, limit); got != all {
				t.Errorf("%s by %d: %q, want %q", where, limit, got, all)
			}
			h.restart()
		}
	}
	token := h.nextToken(`SELECT b FROM ranged WHERE a = 'x'`, 1)
	const mismatch = "NextToken does not match request"
	h.refused("ExecuteStatement", statement(`SELECT b FROM ranged WHERE a = 'y'`, "", `"NextToken":`+quoted(token)), mismatch)
	h.refused("ExecuteStatement", statement(`SELECT b FROM ranged WHERE a = 'x'`, "", `"NextToken":"garbage"`), "Invalid NextToken")
	h.caller.Account = "111111111111"
	h.mustDo("CreateTable", rangedTable)
	h.refused("ExecuteStatement", statement(`SELECT b FROM ranged WHERE a = 'x'`, "", `"NextToken":`+quoted(token)), mismatch)
}

// selected is one page of a SELECT.
type selected struct {
	found
	NextToken string
}

// selectPage reads a page.
func (h *harness) selectPage(text string, limit int, token string) (p selected) {
	h.t.Helper()
	others := []string{fmt.Sprintf(`"Limit":%d`, limit)}
	if token != "" {
		others = append(others, `"NextToken":`+quoted(token))
	}
	out := h.mustDo("ExecuteStatement", statement(text, "", others...))
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		h.t.Fatal(err)
	}
	if (p.NextToken == "") != (p.LastEvaluatedKey == nil) {
		h.t.Errorf("%s: token %q, last %s", text, p.NextToken, p.LastEvaluatedKey)
	}
	return p
}

func (h *harness) nextToken(text string, limit int) string {
	h.t.Helper()
	return h.selectPage(text, limit, "").NextToken
}

// selectPages reads all pages and returns their column b.
func (h *harness) selectPages(text string, limit int) string {
	h.t.Helper()
	var list []string
	for token, n := "", 0; n == 0 || token != ""; n++ {
		p := h.selectPage(text, limit, token)
		if n > 20 || len(p.Items) > limit {
			h.t.Fatalf("%s: page %d has %d items", text, n, len(p.Items))
		}
		list = append(list, strings.Fields(p.column("b"))...)
		token = p.NextToken
	}
	return strings.Join(list, " ")
}

func TestPointReadsEndWithoutToken(t *testing.T) {
	h := music(t)
	if token := h.nextToken(`SELECT b FROM ranged WHERE a = 'x' AND b = '1'`, 1); token != "" {
		t.Errorf("token %q after the only item of a key", token)
	}
	if token := h.nextToken(`SELECT b FROM ranged WHERE a = 'x' AND b IN ['1','2']`, 1); token == "" {
		t.Error("no token before the item of another key")
	}
}

func TestStatementCapacity(t *testing.T) {
	h := music(t)
	for text, want := range map[string]string{
		`SELECT * FROM ranged WHERE a = 'x' AND b = '1'`:            `{"TableName":"ranged","CapacityUnits":0.5,"Table":{"CapacityUnits":0.5}}`,
		`SELECT * FROM ranged WHERE a = 'x'`:                        `{"TableName":"ranged","CapacityUnits":0.5,"Table":{"CapacityUnits":0.5}}`,
		`SELECT * FROM ranged WHERE a = 'x' AND b IN ['1','2','9']`: `{"TableName":"ranged","CapacityUnits":1.5,"Table":{"CapacityUnits":1.5}}`,
		`SELECT * FROM ranged.index3 WHERE c = 'm'`:                 `{"TableName":"ranged","CapacityUnits":0.5,"Table":{"CapacityUnits":0.0},"GlobalSecondaryIndexes":{"index3":{"CapacityUnits":0.5}}}`,
		`INSERT INTO hashed VALUE {'a':'q'}`:                        `{"TableName":"hashed","CapacityUnits":1.0,"Table":{"CapacityUnits":1.0}}`,
	} {
		out := h.mustDo("ExecuteStatement", statement(text, "", `"ReturnConsumedCapacity":"INDEXES"`))
		if !strings.Contains(out, `"ConsumedCapacity":`+want) {
			t.Errorf("%s: %s", text, out)
		}
	}
}

// Every read by a statement finds what the same read by other operations does.
func TestStatementsReadWhatOtherOperationsRead(t *testing.T) {
	h := music(t)
	for i := range 60 {
		h.put("ranged", fmt.Sprintf(`{"a":{"S":"p%d"},"b":{"S":"%02d"},"c":{"S":"c%d"},"d":{"S":"%02d"},"e":{"N":"%d"},"f":{"S":"f%d"}}`, i%3, i, i%4, 60-i, i%5, i%7))
	}
	values := `":p":{"S":"p1"},":c":{"S":"c2"},":lo":{"S":"10"},":hi":{"S":"40"},":n":{"N":"2"}`
	words := strings.NewReplacer(":p", "'p1'", ":c", "'c2'", ":lo", "'10'", ":hi", "'40'", ":n", "2")
	for _, index := range []string{"", "index1", "index3", "index4"} {
		for _, key := range []string{"a = :p", "a = :p AND b > :lo", "a = :p AND b BETWEEN :lo AND :hi", "c = :c", "c = :c AND d <= :hi", ""} {
			for _, filter := range []string{"", "e >= :n", "NOT e = :n OR attribute_not_exists(e)"} {
				h.compareReads(index, key, filter, values, words)
			}
		}
	}
}

// compareReads compares a statement with a Query, or with a Scan where the Query is
// none of the index.
func (h *harness) compareReads(index, key, filter, values string, words *strings.Replacer) {
	h.t.Helper()
	from, name := "ranged", ""
	if index != "" {
		from, name = `"ranged"."`+index+`"`, fmt.Sprintf(`,"IndexName":%q`, index)
	}
	where := strings.Join(slices.DeleteFunc([]string{key, parens(filter)}, func(s string) bool { return s == "" }), " AND ")
	text := "SELECT * FROM " + from
	if where != "" {
		text += " WHERE " + words.Replace(where)
	}
	expressions := ""
	add := func(parameter, expression string) {
		if expression != "" {
			expressions += fmt.Sprintf(`,%q:%q`, parameter, expression)
		}
	}
	operation := "Query"
	add("KeyConditionExpression", key)
	add("FilterExpression", filter)
	in := `{"TableName":"ranged"` + name + expressions + used(where, values) + `}`
	want, err := h.do(operation, in)
	if err != nil { // no condition on this key
		expressions = ""
		operation = "Scan"
		add("FilterExpression", where)
		want = h.mustDo(operation, `{"TableName":"ranged"`+name+expressions+used(where, values)+`}`)
	}
	var f found
	if err := json.Unmarshal([]byte(want), &f); err != nil {
		h.t.Fatal(err)
	}
	got := h.read("ExecuteStatement", statement(text, ""))
	if g, w := fmt.Sprint(got.Items), fmt.Sprint(f.Items); g != w {
		h.t.Errorf("%s\n got %s\n%s %s", text, g, operation, w)
	}
}

func parens(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}

// used keeps the values that an expression names.
func used(expression, values string) string {
	var list []string
	for _, v := range strings.Split(values, `},"`) {
		v = strings.Trim(v, `"}`)
		name, _, _ := strings.Cut(v, `"`)
		if strings.Contains(expression, name) {
			list = append(list, `"`+v+`"}`)
		}
	}
	if list == nil {
		return ""
	}
	return `,"ExpressionAttributeValues":{` + strings.Join(list, ",") + `}`
}

// Every write by a statement leaves what the same write by another operation does.
func TestStatementsWriteWhatOtherOperationsWrite(t *testing.T) {
	h := music(t)
	h.mustDo("CreateTable", strings.Replace(rangedTable, `"TableName":"ranged"`, `"TableName":"twin"`, 1))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 400 {
		a, b, n := random.IntN(2), random.IntN(3), random.IntN(4)
		key := fmt.Sprintf(`"Key":{"a":{"S":"t%d"},"b":{"S":"%d"}}`, a, b)
		where := fmt.Sprintf(` WHERE a = 't%d' AND b = '%d'`, a, b)
		var text, operation, in string
		switch random.IntN(5) {
		case 0, 1:
			text = fmt.Sprintf(`INSERT INTO ranged VALUE {'a':'t%d','b':'%d','c':'c%d','n':%d,'ss':<<'x'>>,'l':[%d]}`, a, b, n, n, i)
			operation, in = "PutItem", fmt.Sprintf(`"ConditionExpression":"attribute_not_exists(a)","Item":{"a":{"S":"t%d"},"b":{"S":"%d"},"c":{"S":"c%d"},"n":{"N":"%d"},"ss":{"SS":["x"]},"l":{"L":[{"N":"%d"}]}}`, a, b, n, n, i)
		case 2:
			text = fmt.Sprintf(`UPDATE ranged SET n = n + %d, l = list_append(l, [%d]) SET ss = set_add(ss, <<'y','%d'>>) REMOVE c`, n, i, n) + where
			operation, in = "UpdateItem", key+fmt.Sprintf(`,"ConditionExpression":"attribute_exists(a)","UpdateExpression":"SET n = n + :n, l = list_append(l, :l) ADD ss :s REMOVE c","ExpressionAttributeValues":{":n":{"N":"%d"},":l":{"L":[{"N":"%d"}]},":s":{"SS":["y","%d"]}}`, n, i, n)
		case 3:
			text = fmt.Sprintf(`FROM ranged`+where+` AND (n > %d OR size(l) < 2) SET d = 'd%d' SET ss = set_delete(ss, <<'x'>>)`, n, i)
			operation, in = "UpdateItem", key+fmt.Sprintf(`,"ConditionExpression":"attribute_exists(a) AND (n > :n OR size(l) < :two)","UpdateExpression":"SET d = :d DELETE ss :s","ExpressionAttributeValues":{":n":{"N":"%d"},":two":{"N":"2"},":d":{"S":"d%d"},":s":{"SS":["x"]}}`, n, i)
		default:
			text = fmt.Sprintf(`DELETE FROM ranged`+where+` AND NOT n = %d`, n)
			operation, in = "DeleteItem", key+fmt.Sprintf(`,"ConditionExpression":"attribute_not_exists(a) OR NOT n = :n","ExpressionAttributeValues":{":n":{"N":"%d"}}`, n)
		}
		_, got := h.do("ExecuteStatement", statement(text, ""))
		_, want := h.do(operation, `{"TableName":"twin",`+in+`}`)
		if (got == nil) != (want == nil) {
			t.Fatalf("%s: %v\n%s: %v", text, got, operation, want)
		}
		h.sameItems("ranged", "twin", text)
	}
}

// sameItems compares the partitions "t0" and "t1" of two tables, and of an index of each.
func (h *harness) sameItems(one, other, after string) {
	h.t.Helper()
	items := func(table, index string) string {
		f := h.read("Scan", fmt.Sprintf(`{"TableName":%q%s,"FilterExpression":"begins_with(a, :t)","ExpressionAttributeValues":{":t":{"S":"t"}}}`, table, index))
		return fmt.Sprint(f.Items)
	}
	for _, index := range []string{"", `,"IndexName":"index3"`} {
		if a, b := items(one, index), items(other, index); a != b {
			h.t.Fatalf("after %s\n%s\n%s", after, a, b)
		}
	}
}

func TestKeysOfSeveralAttributesAreRefused(t *testing.T) {
	h := newEngine(t)
	h.mustDo("CreateTable", `{"TableName":"multi","BillingMode":"PAY_PER_REQUEST",
		"AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},{"AttributeName":"h","AttributeType":"S"},{"AttributeName":"i","AttributeType":"S"}],
		"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],
		"GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"h","KeyType":"HASH"},{"AttributeName":"i","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`)
	const refused = "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys."
	h.rejected(`SELECT * FROM "multi"."gsi" WHERE h = 5`, refused)
	h.rejected(`SELECT * FROM "multi"."gsi"`, refused)
	h.rejected(`SELECT * FROM "multi"."gsi" WHERE`, notWellFormed+"Unexpected term")
	h.run(`SELECT * FROM "multi" WHERE a = 'x'`)
}
