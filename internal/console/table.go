package console

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// described is a table as the pages need it.
type described struct {
	*ddb.TableDescription
	ns      api.Namespace
	Path    string // of its pages
	Tab     string
	Types   map[string]string // of key attributes
	Indexes []indexed
	Billing string
}

// indexed is an index, or the table itself without a name.
type indexed struct {
	Name       string
	Kind       string // GSI, LSI or ""
	Hash, Sort string
	Status     string
	Projection string
	Items      int64
}

// table describes the table of the visit's path.
func (v *visit) table(tab string) (*described, error) {
	name := v.r.PathValue("table")
	v.subject = name
	out, err := call[*ddb.DescribeTableOutput](v, ddb.Target, "DescribeTable", &ddb.DescribeTableInput{TableName: api.Some(name)})
	if err != nil {
		return nil, err
	}
	t := &described{TableDescription: out.Table, ns: v.ns, Path: v.to("tables", name), Tab: tab, Types: map[string]string{}, Billing: "PROVISIONED"}
	if b := t.BillingModeSummary; b != nil && b.BillingMode.OK {
		t.Billing = b.BillingMode.V
	}
	for _, d := range t.AttributeDefinitions {
		t.Types[d.AttributeName.V] = d.AttributeType.V
	}
	t.Indexes = append(t.Indexes, newIndexed("", "", t.KeySchema, nil))
	for _, x := range t.LocalSecondaryIndexes {
		i := newIndexed(x.IndexName.V, "LSI", x.KeySchema, x.Projection)
		i.Items, i.Status = x.ItemCount.V, "ACTIVE"
		t.Indexes = append(t.Indexes, i)
	}
	for _, x := range t.GlobalSecondaryIndexes {
		i := newIndexed(x.IndexName.V, "GSI", x.KeySchema, x.Projection)
		i.Items, i.Status = x.ItemCount.V, x.IndexStatus.V
		t.Indexes = append(t.Indexes, i)
	}
	return t, nil
}

func newIndexed(name, kind string, schema []ddb.KeySchemaElement, p *ddb.Projection) indexed {
	i := indexed{Name: name, Kind: kind}
	for _, k := range schema {
		if k.KeyType.V == "HASH" {
			i.Hash = k.AttributeName.V
		} else {
			i.Sort = k.AttributeName.V
		}
	}
	if p != nil {
		i.Projection = strings.Join(append([]string{p.ProjectionType.V}, p.NonKeyAttributes...), " ")
	}
	return i
}

// index returns an index by name; "" is the table.
func (t *described) index(name string) (indexed, bool) {
	at := slices.IndexFunc(t.Indexes, func(i indexed) bool { return i.Name == name })
	if at < 0 {
		return indexed{}, false
	}
	return t.Indexes[at], true
}

// keyOf returns the primary key of an item.
func (t *described) keyOf(item attr.Map) attr.Map {
	var key []attr.Attr
	for _, name := range []string{t.Indexes[0].Hash, t.Indexes[0].Sort} {
		if v, ok := item.Get(name); ok {
			key = append(key, attr.Attr{Name: name, Value: v})
		}
	}
	return attr.NewMap(key)
}

// Secondary returns the indexes without the table itself.
func (t *described) Secondary() []indexed { return t.Indexes[1:] }

// Streaming reports whether the table has a stream that is on.
func (t *described) Streaming() bool {
	return t.StreamSpecification != nil && t.StreamSpecification.StreamEnabled.V
}

// LiveID names the figures of the table for the script of the page.
func (t *described) LiveID() string {
	return resource{kindTable, t.ns, t.TableName.V}.id()
}

// View is what the records of the stream show, "" without a stream.
func (t *described) View() string {
	if !t.Streaming() {
		return ""
	}
	return t.StreamSpecification.StreamViewType.V
}

// Throughput fills the fields of the form for it.
func (t *described) Throughput() url.Values {
	form := url.Values{"billing": {t.Billing}}
	if p := t.ProvisionedThroughput; p != nil && t.Billing == "PROVISIONED" {
		form.Set("read", strconv.FormatInt(p.ReadCapacityUnits.V, 10))
		form.Set("write", strconv.FormatInt(p.WriteCapacityUnits.V, 10))
	}
	return form
}
