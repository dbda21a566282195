package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

type createTableData struct{ Form url.Values }

// showCreateTable shows the form for a table, filled from the URL.
func (v *visit) showCreateTable() error {
	return v.show("table_create", "tables.new", createTableData{v.r.Form})
}

func (v *visit) createTable() error {
	form := v.r.PostForm
	in, err := createTableInput(form)
	if err == nil {
		err = run(v, ddb.Target, "CreateTable", in)
	}
	if err != nil {
		if !v.refused(err) {
			return err
		}
		return v.show("table_create", "tables.new", createTableData{form})
	}
	return v.done(v.to("tables", form.Get("name")), "table.created")
}

// createTableInput reads the form for a table.
func createTableInput(form url.Values) (*ddb.CreateTableInput, error) {
	d := newDefinitions(form)
	in := &ddb.CreateTableInput{
		TableName:                 some(form.Get("name")),
		KeySchema:                 d.schema("hash", "sort"),
		BillingMode:               some(form.Get("billing")),
		StreamSpecification:       streamOf(form.Get("stream")),
		DeletionProtectionEnabled: api.Some(form.Get("protected") != ""),
	}
	throughput, err := throughputOf(form)
	if err != nil {
		return nil, err
	}
	in.ProvisionedThroughput = throughput
	if name := form.Get("index"); name != "" {
		in.GlobalSecondaryIndexes = []ddb.GlobalSecondaryIndex{{
			IndexName: api.Some(name), KeySchema: d.schema("indexHash", "indexSort"),
			Projection: &ddb.Projection{ProjectionType: some(form.Get("projection"))}, ProvisionedThroughput: throughput,
		}}
	}
	in.AttributeDefinitions = d.list
	return in, nil
}

// definitions gathers the attributes of keys, each once.
type definitions struct {
	form url.Values
	list []ddb.AttributeDefinition
}

func newDefinitions(form url.Values) *definitions { return &definitions{form: form} }

// schema reads a key from the fields of its two names; their types are in fields
// named like them.
func (d *definitions) schema(hash, sort string) []ddb.KeySchemaElement {
	var schema []ddb.KeySchemaElement
	for _, field := range []struct{ name, kind string }{{hash, "HASH"}, {sort, "RANGE"}} {
		name := strings.TrimSpace(d.form.Get(field.name))
		if name == "" {
			continue
		}
		schema = append(schema, ddb.KeySchemaElement{AttributeName: api.Some(name), KeyType: api.Some(field.kind)})
		d.define(name, d.form.Get(field.name+"Type"))
	}
	return schema
}

func (d *definitions) define(name, kind string) {
	for _, known := range d.list {
		if known.AttributeName.V == name {
			return
		}
	}
	d.list = append(d.list, ddb.AttributeDefinition{AttributeName: api.Some(name), AttributeType: some(kind)})
}

// throughputOf reads a provisioned throughput, nil on demand.
func throughputOf(form url.Values) (*ddb.ProvisionedThroughput, error) {
	if form.Get("billing") != "PROVISIONED" {
		return nil, nil
	}
	read, err := wholeNumber(form, "read")
	if err != nil {
		return nil, err
	}
	write, err := wholeNumber(form, "write")
	if err != nil {
		return nil, err
	}
	return &ddb.ProvisionedThroughput{ReadCapacityUnits: read, WriteCapacityUnits: write}, nil
}

// wholeNumber reads a field that is empty or a number.
func wholeNumber(form url.Values, name string) (api.Opt[int64], error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return api.Opt[int64]{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return api.Opt[int64]{}, api.Validation("%s: %q is no whole number", name, text)
	}
	return api.Some(n), nil
}

// streamOf returns the stream with a view type, nil for none.
func streamOf(view string) *ddb.StreamSpecification {
	if view == "" {
		return nil
	}
	return &ddb.StreamSpecification{StreamEnabled: api.Some(true), StreamViewType: api.Some(view)}
}

// isNamed reports whether a form that destroys something names it.
func (v *visit) isNamed(name string) bool {
	if v.r.PostForm.Get("confirm") == name {
		return true
	}
	v.problem, v.status = v.text("error.confirm", name), http.StatusUnprocessableEntity
	return false
}
