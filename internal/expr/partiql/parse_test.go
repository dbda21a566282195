package partiql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

const notWellFormed = "Statement wasn't well formed, can't be processed: "

// refused parses a statement that must be refused.
func refused(t *testing.T, text, want string, params ...attr.Value) {
	t.Helper()
	s, err := Parse(text, params)
	if err == nil {
		t.Errorf("%s: %+v, want %q", text, s, want)
	} else if err.Error() != want {
		t.Errorf("%s\n got %s\nwant %s", text, err, want)
	}
}

func parsed(t testing.TB, text string, params ...attr.Value) *Statement {
	t.Helper()
	s, err := Parse(text, params)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

func TestNotWellFormed(t *testing.T) {
	for _, c := range []struct{ detail, texts string }{
		{detailLeftover, `SELECT * FROM t WHERE pk = 1 foo
			SELECT * FROM t WHERE pk = 1 e5
			INSERT INTO t VALUE {'pk': 1} foo
			INSERT INTO "t" x VALUE {'pk': 'x'}
			UPDATE t SET a = 9 WHERE pk = 2 foo
			DELETE FROM t WHERE pk = 3 foo
			SELECT * FROM t WHERE pk = 1)
			DELETE FROM t WHERE pk = 4 ORDER BY pk
			SELECT * FROM t ORDER BY pk WHERE pk = 1
			FROM t SET c = 1 WHERE pk = 'x'
			SELECT * FROM t; SELECT * FROM t
			SELECTT * FROMM "t"`},
		{detailTerm, `SELECT * FROM t WHERE
			SELECT * FROM t WHERE;
			UPDATE t SET a = 1 WHERE
			DELETE FROM t WHERE
			SELECT * FROM t WHERE NOT
			SELECT * FROM t WHERE (
			SELECT * FROM`},
		{detailRightOperand, `SELECT * FROM t WHERE pk = 'a' AND
			SELECT * FROM t WHERE pk = 'a' OR
			SELECT * FROM t WHERE pk =`},
		{detailKeyword, `SELECT * FROM t WHERE ORDER BY pk
			SELECT * FROM t WHERE pad = 'none'`},
		{detailOperator, `SELECT * FROM t WHERE IS NULL
			SELECT * FROM t WHERE pk = LIKE`},
		{detailType, `SELECT * FROM t WHERE x IS FOO`},
		{detailSimplePath, `DELETE FROM
			DELETE FROM;
			DELETE FROM WHERE pk = 'a'`},
		{detailNoStatement, `SLECT * FROM t WHERE pk = 'a'
			UPDATE Payment-x SET active = 1 WHERE id = 2
			FROM t WHERE pk = 'x'`},
		{detailPathDot, `SELECT * FROM t WHERE attribute_exists(m.inner)
			UPDATE t SET m.inner = 1 WHERE pk = 'a'`},
		{"Expected RIGHT_PAREN", `SELECT * FROM (SELECT a FROM t LIMIT 3 x)`},
		{"", `SELECT * FROM t WHERE pk = 1e2147483648
			SELECT * FROM t WHERE pk = 1.5e-2147483647
			SELECT * FROM t WHERE pk = 1 # note
			SELECT * FROM t WHERE pk = 1 /* note
			SELECT * FROM "t
			SELECT * FROM t WHERE a = 'x`},
	} {
		for _, text := range strings.Split(c.texts, "\n") {
			refused(t, strings.TrimSpace(text), notWellFormed+c.detail)
		}
	}
	refused(t, strings.Repeat("(", 8000), notWellFormed)
	refused(t, "SELECT * FROM t WHERE "+strings.Repeat("NOT ", 2000)+"a = 1", notWellFormed)
	refused(t, "SELECT * FROM t WHERE a = "+strings.Repeat("- ", 4000)+"1", notWellFormed)
}

func TestNotMeant(t *testing.T) {
	for text, want := range map[string]string{
		`SELECT * FROM t x WHERE pk = 'x'`:                 textAlias,
		`SELECT * FROM "t" AS x`:                           textAlias,
		`SELECT a AS b FROM t`:                             textAlias,
		`UPDATE t x SET a = 3 WHERE pk = 'x'`:              textAlias,
		`DELETE FROM t x WHERE pk = 'x'`:                   textAlias,
		`SELECT a, b, a FROM t`:                            "Duplicate identifiers in select clause: a",
		`SELECT m.k, k FROM t`:                             "Duplicate identifiers in select clause: k",
		`SELECT *, a FROM t`:                               textStarAndOthers,
		`SELECT * FROM (SELECT * FROM t)`:                  textOneSource,
		`SELECT * FROM t, u`:                               textOneSource,
		`SELECT id FROM dbimp_page LIMIT 5`:                "Unsupported clause: LIMIT at 1:33:1",
		`SELECT attribute_exists(ss) FROM t`:               "Unexpected path component at 1:8:16",
		`SELECT l[-1] FROM t`:                              "List index is not within the allowable range; index: [-1] at 1:11:1",
		`x IS INT4`:                                        "Unsupported operation: IsType",
		`x IS DOUBLE PRECISION`:                            "Unsupported operation: IsType",
		`SELECT * FROM t WHERE EXISTS(ss)`:                 "Unrecognized function: exists at 1:23:6",
		`SELECT * FROM t WHERE set_add(ss, <<'x'>>) = ss`:  "Unrecognized function: set_add at 1:23:7",
		`SELECT * FROM t WHERE x IS SYMBOL`:                fmt.Sprintf(textIsType, "SYMBOL"),
		`SELECT * FROM t WHERE a + 1 = 2`:                  "Unsupported operator in Condition Expression. Operator: +",
		`SELECT * FROM t WHERE a LIKE 'x'`:                 "Unsupported operator in Condition Expression. Operator: LIKE",
		`UPDATE t SET a = b * 2 WHERE pk = 1`:              "Unsupported operator in Update Expression. Operator: *",
		`UPDATE t SET a = if_not_exists(b, 2) WHERE k = 1`: "Unrecognized function: if_not_exists at 1:18:13",
		`SELECT * FROM t WHERE size(a)`:                    "The function is not allowed to be used this way in an expression; function: size",
	} {
		refused(t, text, want)
	}
	refused(t, "SELECT "+strings.Repeat("a.", 32)+"b FROM t", "The document path has too many nesting elements; nesting levels: 33")
}

// What package expr says of operands, PartiQL says without naming an expression.
func TestOperands(t *testing.T) {
	for where, want := range map[string]string{
		`attribute_exists('ss')`:                 "Operator or function requires a document path; operator or function: attribute_exists",
		`attribute_exists()`:                     "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0",
		`attribute_exists(ss, ns)`:               "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 2",
		`val < true`:                             "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
		`attribute_exists(n) > 1`:                "Incorrect operand type for operator or function; operator or function: >, operand type: BOOL",
		`(a = 1) = attribute_exists() AND b = 2`: "Incorrect number of operands for operator or function; operator or function: attribute_exists, number of operands: 0",
		`attribute_type(l, 1)`:                   "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: N",
		`attribute_type(l, true)`:                "Incorrect operand type for operator or function; operator or function: attribute_type, operand type: BOOL",
		`attribute_type(l, 'X')`:                 "Invalid attribute type name found; type: X, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}",
	} {
		refused(t, `SELECT * FROM t WHERE pk = 'a' AND `+where, want)
	}
	for set, want := range map[string]string{
		`n = 'a' + 1`:                    "Incorrect operand type for operator or function; operator or function: +, operand type: S",
		`n = n - null`:                   "Incorrect operand type for operator or function; operator or function: -, operand type: NULL",
		`n = n + [1]`:                    "Incorrect operand type for operator or function; operator or function: +, operand type: L",
		`a = 1, a = 2`:                   "Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a]",
		`t = set_add(ss, <<'x'>>)`:       "The first argument to SET_ADD must equal the assignment value at 1:18:7",
		`ss = set_add(<<'a'>>, <<'b'>>)`: "The first argument to SET_ADD must equal the assignment value at 1:19:7",
		`ss = set_add(ss, 'x')`:          "The second argument to SET_ADD must be a value with type SET at 1:27:2",
		`ss = set_add(ss)`:               "SET_ADD must have exactly two arguments at 1:19:7",
		`"ss" = set_delete("ss", ['x'])`: "The second argument to SET_DELETE must be a value with type SET at 1:32:4",
		`ss = set_add(ss, <<>>)`:         textEmptyBag,
	} {
		refused(t, `UPDATE t SET `+set+` WHERE pk = 'a'`, want)
	}
	refused(t, "UPDATE t\nSET BandMembers = set_add(BandMembers, 'x')\nWHERE pk='sets'", "The second argument to SET_ADD must be a value with type SET at 2:27:11")
}

func TestLiterals(t *testing.T) {
	s := parsed(t, `INSERT INTO t VALUE {'s': 'it''s', 'n': -1.50e1, 'sum': - - .5, 'b': true, 'z': null, 'l': [1, 'a', []],
		'm': {'k': {'q': <<1, 10>>}}, 'ss': <<'b','a'>>, 'p': ?}`, attr.S("v"))
	want := `{"b":{"BOOL":true},"l":{"L":[{"N":"1"},{"S":"a"},{"L":[]}]},"m":{"M":{"k":{"M":{"q":{"NS":["1","10"]}}}}},` +
		`"n":{"N":"-15"},"p":{"S":"v"},"s":{"S":"it's"},"ss":{"SS":["a","b"]},"sum":{"N":"0.5"},"z":{"NULL":true}}`
	if got := string(s.Item.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	const overflow = "Number overflow. Attempting to store a number with magnitude larger than supported range"
	for value, want := range map[string]string{
		`1e126`:        overflow + " under root",
		`{'x': 1e126}`: overflow + " under root.x",
		`[1, 1e126]`:   overflow + " under root[1]",
		`1e-131`:       "Number underflow. Attempting to store a number with magnitude smaller than supported range under root",
		`123456789012345678901234567890123456789`: "Attempting to store more than 38 significant digits in a Number under root",
		`<<>>`:              textEmptyBag,
		`<<1, 'a'>>`:        textBagElement,
		`<<?>>`:             textBagElement,
		`<<'a', 'a'>>`:      "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
		`<<2, 2.0>>`:        "One or more parameter values were invalid: Input collection [2, 2.0] contains duplicates! under root",
		`[?]`:               "Unsupported data type: Parameter under key root[0] at 1:28:1",
		`{'k': ?}`:          "Unsupported data type: Parameter under key root.k at 1:33:1",
		`set_add(<<'a'>>)`:  "Unsupported data type: set_add under key root at 1:27:7",
		`DATE '2026-10-01'`: "Unsupported data type: UNKNOWN under key root at 1:27:4",
		strings.Repeat("{'a':", 32) + "1" + strings.Repeat("}", 32): "Nesting Levels have exceeded supported limits under root" + strings.Repeat(".a", 32),
	} {
		refused(t, `INSERT INTO t VALUE {'pk':`+value+`, 'x': 1}`, want, attr.S("v"))
	}
	parsed(t, `INSERT INTO t VALUE {'d': `+strings.Repeat("[", 31)+"1"+strings.Repeat("]", 31)+`}`)
	refused(t, `SELECT * FROM t WHERE pk = ?`, textParameters)
}

func TestTokensAreNotMistaken(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT/**/* FROM t -- the table\nWHERE pk/* key */='a--b /*c*/' --": "a--b /*c*/",
		`SELECT * FROM t WHERE "pk" = 'it''s ?';`:                            "it's ?",
		`select * from "t" where pk='-- no comment'`:                         "-- no comment",
	} {
		pins := parsed(t, text).Pin([]string{"pk"})
		if v, _ := pins.Key.Get("pk"); v.Str() != want || !pins.Alone() {
			t.Errorf("%s: %q", text, v.Str())
		}
	}
	if s := parsed(t, `SELECT * FROM "a.b-c"."i""x"`); s.Table != "a.b-c" || s.Index != `i"x` {
		t.Errorf("table %q, index %q", s.Table, s.Index)
	}
}

func TestBranches(t *testing.T) {
	for where, want := range map[string]string{
		`h = 1`:                         "1",
		`h = 1 AND s > 2 AND 5 >= s`:    "1 >2 <=5",
		`h IN [1,2] AND s IN (3,4)`:     "1 =3|1 =4|2 =3|2 =4",
		`h = 1 OR h = 2 AND x = 3`:      "1|2 x",
		`h = 1 AND (x = 2 OR y = 3)`:    "1 x y",
		`h = 1 AND (s = 2 OR y = 3)`:    "1 =2|1 y",
		`h = 1 AND NOT s = 2`:           "1 unsorted s",
		`h = 1 AND s <> 2`:              "1 unsorted s",
		`h = 1 AND h = 2`:               "1,2",
		`h = 1 AND h = 1`:               "1",
		`h > 1`:                         " h",
		`h = x`:                         " h x",
		`h = 1 AND begins_with(s, 'a')`: "1 ^a",
		`h = 1 AND s BETWEEN 2 AND 3`:   "1 2..3",
		`h = 1 AND s BETWEEN x AND 3`:   "1 s x",
		`h IN [x, 1]`:                   " h x",
	} {
		var list []string
		for _, b := range parsed(t, `SELECT * FROM t WHERE `+where).Branches("h", "s") {
			list = append(list, showBranch(b))
		}
		if got := strings.Join(list, "|"); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	many := parsed(t, "SELECT * FROM t WHERE "+strings.TrimSuffix(strings.Repeat("(s=1 OR s=2) AND ", 40), " AND ")).Branches("h", "s")
	if len(many) != enoughBranches {
		t.Errorf("%d branches", len(many))
	}
}

func showBranch(b Branch) string {
	show := func(v attr.Value) string {
		if v.Kind() == attr.KindS {
			return v.Str()
		}
		return v.Num().String()
	}
	var hash []string
	for _, v := range b.Hash {
		hash = append(hash, show(v))
	}
	out := strings.Join(hash, ",")
	for _, s := range b.Sort {
		switch s.Op {
		case expr.KeyBetween:
			out += " " + show(s.Value) + ".." + show(s.Upper)
		default:
			out += " " + [...]string{"", "=", "<", "<=", ">", ">=", "", "^"}[s.Op] + show(s.Value)
		}
	}
	if b.Unsorted {
		out += " unsorted"
	}
	for _, name := range b.Filters {
		out += " " + name
	}
	return out
}

func TestPins(t *testing.T) {
	keys := []string{"h", "s"}
	for where, want := range map[string]string{
		`h = 1 AND s = 2`:             `{"h":{"N":"1"},"s":{"N":"2"}} alone`,
		`(2 = s AND h = 1) AND h = 1`: `{"h":{"N":"1"},"s":{"N":"2"}} alone`,
		`h = 1 AND s = 2 AND h = 3`:   `{"h":{"N":"1"},"s":{"N":"2"}} conflict h`,
		`h = 1 AND s IN [2]`:          `{"h":{"N":"1"}}`,
		`h = 1 AND s = 2 AND x = 3`:   `{"h":{"N":"1"},"s":{"N":"2"}}`,
		`h = 1 OR s = 2`:              `{}`,
		`h.k = 1 AND s = 2`:           `{"s":{"N":"2"}}`,
	} {
		p := parsed(t, `DELETE FROM t WHERE `+where).Pin(keys)
		got := string(p.Key.AppendJSON(nil))
		if p.Alone() {
			got += " alone"
		}
		if p.Conflict != "" {
			got += " conflict " + p.Conflict
		}
		if got != want {
			t.Errorf("%s: %s, want %s", where, got, want)
		}
	}
	if p := parsed(t, `SELECT * FROM t WHERE h IN [1] AND s IN (2)`).PinRead(keys); len(p.Key) != 2 || !p.Alone() {
		t.Errorf("IN with one value: %+v", p)
	}
}

// Whatever the statement, it is refused in words of the service, or can be used.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`SELECT a, m.k[0] FROM "t"."i" WHERE h = ? AND (s BETWEEN 1 AND 2 OR begins_with(s, 'x')) ORDER BY h DESC`,
		`INSERT INTO t VALUE {'a': [1, {'b': <<1, 2>>}], 'c': ?}`,
		`UPDATE t SET a = a + 1, b = list_append(b, [1]) REMOVE c[0].d SET s = set_add(s, <<'x'>>) WHERE h = 1 RETURNING ALL NEW *`,
		`DELETE FROM t WHERE h = 1 AND NOT (size(a) > 2 = true) AND x IS NOT MISSING`,
		`EXISTS(SELECT * FROM t WHERE h IN [1, - 2] AND s NOT IN ('a', "b"))`,
		`FROM t WHERE contains(a, attribute_type(b, 'S')) SET x = -1e-5 -- end`,
	} {
		f.Add(s)
	}
	item := attr.Map{{Name: "a", Value: attr.L(nil)}, {Name: "h", Value: attr.N(attr.IntNumber(1))}}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 8192 {
			return
		}
		s, err := Parse(src, []attr.Value{attr.N(attr.IntNumber(1)), attr.S("x")})
		if err != nil {
			if _, ok := err.(expr.Error); !ok {
				t.Errorf("%q: %T %v", src, err, err)
			}
			return
		}
		if s.Filter != nil {
			s.Filter.Eval(item)
		}
		if s.Update != nil {
			_, _ = s.Update.Apply(item)
		}
		if s.Projection != nil {
			s.Projection.Apply(item)
		}
		s.Branches("h", "s")
		p := s.Pin([]string{"h", "s"})
		if c, err := p.IfExists("h"); err != nil {
			t.Errorf("%q: %v", src, err)
		} else {
			c.Eval(item)
		}
		if c, err := p.UnlessExists("h"); err == nil && c != nil {
			c.Eval(item)
		}
	})
}
