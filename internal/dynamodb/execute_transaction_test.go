package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// statements makes an ExecuteTransaction of statements without parameters.
func statements(texts ...string) string {
	list := make([]string, len(texts))
	for i, text := range texts {
		list[i] = statement(text, "")
	}
	return `{"TransactStatements":[` + strings.Join(list, ",") + `]}`
}

// transactionRefused runs a transaction that must be refused with a
// ValidationException.
func (h *harness) transactionRefused(message string, texts ...string) {
	h.t.Helper()
	h.refused("ExecuteTransaction", statements(texts...), message)
}

// transactionCancelled runs a transaction that must be cancelled for reasons
// "Code: message", or "None".
func (h *harness) transactionCancelled(reasons []string, texts ...string) {
	h.t.Helper()
	_, err := h.do("ExecuteTransaction", statements(texts...))
	var e *api.Error
	if !errors.As(err, &e) || e.Code != "TransactionCanceledException" {
		h.t.Errorf("%q: %v", texts, err)
		return
	}
	var got []string
	for _, r := range e.Reasons {
		got = append(got, strings.TrimSuffix(r.Code+": "+r.Message, ": "))
	}
	if fmt.Sprint(got) != fmt.Sprint(reasons) {
		h.t.Errorf("%q\n got %q\nwant %q", texts, got, reasons)
	}
}

func TestTransactionOfStatements(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"n":{"N":"1"}}`)
	h.put("hashed", `{"a":{"S":"gone"}}`)
	out := h.mustDo("ExecuteTransaction", `{"ReturnConsumedCapacity":"TOTAL",`+statements(
		`EXISTS(SELECT * FROM hashed WHERE a = 'x' AND m IS MISSING)`,
		`INSERT INTO hashed VALUE {'a': 'new', 'n': 2}`,
		`FROM ranged WHERE a = 'x' AND b = '1' SET n = 3`,
		`DELETE FROM hashed WHERE a = 'gone'`)[1:])
	if want := `{"Responses":[],"ConsumedCapacity":[{"TableName":"hashed","CapacityUnits":6.0,"WriteCapacityUnits":6.0},{"TableName":"ranged","CapacityUnits":6.0,"WriteCapacityUnits":6.0}]}`; out != want {
		t.Errorf("writes\n got %s\nwant %s", out, want)
	}
	h.expect("ExecuteTransaction", statements(
		`SELECT * FROM hashed WHERE a = 'new'`,
		`SELECT n FROM "ranged" WHERE b IN ['1'] AND a = 'x' AND a = 'x'`,
		`SELECT * FROM hashed WHERE a = 'gone'`),
		`{"Responses":[{"Item":{"a":{"S":"new"},"n":{"N":"2"}}},{"Item":{"n":{"N":"3"}}},{}]}`)
}

func TestTransactionsOfStatementsThatAreCancelled(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"n":{"N":"1"}}`)
	const update = `UPDATE hashed SET n = 9 WHERE a = 'x'`
	const failed, mismatch = "ConditionalCheckFailed: The conditional request failed", "ValidationError: The provided key element does not match the schema"
	h.transactionCancelled([]string{"None", failed}, update, `EXISTS(SELECT * FROM hashed WHERE a = 'y' AND n IS MISSING)`)
	h.transactionCancelled([]string{failed, "None"}, `UPDATE hashed SET n = 9 WHERE a = 'y'`, update)
	h.transactionCancelled([]string{failed, "None"}, `EXISTS(SELECT * FROM ranged WHERE a = 'x' AND b = '1' AND a = 'y' AND e = 0)`, update)
	h.transactionCancelled([]string{"None", "DuplicateItem: Duplicate primary key exists in table"}, `INSERT INTO hashed VALUE {'a':'new'}`, `INSERT INTO hashed VALUE {'a':'x'}`)
	h.transactionCancelled([]string{mismatch, mismatch, "ValidationError: Multiple conditions on same key a. Only single item Update/Insert/Delete are supported", mismatch, "None"},
		`UPDATE ranged SET n = 1 WHERE a = 'x'`, `UPDATE ranged SET n = 1 WHERE a IN ['x'] AND b = '1'`,
		`UPDATE ranged SET n = 1 WHERE a = 'x' AND b = '1' AND a = 'y'`, `UPDATE ranged SET n = 1 WHERE a = 'x' AND b = 1`, update)
	h.transactionCancelled([]string{"ValidationError: One or more parameter values were invalid: Missing the key b in the item", mismatch},
		`INSERT INTO ranged VALUE {'a':'x'}`, `DELETE FROM ranged WHERE b = '1'`)
	h.transactionCancelled([]string{"None", "None", mismatch}, `SELECT * FROM hashed WHERE a = 'x'`, `SELECT * FROM hashed WHERE a = 'x'`, `SELECT * FROM hashed WHERE a = 1`)
	if got := h.run(`SELECT * FROM hashed`); got != `{"Items":[{"a":{"S":"x"},"n":{"N":"1"}}]}` {
		t.Errorf("a cancelled transaction left %s", got)
	}
}

func TestTransactionsOfStatementsThatAreRefused(t *testing.T) {
	h := music(t)
	const first = "Validation failed in TransactStatements[0]: "
	const byKey = first + "Select statements within ExecuteTransaction must specify the primary key in the where clause."
	const update = `UPDATE hashed SET n = 9 WHERE a = 'y'`
	for _, c := range []struct {
		message string
		texts   []string
	}{
		{"ExecuteTransaction API does not support both read and write operations in the same request.", []string{`SELECT * FROM hashed WHERE a = 'x'`, update}},
		{first + notWellFormed + "Unexpected term", []string{`SELECT * FROM hashed WHERE`}},
		{first + "RETURNING clause is not supported in ExecuteTransaction.", []string{update + ` RETURNING ALL NEW *`}},
		{"Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.", []string{`UPDATE nowhere SET n = 1 WHERE a = 'x'`, update + ` RETURNING ALL NEW *`}},
		{first + "This operation is not supported on an index", []string{`UPDATE "ranged"."index1" SET n = 1 WHERE a = 'x' AND b = '1'`}},
		{first + "Reads on indices are not supported within transactions.", []string{`SELECT * FROM "ranged"."index1" WHERE a = 'x' AND b = '1'`}},
		{byKey, []string{`SELECT * FROM ranged WHERE a = 'x'`}},
		{byKey, []string{`SELECT * FROM ranged WHERE a = 'x' AND b = '1' AND e = 1`}},
		{byKey, []string{`SELECT * FROM hashed WHERE a = 'x' AND a = 'y'`}},
		{byKey, []string{`SELECT * FROM hashed WHERE a = 'x' AND attribute_exists(n)`}},
		{first + "Overlapping conditions with range keys are not supported in where clause", []string{`SELECT * FROM ranged WHERE a IN ['x','x'] AND b = '1'`}},
		{first + "EXISTS() must contain a single item read with additional condition", []string{`EXISTS(SELECT * FROM hashed WHERE a = 'x')`, update}},
		{first + "EXISTS() must contain a single item read with additional condition", []string{`EXISTS(SELECT * FROM hashed WHERE a IN ['x'] AND n = 1)`, update}},
		{"Transaction request cannot include multiple operations on one item", []string{`SELECT * FROM hashed WHERE a = 'x'`, `SELECT n FROM hashed WHERE 'x' = a`}},
		{"Transaction request cannot include multiple operations on one item", []string{update, `DELETE FROM hashed WHERE a = 'y'`}},
	} {
		h.transactionRefused(c.message, c.texts...)
	}
}

func TestTokenOfStatements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := music(t)
		h.put("hashed", `{"a":{"S":"x"},"n":{"N":"0"}}`)
		request := func(by int) string {
			return fmt.Sprintf(`{"ClientRequestToken":"t","ReturnConsumedCapacity":"TOTAL",%s`, statements(fmt.Sprintf(`UPDATE hashed SET n = n + %d WHERE a = 'x'`, by))[1:])
		}
		for i, want := range []string{`"WriteCapacityUnits":2.0`, `"ReadCapacityUnits":2.0`} {
			if out := h.mustDo("ExecuteTransaction", request(1)); !strings.Contains(out, want) {
				t.Errorf("time %d: %s", i+1, out)
			}
		}
		h.fails("ExecuteTransaction", request(2), "IdempotentParameterMismatchException: The request uses the same client token as a previous, but non-identical request.")
		time.Sleep(11 * time.Minute)
		h.mustDo("ExecuteTransaction", request(2))
		if got := h.run(`SELECT n FROM hashed`); got != `{"Items":[{"n":{"N":"3"}}]}` {
			t.Errorf("after one, its repeat, and two: %s", got)
		}
	})
}

func TestBatchOfStatements(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"n":{"N":"1"}}`)
	batch := func(texts ...string) string {
		return strings.Replace(statements(texts...), "TransactStatements", "Statements", 1)
	}
	failed := func(code, message string, ran bool) string {
		table := ""
		if ran {
			table = `,"TableName":"hashed"`
		}
		return fmt.Sprintf(`{"Error":{"Code":%q,"Message":%q}%s}`, code, message, table)
	}
	const key = "Select statements within BatchExecuteStatement must specify the primary key in the where clause."
	expect := func(want []string, texts ...string) {
		t.Helper()
		h.expect("BatchExecuteStatement", batch(texts...), `{"Responses":[`+strings.Join(want, ",")+`]}`)
	}
	expect([]string{
		`{"TableName":"hashed"}`,
		`{"TableName":"hashed"}`,
		`{"TableName":"hashed","Item":{"n":{"N":"3"}}}`,
		failed("DuplicateItem", "Duplicate primary key exists in table", true),
		failed("ConditionalCheckFailed", "The conditional request failed", true),
		failed("ValidationError", notWellFormed+"Expected data manipulation", false),
		failed("ValidationError", "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.", false),
		failed("ValidationError", "Where clause does not contain a mandatory equality on all key attributes", false),
		failed("ResourceNotFound", "Requested resource not found", false),
		failed("ValidationError", "EXISTS can only be used in ExecuteTransaction write requests.", false),
		`{"TableName":"hashed","Item":{"a":{"S":"new"}}}`,
	},
		`INSERT INTO hashed VALUE {'a':'new'}`,
		`UPDATE hashed SET n = 2 WHERE a = 'x'`,
		`UPDATE hashed SET n = n + 1 WHERE a = 'x' RETURNING MODIFIED NEW *`,
		`INSERT INTO hashed VALUE {'a':'x'}`,
		`UPDATE hashed SET n = 2 WHERE a = 'x' AND n = 7`,
		`SLECT * FROM hashed WHERE a = 'x'`,
		`DELETE FROM hashed WHERE a = 'x' RETURNING MODIFIED OLD *`,
		`DELETE FROM hashed WHERE n = 1`,
		`DELETE FROM nowhere WHERE a = 'x'`,
		`EXISTS(SELECT * FROM hashed WHERE a = 'x' AND n = 1)`,
		`DELETE FROM hashed WHERE a = 'new' RETURNING ALL OLD *`,
	)
	expect([]string{
		`{"TableName":"hashed","Item":{"n":{"N":"3"}}}`,
		`{"TableName":"ranged"}`,
		failed("ValidationError", key, false),
		failed("ValidationError", key, false),
		failed("ValidationError", key, false),
		failed("ValidationError", "Number of parameters in request and statement don't match.", false),
	},
		`SELECT n FROM hashed WHERE a IN ['x']`,
		`SELECT * FROM ranged WHERE a = 'x' AND b = 'nothing'`,
		`SELECT * FROM ranged WHERE a = 'x'`,
		`SELECT * FROM hashed WHERE a = 'x' AND n = 3`,
		`SELECT * FROM "ranged"."index1" WHERE a = 'x' AND b = '1' AND c = 'm'`,
		`SELECT * FROM hashed WHERE a = ?`,
	)
	in := `{"Statements":[` + statement(`SELECT * FROM hashed WHERE a = ?`, `{"S":"x"}`, `"ConsistentRead":true`) + `,` + statement(`SELECT * FROM hashed WHERE a = ?`, `{"S":"y"}`) + `],"ReturnConsumedCapacity":"TOTAL"}`
	if out := h.mustDo("BatchExecuteStatement", in); !strings.HasSuffix(out, `"ConsumedCapacity":[{"TableName":"hashed","CapacityUnits":1.0},{"TableName":"hashed","CapacityUnits":0.5}]}`) {
		t.Errorf("capacity: %s", out)
	}
	h.refused("BatchExecuteStatement", batch(`SELECT * FROM hashed WHERE a = 'x'`, `DELETE FROM hashed WHERE a = 'x'`),
		"BatchExecuteStatement API does not support both read and write operations in the same request.")
}

func TestStatementsReturnItemsThatFailedAConditionWhereAsked(t *testing.T) {
	h := music(t)
	h.put("hashed", `{"a":{"S":"x"},"n":{"N":"1"}}`)
	update := statement(`UPDATE hashed SET n = 9 WHERE a = 'x' AND n = 2`, "", `"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`)
	_, err := h.do("ExecuteTransaction", `{"TransactStatements":[`+update+`]}`)
	var e *api.Error
	if !errors.As(err, &e) || len(e.Reasons) != 1 || e.Reasons[0].Item.IsZero() {
		t.Errorf("transaction: %v", err)
	}
	h.expect("BatchExecuteStatement", `{"Statements":[`+update+`]}`,
		`{"Responses":[{"Error":{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"a":{"S":"x"},"n":{"N":"1"}}},"TableName":"hashed"}]}`)
}
