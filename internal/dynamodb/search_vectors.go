package dynamodb

import (
	"context"
	"slices"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/vector"
)

// Limits of a search (Developer Guide, "Requirements and limitations" of vector
// indexes).
const (
	maxTopK        = 100
	maxSearchBytes = 16 << 20
	// leastSearchBytes is the least that a search consumes, as measured.
	leastSearchBytes = 1024
)

// SearchVectors returns the items of a vector index that are nearest to a vector.
// Among few it looks at every entry that can be one of them; among many a graph
// proposes some (vector_graph.go), which makes the answer quick, and nearly exact.
func (e *Engine) SearchVectors(ctx context.Context, c *api.Caller, in *ddb.SearchVectorsInput) (*ddb.SearchVectorsOutput, error) {
	s, err := parseSearch(in)
	if err != nil {
		return nil, err
	}
	t, err := e.lookup(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	v := t.open()
	if v == nil {
		return nil, errNoResource()
	}
	if err := s.bind(v, in); err != nil {
		return nil, err
	}
	candidates, ok := s.propose()
	snapshot := e.store.Snapshot() // has all that the candidates are due to
	defer snapshot.Close()
	hits, err := s.choose(snapshot, candidates)
	if err != nil {
		return nil, err
	}
	if !ok || len(hits) < s.k { // of which there may be more
		if hits, err = s.find(ctx, snapshot); err != nil {
			return nil, err
		}
	}
	if s.entries >= e.graphs.least {
		e.graphs.want(t, s.x, s.scope, s.entries)
	}
	out := &ddb.SearchVectorsOutput{}
	if out.SearchResults, err = s.results(snapshot, hits); err != nil {
		return nil, err
	}
	if mode := in.ReturnConsumedCapacity; mode.V == ddb.ReturnConsumedCapacityTotal || mode.V == ddb.ReturnConsumedCapacityIndexes {
		out.ConsumedCapacity = &ddb.VectorCapacity{VectorSearchRequestBytes: api.Some(float64(max(s.bytes, leastSearchBytes)))}
	}
	return out, nil
}

// search is one SearchVectors. The first block is the request's, the second is
// filled by bind, the last by find.
type search struct {
	condition  *expr.SearchCondition // nil: none
	projection *expr.Projection

	x       *vectorView
	query   []float32
	scope   []byte          // begins all rows that can be found
	filters []expr.Equality // those that the rows have to be compared with
	more    bool            // whether the whole condition has to be evaluated
	k       int

	bytes   int               // of the entries looked at, as the service counts them
	entries int               // all that there are, if all were looked at
	kept    map[uint64][]byte // the rows of what is, or was, among the nearest
}

// parseSearch checks what needs no table.
func parseSearch(in *ddb.SearchVectorsInput) (*search, error) {
	s := &search{k: int(in.TopK.V)}
	if in.TopK.V > maxTopK {
		return nil, api.Validation("Provided TopK value '%d' is out of valid range. The value must be between 1 and %d inclusive", in.TopK.V, maxTopK)
	}
	x := expressions{names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues, filter: in.SearchConditionExpression, projection: in.ProjectionExpression}
	if err := x.checkPlaceholders(); err != nil {
		return nil, err
	}
	params, err := expr.NewParams(nameBindings(x.names), x.values)
	if err != nil {
		return nil, invalid(err)
	}
	if in.SearchConditionExpression.OK {
		s.condition, err = expr.ParseSearchCondition(in.SearchConditionExpression.V, params)
	}
	if in.ProjectionExpression.OK && err == nil {
		s.projection, err = expr.ParseProjection(in.ProjectionExpression.V, params)
	}
	if err == nil {
		err = params.CheckUsed()
	}
	return s, invalid(err)
}

// bind checks a search against the table and its index.
func (s *search) bind(v *view, in *ddb.SearchVectorsInput) error {
	name := in.IndexName.V
	s.x = v.findVector(name)
	switch {
	case s.x == nil:
		return api.Validation("The table does not have the specified index: %s", name)
	case s.x.Backfilling:
		return api.Validation("Cannot search backfilling vector index: %s", name)
	}
	s.query = make([]float32, len(in.SearchVector))
	for i := range in.SearchVector {
		var ok bool
		if s.query[i], ok = asFloat(in.SearchVector[i]); !ok {
			return api.Validation("Search vector contains invalid values. All values in the search vector must be a 32-bit floating-point number attribute")
		}
	}
	if len(s.query) != s.x.Dimensions {
		return api.Validation("Input search vector dimension %d does not match vector index dimension %d", len(s.query), s.x.Dimensions)
	}
	if s.projection != nil {
		if err := v.checkScalars(s.projection); err != nil {
			return err
		}
	}
	return s.bindCondition()
}

// bindCondition makes a range of rows of what the search says of the partition
// key, and filters of the rest.
func (s *search) bindCondition() error {
	if err := s.checkCondition(); err != nil {
		return err
	}
	s.scope = append([]byte(nil), s.x.prefix...)
	if s.condition == nil {
		return nil
	}
	equal, all := s.condition.Equal()
	s.more = !all
	for _, eq := range equal {
		if s.x.Key.has(eq.Name) {
			s.scope = appendPartition(s.scope, []attr.Value{eq.Value})
		} else {
			s.filters = append(s.filters, eq)
		}
	}
	return nil
}

// checkCondition checks what a search demands against the search schema.
func (s *search) checkCondition() error {
	if s.condition == nil {
		if len(s.x.Key.Hash) > 0 {
			return api.Validation("SearchConditionExpression must be provided when SearchSchema has a HASH key")
		}
		return nil
	}
	for _, path := range s.condition.Paths() {
		if !s.x.hasAttribute(path[0].Name) {
			return api.Validation("SearchConditionExpression must not contain any attributes that is not in SearchSchema. Invalid attribute: %s", path[0].Name)
		}
	}
	for _, a := range s.x.Key.Hash {
		if err := s.condition.CheckPartition(a.Name); err != nil {
			return invalid(err)
		}
	}
	for _, a := range slices.Concat(s.x.Key.Hash, s.x.Filters) {
		if err := s.condition.CheckKinds(a.Name, a.Kind); err != nil {
			return invalid(err)
		}
	}
	equal, _ := s.condition.Equal()
	for _, eq := range equal {
		if isEmpty(eq.Value) && s.x.Key.has(eq.Name) {
			return api.Validation(msgNotValid+"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kindWord(eq.Value), eq.Name)
		}
	}
	return nil
}

// propose returns the rows that a graph takes for the nearest. It is not ok if there
// is no graph, or none that can tell.
func (s *search) propose() (rows [][]byte, ok bool) {
	g := s.x.scopes.find(s.scope)
	if g == nil {
		return nil, false
	}
	g.used.Store(time.Now().UnixNano())
	return g.candidates(s)
}

// choose reads the candidates, given in the order of their rows, and returns the
// nearest of those that match.
func (s *search) choose(from kv.Reader, candidates [][]byte) ([]vector.Hit, error) {
	nearest := vector.NewNearest(s.x.distance(), s.query, s.k)
	s.kept = map[uint64][]byte{}
	floats := make([]float32, s.x.Dimensions)
	for id, row := range candidates {
		value, ok, err := from.Get(row, nil)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue // it was deleted meanwhile
		}
		matches, err := s.matches(value[s.x.bytesOf():])
		if err != nil {
			return nil, err
		}
		if !matches {
			continue
		}
		readVector(floats, value)
		if nearest.Offer(uint64(id), floats) {
			s.kept[uint64(id)] = row
		}
	}
	return nearest.Hits(), nil
}

// find looks at all rows and returns the nearest.
func (s *search) find(ctx context.Context, from kv.Reader) ([]vector.Hit, error) {
	nearest := vector.NewNearest(s.x.distance(), s.query, s.k)
	s.kept = map[uint64][]byte{}
	floats := make([]float32, s.x.Dimensions)
	it := from.Scan(kv.PrefixRange(s.scope))
	defer it.Close()
	for id := uint64(0); it.Next(); id++ {
		s.entries++
		if id%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		matches, err := s.matches(it.Value()[s.x.bytesOf():])
		if err != nil {
			return nil, err
		}
		if !matches {
			continue
		}
		readVector(floats, it.Value())
		if nearest.Offer(id, floats) {
			s.kept[id] = append([]byte(nil), it.Key()...)
			s.forget(nearest)
		}
	}
	return nearest.Hits(), it.Err()
}

// matches reports whether an entry, given without its vector, meets the filters.
func (s *search) matches(raw []byte) (bool, error) {
	size, err := attr.SizeEncoded(raw)
	if err != nil {
		return false, err
	}
	s.bytes += s.x.bytesOf() + size
	for _, eq := range s.filters {
		value, ok, err := attr.LookupEncoded(raw, eq.Name)
		if err != nil || !ok || !value.Equal(eq.Value) {
			return false, err
		}
	}
	if !s.more {
		return true, nil
	}
	schema, err := s.x.schemaOf(raw)
	return err == nil && s.condition.Eval(schema), err
}

// forget drops the rows that are no more among the nearest, once there are many.
func (s *search) forget(nearest *vector.Nearest) {
	if len(s.kept) <= 4*maxTopK {
		return
	}
	rows := make(map[uint64][]byte, s.k)
	for _, hit := range nearest.Hits() {
		rows[hit.ID] = s.kept[hit.ID]
	}
	s.kept = rows
}

// results makes the answer of what was found.
func (s *search) results(from kv.Reader, hits []vector.Hit) ([]ddb.SearchResultItem, error) {
	list := make([]ddb.SearchResultItem, 0, len(hits))
	total := 0
	for _, hit := range hits {
		value, ok, err := from.Get(s.kept[hit.ID], nil)
		if err != nil || !ok {
			return nil, err // the snapshot has what it had
		}
		raw := value[s.x.bytesOf():]
		if total += len(raw); total > maxSearchBytes {
			return nil, api.Validation("The search results exceed the size limit of %d bytes; use a smaller TopK or a narrower projection", maxSearchBytes)
		}
		item, err := s.result(value[:s.x.bytesOf()], raw)
		if err != nil {
			return nil, err
		}
		list = append(list, ddb.SearchResultItem{Item: item, Score: api.Some(hit.Score)})
	}
	return list, nil
}

// result returns what a search says of an entry, given as its vector and the rest:
// all but the attribute of the vector, unless a projection asks for that. Then it is
// what the index holds, in 32 bits.
func (s *search) result(numbers, raw []byte) (attr.Item, error) {
	if s.projection == nil {
		return attr.EncodedItem(raw), nil
	}
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return attr.Item{}, err
	}
	floats := make([]float32, s.x.Dimensions)
	readVector(floats, numbers)
	list := make([]attr.Value, len(floats))
	for i, f := range floats {
		list[i] = attr.Float32(f)
	}
	return attr.ItemOf(s.projection.Apply(item.With(s.x.Attribute, attr.L(list)))), nil
}
