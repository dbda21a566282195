package dynamodb

import "testing"

func TestListTablesPages(t *testing.T) {
	h := newEngine(t)
	h.expect("ListTables", `{}`, `{"TableNames":[]}`)
	for _, name := range []string{"beta", "Alpha", "gamma"} {
		h.mustDo("CreateTable", plain(name, onDemand))
	}
	h.expect("ListTables", `{}`, `{"TableNames":["Alpha","beta","gamma"]}`)
	h.expect("ListTables", `{"Limit":2}`, `{"TableNames":["Alpha","beta"],"LastEvaluatedTableName":"beta"}`)
	h.expect("ListTables", `{"Limit":2,"ExclusiveStartTableName":"beta"}`, `{"TableNames":["gamma"]}`)
	h.expect("ListTables", `{"ExclusiveStartTableName":"between"}`, `{"TableNames":["gamma"]}`)
	h.expect("ListTables", `{"Limit":3}`, `{"TableNames":["Alpha","beta","gamma"]}`)
	h.caller.Account = "111122223333"
	h.expect("ListTables", `{}`, `{"TableNames":[]}`)
}
