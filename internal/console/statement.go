package console

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// statementData is a PartiQL statement and what came of it.
type statementData struct {
	Statement string
	Ran       bool
	Columns   []string
	Rows      [][]string
	Next      string // token of the next page
}

// showStatement shows the form for a statement, which the URL may bring.
func (v *visit) showStatement() error {
	return v.show("table_statement", "statement.title", &statementData{Statement: v.r.Form.Get("statement")})
}

func (v *visit) runStatement() error {
	form := v.r.PostForm
	d := &statementData{Statement: form.Get("statement")}
	in := &ddb.ExecuteStatementInput{Statement: api.Some(d.Statement), NextToken: some(form.Get("next")), Limit: limitOf(d.Statement)}
	end := time.Now().Add(searchTime)
	out, err := call[*ddb.ExecuteStatementOutput](v, ddb.Target, "ExecuteStatement", in)
	for err == nil && len(out.Items) == 0 && out.NextToken.OK && time.Now().Before(end) { // nothing of what was read passes
		in.NextToken = out.NextToken
		out, err = call[*ddb.ExecuteStatementOutput](v, ddb.Target, "ExecuteStatement", in)
	}
	if err == nil {
		d.Ran, d.Next = true, out.NextToken.V
		err = d.fill(out.Items)
	}
	if err != nil && !v.refused(err) {
		return err
	}
	return v.show("table_statement", "statement.title", d)
}

// limitOf returns how many items a statement is to read; those that write have no
// limit.
func limitOf(statement string) api.Opt[int64] {
	if len(statement) >= 6 && (statement[0]|0x20) == 's' {
		return api.Some(int64(pageItems))
	}
	return api.Opt[int64]{}
}

func (d *statementData) fill(items []attr.Item) error {
	var maps []attr.Map
	for _, it := range items {
		m, err := it.Map()
		if err != nil {
			return err
		}
		maps = append(maps, m)
	}
	names, _ := attributesOf(indexed{}, indexed{}, maps)
	d.Columns = names[:min(len(names), maxColumns)]
	for _, m := range maps {
		row := make([]string, len(d.Columns))
		for i, name := range d.Columns {
			if v, ok := m.Get(name); ok {
				row[i] = shortText(v)
			}
		}
		d.Rows = append(d.Rows, row)
	}
	return nil
}
