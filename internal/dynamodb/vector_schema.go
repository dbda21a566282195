package dynamodb

import (
	"slices"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
)

// Limits of vector indexes (Developer Guide, "Vector indexes" under "Quotas"; that
// of the search schema is Levee's).
const (
	maxVectorIndexes = 5
	maxDimensions    = 4096
	maxSearchSchema  = 10
)

// searchSchema returns the attributes of a search schema as those of a key.
func searchSchema(in *ddb.VectorIndex) []ddb.KeySchemaElement {
	var list []ddb.KeySchemaElement
	for i := range in.SearchSchema {
		list = append(list, ddb.KeySchemaElement{AttributeName: in.SearchSchema[i].AttributeName})
	}
	return list
}

// checkSearchSchemas checks that what vector indexes search by is defined, and is
// not too much to be compared with each other.
func (defs definitions) checkSearchSchemas(list []ddb.VectorIndex) error {
	for i := range list {
		if len(list[i].SearchSchema) > maxSearchSchema {
			return badParameter("Number of elements in SearchSchema exceeds the limit of %d for index: %s", maxSearchSchema, list[i].IndexName.V)
		}
		if defs.covers(searchSchema(&list[i])) != nil {
			return badParameter("One element in SearchSchema is not defined in attribute definitions")
		}
	}
	return nil
}

// addVectors checks the vector indexes of a new table and adds them.
func (d *descriptor) addVectors(list []ddb.VectorIndex, defs definitions) error {
	if list != nil && len(list) == 0 {
		return badParameter("List of VectorIndexes is empty")
	}
	if len(list) > maxVectorIndexes {
		return errVectorIndexes()
	}
	for i := range list {
		if err := d.addVector(&list[i], defs); err != nil {
			return err
		}
	}
	return nil
}

func errVectorIndexes() error {
	return badParameter("VectorIndex count exceeds the per-table limit of %d", maxVectorIndexes)
}

// addVector checks a vector index, whose search schema is defined, and adds it.
func (d *descriptor) addVector(in *ddb.VectorIndex, defs definitions) error {
	p, err := newProjection(in.Projection)
	if err != nil {
		return err
	}
	x := vectorIndex{
		Name: in.IndexName.V, Attribute: in.VectorAttribute.AttributeName.V, Dimensions: int(min(in.Dimensions.V, maxDimensions+1)),
		Distance: in.DistanceFunction.V, Projection: p,
	}
	switch {
	case !d.OnDemand:
		return badParameter("Vector indexes are only supported for PAY_PER_REQUEST tables")
	case x.Dimensions > maxDimensions:
		return badParameter("Number of dimensions must be between 1 and %d inclusive.", maxDimensions)
	case d.index(x.Name) != nil || d.vectorNamed(x.Name) != nil:
		return badParameter("Duplicate index name: %s", x.Name)
	case slices.ContainsFunc(d.VectorIndexes, func(y vectorIndex) bool { return y.Attribute == x.Attribute && y.Dimensions != x.Dimensions }):
		return badParameter("Conflicting attribute definition for '%s'. All VectorIndexes on the same vector attribute must use the same dimensions.", x.Attribute)
	case defs.find(x.Attribute) >= 0 || d.Key.has(x.Attribute):
		return badParameter("The vector attribute of index %s must not be defined in AttributeDefinitions: %s", x.Name, x.Attribute)
	}
	if err := x.setSearchSchema(in.SearchSchema, defs); err != nil {
		return err
	}
	x.Number = d.NextIndex
	d.NextIndex++
	d.VectorIndexes = append(d.VectorIndexes, x)
	return d.checkProjected()
}

func (x *vectorIndex) setSearchSchema(list []ddb.SearchSchemaElement, defs definitions) error {
	for i := range list {
		a := defs[defs.find(list[i].AttributeName.V)]
		switch {
		case x.hasAttribute(a.Name):
			return badParameter("The SearchSchema contains multiple attributes with the same name")
		case list[i].SearchSchemaElementType.V != ddb.SearchSchemaElementTypeHash:
			x.Filters = append(x.Filters, a)
		case len(x.Key.Hash) > 0:
			return badParameter("The SearchSchema contains more than one HASH element for index: %s", x.Name)
		default:
			x.Key.Hash = append(x.Key.Hash, a)
		}
	}
	return nil
}

// schema returns the search schema as a request or an answer names it.
func (x *vectorIndex) schema() (list []ddb.SearchSchemaElement) {
	for _, a := range x.Key.Hash {
		list = append(list, ddb.SearchSchemaElement{AttributeName: api.Some(a.Name), SearchSchemaElementType: api.Some(ddb.SearchSchemaElementTypeHash)})
	}
	for _, a := range x.Filters {
		list = append(list, ddb.SearchSchemaElement{AttributeName: api.Some(a.Name), SearchSchemaElementType: api.Some(ddb.SearchSchemaElementTypeInlineFilter)})
	}
	return list
}

// request returns the index as a request for a table names it.
func (x *vectorIndex) request() ddb.VectorIndex {
	return ddb.VectorIndex{
		IndexName: api.Some(x.Name), VectorAttribute: &ddb.VectorAttributeDefinition{AttributeName: api.Some(x.Attribute)},
		SearchSchema: x.schema(), Projection: x.Projection.describe(),
		Dimensions: api.Some(int64(x.Dimensions)), DistanceFunction: api.Some(x.Distance),
	}
}

func (v *view) describeVectors(out *ddb.TableDescription) {
	for i := range v.VectorIndexes { // in the order of their creation
		out.VectorIndexes = append(out.VectorIndexes, v.findVector(v.VectorIndexes[i].Name).describe(v))
	}
	for i := range v.Changes {
		if gone := v.Changes[i].Vector; gone != nil {
			x := &vectorView{vectorIndex: gone, stats: new(counters)}
			out.VectorIndexes = append(out.VectorIndexes, x.describe(v))
		}
	}
}

func (x *vectorView) describe(v *view) ddb.VectorIndexDescription {
	r := x.request()
	as := indexView{index: &index{Name: x.Name, Backfilling: x.Backfilling}, stats: x.stats}
	items, size := as.size()
	out := ddb.VectorIndexDescription{
		IndexName: r.IndexName, SearchSchema: r.SearchSchema, Projection: r.Projection, VectorAttribute: r.VectorAttribute,
		Dimensions: r.Dimensions, DistanceFunction: r.DistanceFunction, IndexStatus: api.Some(as.status(v)),
		IndexSizeBytes: api.Some(size), ItemCount: api.Some(items), IndexArn: api.Some(v.indexARN(x.Name)),
	}
	if x.Backfilling {
		out.Backfilling = api.Some(v.underIndex(x.Name) == nil)
	}
	return out
}

// countVectorChanges is countIndexChanges for vector indexes.
func countVectorChanges(list []ddb.VectorIndexUpdate) (creates, deletes int) {
	for i := range list {
		if list[i].Create != nil {
			creates++
		}
		if list[i].Delete != nil {
			deletes++
		}
	}
	return creates, deletes
}

// checkVectorUpdates checks that each update has one action.
func checkVectorUpdates(list []ddb.VectorIndexUpdate) error {
	if list != nil && len(list) == 0 {
		return badParameter("List of VectorIndexUpdates is empty")
	}
	for i := range list {
		switch up := &list[i]; {
		case up.Create == nil && up.Delete == nil:
			return badParameter("One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null")
		case up.Create != nil && up.Delete != nil:
			return badParameter("Only one vector index action is allowed per VectorIndexUpdate object")
		}
	}
	return nil
}

// describeDeletedVectors is what describeIndexes does for deleted vector indexes.
func (u *tableUpdate) describeDeletedVectors(out *ddb.TableDescription) {
	for i := range u.deletedVectors {
		name := u.deletedVectors[i].Name
		if u.next.underIndex(name) != nil {
			continue // described already
		}
		x := u.before.findVector(name).describe(u.before)
		x.IndexStatus, x.Backfilling = api.Some(ddb.IndexStatusDeleting), api.Opt[bool]{}
		out.VectorIndexes = append(out.VectorIndexes, x)
	}
}

// changeVectors carries out the update of a vector index.
func (u *tableUpdate) changeVectors() error {
	list := u.in.VectorIndexUpdates
	if len(list) == 0 {
		return nil
	}
	creates, deletes := countIndexChanges(u.in.GlobalSecondaryIndexUpdates)
	if len(list)+creates+deletes > 1 {
		return errOneIndex()
	}
	if list[0].Create != nil {
		return u.createVector((*ddb.VectorIndex)(list[0].Create))
	}
	return u.deleteVector(list[0].Delete.IndexName.V)
}

func (u *tableUpdate) createVector(in *ddb.VectorIndex) error {
	name := in.IndexName.V
	given, err := definitionsOf(u.in.AttributeDefinitions)
	if err != nil {
		return err
	}
	switch {
	case u.next.index(name) != nil || u.next.vectorNamed(name) != nil || u.before.underIndex(name) != nil:
		return api.Validation("Attempting to create an index which already exists")
	case u.before.busyWithIndex(name):
		return errOneIndex()
	case len(u.next.VectorIndexes) >= maxVectorIndexes:
		return errLimit("Number of vector indexes exceeds per-table limit of %d", maxVectorIndexes)
	}
	defs := definitions(u.next.Attributes).with(given)
	if err := defs.checkSearchSchemas([]ddb.VectorIndex{*in}); err != nil {
		return err
	}
	if err := u.next.addVector(in, defs); err != nil {
		return err
	}
	x := u.next.vectorNamed(name)
	x.Backfilling, u.created = true, name
	u.next.Attributes = defs.used(u.next)
	return nil
}

func (u *tableUpdate) deleteVector(name string) error {
	if err := u.before.admitIndexDeletion(name); err != nil {
		return err
	}
	x := u.next.vectorNamed(name)
	if x == nil {
		return api.Errorf(ddb.CodeResourceNotFoundException, "Requested resource not found: Index %s for table %s", name, u.next.Name)
	}
	if u.before.busyWithIndex(name) {
		return errOneIndex()
	}
	u.deletedVectors = append(u.deletedVectors, *x)
	u.next.VectorIndexes = slices.DeleteFunc(u.next.VectorIndexes, func(x vectorIndex) bool { return x.Name == name })
	u.next.Attributes = definitions(u.next.Attributes).used(u.next)
	return nil
}

// busyWithIndex reports whether an index other than the named one is being created
// or deleted.
func (v *view) busyWithIndex(name string) bool {
	if x := v.backfilling(); x != nil && x.Name != name || v.under(changeDeleteIndex) != nil {
		return true
	}
	return slices.ContainsFunc(v.vectors, func(x vectorView) bool { return x.Backfilling && x.Name != name })
}
