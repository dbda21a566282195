package dynamodb

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// source is what a Query or Scan reads: a table, or one of its indexes.
type source struct {
	v *view
	x *indexView // nil: the table itself
}

// source returns what a request reads that may name an index.
func (v *view) source(index api.Opt[string], consistent bool) (source, error) {
	if !index.OK {
		return source{v: v}, nil
	}
	x := v.find(index.V)
	switch {
	case x == nil:
		return source{}, api.Validation("The table does not have the specified index: %s", index.V)
	case x.Global && consistent:
		return source{}, api.Validation("Consistent reads are not supported on global secondary indexes")
	case x.Backfilling:
		return source{}, api.Validation("Cannot read from backfilling global secondary index: %s", x.Name)
	}
	return source{v: v, x: x}, nil
}

// key is the schema that orders the source.
func (s source) key() *keySchema {
	if s.x != nil {
		return &s.x.Key
	}
	return &s.v.Key
}

// prefix begins every row of the source.
func (s source) prefix() []byte {
	if s.x != nil {
		return s.x.prefix
	}
	return s.v.prefix
}

// row returns the row key of an item that has the key attributes of the source
// and of the table.
func (s source) row(item attr.Map) []byte {
	if s.x == nil {
		return s.v.row(item)
	}
	row := make([]byte, len(s.x.prefix), len(s.x.prefix)+96)
	copy(row, s.x.prefix)
	return s.v.Key.appendRow(s.x.Key.appendRow(row, item), item)
}

// place returns the attributes that say where in the source an item stands: the
// key of the index, then what the table's key adds to it.
func (s source) place() []keyAttr {
	attrs := s.key().attrs()
	if s.x == nil {
		return attrs
	}
	attrs = attrs[:len(attrs):len(attrs)]
	for _, a := range s.v.Key.attrs() {
		if !s.x.Key.has(a.Name) {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

// placeOf returns the place of a stored row, as LastEvaluatedKey names it.
func (s source) placeOf(raw []byte) (attr.Map, error) {
	attrs := s.place()
	place := make([]attr.Attr, 0, len(attrs))
	for _, a := range attrs {
		value, ok, err := attr.LookupEncoded(raw, a.Name)
		if err != nil {
			return nil, err
		}
		if ok {
			place = append(place, attr.Attr{Name: a.Name, Value: value})
		}
	}
	return attr.NewMap(place), nil
}

// holds reports whether every row of the source that has the attribute in the
// table has it in the source too.
func (s source) holds(name string) bool {
	return s.x == nil || s.x.includes(name) || s.x.Key.has(name) || s.v.Key.has(name)
}

// checkSelect checks Select against the parameters that it goes with: whether
// there is an IndexName, and which one names attributes, "" for none. It needs no
// table.
func checkSelect(selected api.Opt[string], indexed bool, projected string) error {
	what := selected.V
	if what == ddb.SelectCount {
		what = "only the Count"
	}
	switch {
	case !selected.OK:
		return nil
	case projected != "" && selected.V != ddb.SelectSpecificAttributes:
		return api.Validation("Cannot specify the %s when choosing to get %s", projected, what)
	case projected == "" && selected.V == ddb.SelectSpecificAttributes:
		return api.Validation("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
	case !indexed && selected.V == ddb.SelectAllProjectedAttributes:
		return api.Validation("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
	}
	return nil
}

// checkAttributes refuses attributes that a global index does not have: there
// is no fetching them from the table.
func (s source) checkAttributes(selected api.Opt[string], p *parsed) error {
	if s.x == nil || !s.x.Global {
		return nil
	}
	if selected.V == ddb.SelectAllAttributes && s.x.Projection.Type != ddb.ProjectionTypeAll {
		return api.Validation("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index %s because its projection type is not ALL", s.x.Name)
	}
	if p.projection == nil {
		return nil
	}
	var missing []string
	for _, path := range p.projection.Paths() {
		if name := path[0].Name; !s.holds(name) {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return api.Validation("One or more parameter values were invalid: Global secondary index %s does not project [%s]", s.x.Name, strings.Join(missing, ", "))
	}
	return nil
}

// fetches reports whether a read of a local index needs attributes that only
// the table has.
func (s source) fetches(selected api.Opt[string], p *parsed) bool {
	if s.x == nil || s.x.Global || s.x.Projection.Type == ddb.ProjectionTypeAll {
		return false
	}
	if selected.V == ddb.SelectAllAttributes {
		return true
	}
	if p.projection != nil {
		for _, name := range p.projection.TopLevel() {
			if !s.holds(name) {
				return true
			}
		}
	}
	if p.filter != nil {
		for _, path := range p.filter.Paths() {
			if !s.holds(path[0].Name) {
				return true
			}
		}
	}
	return false
}

// scalarChecker is an expression of any kind.
type scalarChecker interface {
	CheckScalar(label, key string) error
}

// checkScalars refuses paths into key attributes, which are never documents.
func (v *view) checkScalars(x scalarChecker) error {
	for _, a := range v.Key.attrs() {
		if err := x.CheckScalar("Key", a.Name); err != nil {
			return invalid(err)
		}
	}
	for i := range v.indexes {
		for _, a := range v.indexes[i].Key.attrs() {
			if err := x.CheckScalar("IndexKey", a.Name); err != nil {
				return invalid(err)
			}
		}
	}
	return nil
}
