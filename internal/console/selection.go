package console

import (
	"net/url"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// comparisons are those of the builder; which of them a sort key takes, the
// service says.
var comparisons = []string{"=", "<>", "<", "<=", ">", ">=", "between", "begins_with", "contains", "exists", "not exists"}

// scalarKinds are the types of values that a filter compares with.
var scalarKinds = []string{"S", "N", "B", "BOOL", "NULL"}

// selection is what the builder of a query makes of its form.
type selection struct {
	table, index string
	key, filter  string // expressions
	names        api.Map[string]
	values       []attr.Attr
	start        attr.Map
	backwards    bool
}

// newSelection reads the form: pk for the partition key; sk, sk2 and skop for the
// sort key; f, fop, ft, fv and fv2 for the filter; start for where the page begins.
func newSelection(t *described, index indexed, form url.Values) (s selection, err error) {
	s = selection{table: t.TableName.V, index: index.Name, backwards: form.Get("desc") != ""}
	if pk := form.Get("pk"); pk != "" {
		if s.key, err = s.compare("pk", index.Hash, "=", t.Types[index.Hash], pk, ""); err != nil {
			return s, err
		}
		if sk := form.Get("sk"); sk != "" && index.Sort != "" {
			more, err := s.compare("sk", index.Sort, form.Get("skop"), t.Types[index.Sort], sk, form.Get("sk2"))
			if err != nil {
				return s, err
			}
			s.key += " AND " + more
		}
	}
	if name := form.Get("f"); name != "" {
		if s.filter, err = s.compare("f", name, form.Get("fop"), form.Get("ft"), form.Get("fv"), form.Get("fv2")); err != nil {
			return s, err
		}
	}
	if start := form.Get("start"); start != "" {
		s.start, err = parseItem(start)
	}
	return s, err
}

// compare makes the expression of one comparison, with placeholders that begin
// with id.
func (s *selection) compare(id, name, op, kind, text, until string) (string, error) {
	s.names = append(s.names, api.Entry[string]{Key: "#" + id, Value: name})
	switch op {
	case "exists":
		return "attribute_exists(#" + id + ")", nil
	case "not exists":
		return "attribute_not_exists(#" + id + ")", nil
	}
	if err := s.value(":"+id, kind, text); err != nil {
		return "", err
	}
	switch op {
	case "begins_with", "contains":
		return op + "(#" + id + ", :" + id + ")", nil
	case "between":
		return "#" + id + " BETWEEN :" + id + " AND :" + id + "2", s.value(":"+id+"2", kind, until)
	case "=", "<>", "<", "<=", ">", ">=":
		return "#" + id + " " + op + " :" + id, nil
	}
	return "", api.Validation("There is no comparison %q", op)
}

func (s *selection) value(placeholder, kind, text string) error {
	v, err := typedValue(kind, strings.TrimSpace(text))
	s.values = append(s.values, attr.Attr{Name: placeholder, Value: v})
	return err
}

// placeholders returns what the expressions name, nil for nothing.
func (s *selection) placeholders() attr.Map {
	if len(s.values) == 0 {
		return nil
	}
	return attr.NewMap(s.values)
}

func (s *selection) query(limit int64) *ddb.QueryInput {
	return &ddb.QueryInput{
		TableName: api.Some(s.table), IndexName: some(s.index), Limit: api.Some(limit),
		KeyConditionExpression: some(s.key), FilterExpression: some(s.filter),
		ExpressionAttributeNames: s.names, ExpressionAttributeValues: s.placeholders(),
		ExclusiveStartKey: s.start, ScanIndexForward: api.Some(!s.backwards),
	}
}

func (s *selection) scan(limit int64) *ddb.ScanInput {
	return &ddb.ScanInput{
		TableName: api.Some(s.table), IndexName: some(s.index), Limit: api.Some(limit), FilterExpression: some(s.filter),
		ExpressionAttributeNames: s.names, ExpressionAttributeValues: s.placeholders(), ExclusiveStartKey: s.start,
	}
}
