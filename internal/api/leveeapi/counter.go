package leveeapi

import (
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// The values of CounterStatus.
const (
	CounterStatusBuilding = "BUILDING"
	CounterStatusActive   = "ACTIVE"
)

// CreateCounterInput is the request of CreateCounter.
type CreateCounterInput struct {
	CounterName               api.Opt[string]
	TableName                 api.Opt[string]
	GroupBy                   []ddb.AttributeDefinition
	Sum                       []string
	FilterExpression          api.Opt[string]
	ExpressionAttributeNames  api.Map[string]
	ExpressionAttributeValues attr.Map
}

// ReadJSON implements api.Input.
func (s *CreateCounterInput) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("CreateCounterInput")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		switch string(key) {
		case "CounterName":
			s.CounterName = api.ReadString(d)
		case "TableName":
			s.TableName = api.ReadString(d)
		case "GroupBy":
			s.GroupBy = api.ReadList(d, func(d *jsontok.Decoder) (a ddb.AttributeDefinition) { a.ReadJSON(d); return })
		case "Sum":
			s.Sum = api.ReadList(d, func(d *jsontok.Decoder) string { return api.ReadString(d).V })
		case "FilterExpression":
			s.FilterExpression = api.ReadString(d)
		case "ExpressionAttributeNames":
			s.ExpressionAttributeNames = api.ReadEntries(d, "", func(d *jsontok.Decoder) string { return api.ReadString(d).V })
		case "ExpressionAttributeValues":
			s.ExpressionAttributeValues = api.ReadExpressionValues(d)
		default:
			d.Skip()
		}
	}
}

// The bounds of a counter.
const (
	maxGroupBy = 2
	maxSum     = 10
)

// Validate implements api.Input.
func (s *CreateCounterInput) Validate(v *api.Violations) {
	at := new(api.Path)
	v.Required(s.CounterName.OK, at.Member("counterName"))
	v.Required(s.TableName.OK, at.Member("tableName"))
	v.Count(len(s.GroupBy), 0, maxGroupBy, s.GroupBy, at.Member("groupBy"))
	v.Count(len(s.Sum), 0, maxSum, s.Sum, at.Member("sum"))
	list := at.Member("groupBy")
	for i := range s.GroupBy {
		at := list.Element(i)
		v.Required(s.GroupBy[i].AttributeName.OK, at.Member("attributeName"))
		v.Required(s.GroupBy[i].AttributeType.OK, at.Member("attributeType"))
		v.Length(s.GroupBy[i].AttributeName, 1, 255, at.Member("attributeName"))
		v.Enum(s.GroupBy[i].AttributeType, []string{"S", "N", "B"}, at.Member("attributeType"))
	}
	list = at.Member("sum")
	for i := range s.Sum {
		v.Length(api.Some(s.Sum[i]), 1, 255, list.Element(i))
	}
}

// NamedCounterInput is the request of DescribeCounter and DeleteCounter.
type NamedCounterInput struct {
	CounterName api.Opt[string]
}

// ReadJSON implements api.Input.
func (s *NamedCounterInput) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("CounterInput")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		if string(key) == "CounterName" {
			s.CounterName = api.ReadString(d)
		} else {
			d.Skip()
		}
	}
}

// Validate implements api.Input.
func (s *NamedCounterInput) Validate(v *api.Violations) {
	v.Required(s.CounterName.OK, new(api.Path).Member("counterName"))
}

// ListCountersInput is the request of ListCounters.
type ListCountersInput struct {
	TableName api.Opt[string]
}

// ReadJSON implements api.Input.
func (s *ListCountersInput) ReadJSON(d *jsontok.Decoder) {
	if !d.Object() {
		d.Name("ListCountersInput")
		return
	}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		if string(key) == "TableName" {
			s.TableName = api.ReadString(d)
		} else {
			d.Skip()
		}
	}
}

// Validate implements api.Input.
func (s *ListCountersInput) Validate(v *api.Violations) {
	v.Required(s.TableName.OK, new(api.Path).Member("tableName"))
}

// CounterDescription describes a counter.
type CounterDescription struct {
	CounterName, TableName, CounterStatus string
	CreationDateTime                      time.Time
	GroupBy                               []ddb.AttributeDefinition
	Sum                                   []string
	FilterExpression                      string
}

// AppendJSON appends the structure.
func (s *CounterDescription) AppendJSON(b []byte) []byte {
	b = jsontok.AppendString(append(b, `{"CounterName":`...), s.CounterName)
	b = jsontok.AppendString(append(b, `,"TableName":`...), s.TableName)
	b = jsontok.AppendString(append(b, `,"CounterStatus":`...), s.CounterStatus)
	b = api.AppendTime(append(b, `,"CreationDateTime":`...), s.CreationDateTime)
	b = append(b, `,"GroupBy":`...)
	b = api.AppendList(b, s.GroupBy, func(b []byte, a ddb.AttributeDefinition) []byte { return a.AppendJSON(b) })
	b = append(b, `,"Sum":`...)
	b = api.AppendList(b, s.Sum, func(b []byte, name string) []byte { return jsontok.AppendString(b, name) })
	if s.FilterExpression != "" {
		b = jsontok.AppendString(append(b, `,"FilterExpression":`...), s.FilterExpression)
	}
	return append(b, '}')
}

// CounterOutput is the answer of CreateCounter, DescribeCounter and DeleteCounter.
type CounterOutput struct{ Counter CounterDescription }

// AppendJSON implements api.Output.
func (s *CounterOutput) AppendJSON(b []byte) []byte {
	return append(s.Counter.AppendJSON(append(b, `{"Counter":`...)), '}')
}

// ListCountersOutput is the answer of ListCounters.
type ListCountersOutput struct{ Counters []CounterDescription }

// AppendJSON implements api.Output.
func (s *ListCountersOutput) AppendJSON(b []byte) []byte {
	b = append(b, `{"Counters":`...)
	b = api.AppendList(b, s.Counters, func(b []byte, c CounterDescription) []byte { return c.AppendJSON(b) })
	return append(b, '}')
}
