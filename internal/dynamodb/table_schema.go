package dynamodb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
)

// Limits of a table's schema (Developer Guide, "Service, account, and table
// quotas").
const (
	maxGlobalIndexes = 20
	maxLocalIndexes  = 5
	maxIndexKeyParts = 4 // attributes in the hash, and in the range, part of a global index's key
	maxProjected     = 100

	// absurdIndexes is a number of indexes that is refused before they are
	// compared with each other, which takes time that grows with its square.
	absurdIndexes = 10 * maxGlobalIndexes
)

// badParameter is the ValidationException for what contradicts something else.
func badParameter(format string, args ...any) *api.Error {
	return api.Validation("One or more parameter values were invalid: "+format, args...)
}

// definitions are the attributes that a request defines, in its order.
type definitions []keyAttr

func definitionsOf(list []ddb.AttributeDefinition) (definitions, error) {
	defs, seen := make(definitions, 0, len(list)), make(map[string]bool, len(list))
	for i := range list {
		name := list[i].AttributeName.V
		if seen[name] {
			return nil, api.Validation("Attribute Name is duplicated: %s", name)
		}
		seen[name] = true
		defs = append(defs, keyAttr{name, scalarKind(list[i].AttributeType.V)})
	}
	return defs, nil
}

// scalarKind returns the kind of an AttributeType.
func scalarKind(typ string) attr.Kind {
	switch typ {
	case ddb.ScalarAttributeTypeN:
		return attr.KindN
	case ddb.ScalarAttributeTypeB:
		return attr.KindB
	}
	return attr.KindS
}

// with returns the definitions together with those of others that they lack.
func (defs definitions) with(others definitions) definitions {
	all, known := slices.Clone(defs), make(map[string]bool, len(defs))
	for _, a := range defs {
		known[a.Name] = true
	}
	for _, a := range others {
		if !known[a.Name] {
			all = append(all, a)
		}
	}
	return all
}

func (defs definitions) find(name string) int {
	return slices.IndexFunc(defs, func(a keyAttr) bool { return a.Name == name })
}

// names lists names as the service's texts do.
func (defs definitions) names() string {
	list := make([]string, len(defs))
	for i := range defs {
		list[i] = defs[i].Name
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// covers checks that the attributes of a key are defined.
func (defs definitions) covers(key []ddb.KeySchemaElement) error {
	for i := range key {
		if defs.find(key[i].AttributeName.V) < 0 {
			return badParameter("Some index key attributes are not defined in AttributeDefinitions. Keys: %s, AttributeDefinitions: %s", keyNames(key), defs.names())
		}
	}
	return nil
}

func keyNames(key []ddb.KeySchemaElement) string {
	var defs definitions
	for i := range key {
		defs = append(defs, keyAttr{Name: key[i].AttributeName.V})
	}
	return defs.names()
}

// key returns the schema of a key whose attributes are defined.
func (defs definitions) key(elements []ddb.KeySchemaElement) keySchema {
	var k keySchema
	for i := range elements {
		a := defs[defs.find(elements[i].AttributeName.V)]
		if elements[i].KeyType.V == ddb.KeyTypeHash {
			k.Hash = append(k.Hash, a)
		} else {
			k.Range = append(k.Range, a)
		}
	}
	return k
}

// sorted returns the definitions by name: the order in which the service
// describes them.
func (defs definitions) sorted() []keyAttr {
	list := slices.Clone(defs)
	slices.SortFunc(list, func(a, b keyAttr) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// setSchema checks the keys and indexes of a new table and sets them.
func (d *descriptor) setSchema(in *ddb.CreateTableInput) error {
	switch {
	case len(in.GlobalSecondaryIndexes) > absurdIndexes:
		return errGlobalIndexes()
	case len(in.LocalSecondaryIndexes) > absurdIndexes:
		return errLocalIndexes()
	case len(in.VectorIndexes) > absurdIndexes:
		return errVectorIndexes()
	}
	defs, err := definitionsOf(in.AttributeDefinitions)
	if err != nil {
		return err
	}
	if len(in.KeySchema) > len(defs) {
		return api.Validation("Invalid KeySchema: Some index key attribute have no definition")
	}
	if err := defs.covers(in.KeySchema); err != nil {
		return err
	}
	if err := checkPlainKey(in.KeySchema); err != nil {
		return err
	}
	d.Key, d.Attributes, d.NextIndex = defs.key(in.KeySchema), defs.sorted(), 1
	if in.LocalSecondaryIndexes == nil && in.GlobalSecondaryIndexes == nil && in.VectorIndexes == nil {
		if len(in.KeySchema) != len(defs) {
			return badParameter("Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions")
		}
		return nil
	}
	if err := d.checkIndexKeys(in, defs); err != nil {
		return err
	}
	if err := d.addIndexes(in, defs); err != nil {
		return err
	}
	return d.addVectors(in.VectorIndexes, defs)
}

// checkPlainKey checks the shape of the key of a table or a local index.
func checkPlainKey(key []ddb.KeySchemaElement) error {
	if len(key) == 2 && key[0].AttributeName.V == key[1].AttributeName.V {
		return api.Validation("Both the Hash Key and the Range Key element in the KeySchema have the same name")
	}
	if key[0].KeyType.V != ddb.KeyTypeHash {
		return api.Validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	if len(key) == 2 && key[1].KeyType.V != ddb.KeyTypeRange {
		return api.Validation("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
	}
	return nil
}

// checkGlobalKey checks the shape of the key of a global index, which may have
// up to four attributes of each type.
func checkGlobalKey(key []ddb.KeySchemaElement) error {
	if key[0].KeyType.V != ddb.KeyTypeHash {
		return api.Validation("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
	}
	var count [2]int // of hash and range attributes
	for i := range key {
		sameName := func(e ddb.KeySchemaElement) bool { return e.AttributeName.V == key[i].AttributeName.V }
		if slices.ContainsFunc(key[:i], sameName) {
			return api.Validation("The KeySchema contains multiple key attributes with the same name")
		}
		if key[i].KeyType.V == ddb.KeyTypeRange {
			count[1]++
		} else if count[0]++; count[1] > 0 {
			return badParameter("All HASH key attributes must precede RANGE key attributes in the KeySchema")
		}
	}
	for i, kind := range []string{ddb.KeyTypeHash, ddb.KeyTypeRange} {
		if count[i] > maxIndexKeyParts {
			return badParameter("The KeySchema exceeds the maximum allowed number of %s key attributes", kind)
		}
	}
	return nil
}

// checkIndexKeys checks that the indexes of a new table use defined attributes
// only, and that every attribute is used: what the service looks at before it
// looks at any index by itself.
func (d *descriptor) checkIndexKeys(in *ddb.CreateTableInput, defs definitions) error {
	if in.LocalSecondaryIndexes != nil && len(in.LocalSecondaryIndexes) == 0 {
		return badParameter("List of LocalSecondaryIndexes is empty")
	}
	if in.LocalSecondaryIndexes != nil && len(d.Key.Range) == 0 {
		return badParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
	}
	if in.GlobalSecondaryIndexes != nil && len(in.GlobalSecondaryIndexes) == 0 {
		return badParameter("List of GlobalSecondaryIndexes is empty")
	}
	keys := [][]ddb.KeySchemaElement{in.KeySchema}
	for i := range in.LocalSecondaryIndexes {
		keys = append(keys, in.LocalSecondaryIndexes[i].KeySchema)
	}
	for i := range in.GlobalSecondaryIndexes {
		keys = append(keys, in.GlobalSecondaryIndexes[i].KeySchema)
	}
	if err := defs.checkSearchSchemas(in.VectorIndexes); err != nil {
		return err
	}
	for i := range in.VectorIndexes {
		keys = append(keys, searchSchema(&in.VectorIndexes[i]))
	}
	var used definitions
	for _, key := range keys {
		if err := defs.covers(key); err != nil {
			return err
		}
		for i := range key {
			if name := key[i].AttributeName.V; used.find(name) < 0 {
				used = append(used, keyAttr{Name: name})
			}
		}
	}
	if len(used) < len(defs) {
		return badParameter("Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: %s", defs.names(), used.names())
	}
	return nil
}

// addIndexes checks the indexes of a new table one by one and adds them.
func (d *descriptor) addIndexes(in *ddb.CreateTableInput, defs definitions) error {
	for i := range in.LocalSecondaryIndexes {
		if err := d.addLocal(&in.LocalSecondaryIndexes[i], defs); err != nil {
			return err
		}
	}
	if len(in.LocalSecondaryIndexes) > maxLocalIndexes {
		return errLocalIndexes()
	}
	for i := range in.GlobalSecondaryIndexes {
		g := &in.GlobalSecondaryIndexes[i]
		if err := d.addGlobal(g, defs, d.checkNewIndexThroughput); err != nil {
			return err
		}
	}
	if len(in.GlobalSecondaryIndexes) > maxGlobalIndexes {
		return errGlobalIndexes()
	}
	return d.checkProjected()
}

func errLocalIndexes() error {
	return badParameter("Number of LocalSecondaryIndexes exceeds per-table limit of %d", maxLocalIndexes)
}

func errGlobalIndexes() error {
	return badParameter("GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGlobalIndexes)
}

func (d *descriptor) addLocal(in *ddb.LocalSecondaryIndex, defs definitions) error {
	if err := checkPlainKey(in.KeySchema); err != nil {
		return err
	}
	name := in.IndexName.V
	if len(in.KeySchema) != 2 {
		return badParameter("Index KeySchema does not have a range key for index: %s", name)
	}
	if hash := in.KeySchema[0].AttributeName.V; hash != d.Key.Hash[0].Name {
		return badParameter("Index KeySchema does not have the same leading hash key as table KeySchema for index: %s. index hash key: %s, table hash key: %s", name, hash, d.Key.Hash[0].Name)
	}
	p, err := newProjection(in.Projection)
	if err != nil {
		return err
	}
	return d.addIndex(index{Name: name, Key: defs.key(in.KeySchema), Projection: p})
}

// addGlobal checks a global index and adds it; checkThroughput is what the
// operation asks of its throughput.
func (d *descriptor) addGlobal(in *ddb.GlobalSecondaryIndex, defs definitions, checkThroughput func(*ddb.GlobalSecondaryIndex) error) error {
	if err := checkGlobalKey(in.KeySchema); err != nil {
		return err
	}
	p, err := newProjection(in.Projection)
	if err != nil {
		return err
	}
	if err := checkThroughput(in); err != nil {
		return err
	}
	x := index{Name: in.IndexName.V, Global: true, Key: defs.key(in.KeySchema), Projection: p}
	if err := d.setIndexThroughput(&x, in); err != nil {
		return err
	}
	return d.addIndex(x)
}

func (d *descriptor) addIndex(x index) error {
	if d.index(x.Name) != nil {
		return badParameter("Duplicate index name: %s", x.Name)
	}
	x.Number = d.NextIndex
	d.NextIndex++
	d.Indexes = append(d.Indexes, x)
	return nil
}

func newProjection(in *ddb.Projection) (projection, error) {
	p := projection{Type: in.ProjectionType.V}
	include := p.Type == ddb.ProjectionTypeInclude
	switch {
	case !in.ProjectionType.OK:
		return p, badParameter("Unknown ProjectionType: null")
	case !include && in.NonKeyAttributes != nil:
		return p, badParameter("ProjectionType is %s, but NonKeyAttributes is specified", p.Type)
	case include && in.NonKeyAttributes == nil:
		return p, badParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
	}
	p.Names = slices.Sorted(slices.Values(in.NonKeyAttributes))
	for i := 1; i < len(p.Names); i++ {
		if p.Names[i] == p.Names[i-1] {
			return p, badParameter("Duplicate element in NonKeyAttributes: %s", p.Names[i])
		}
	}
	return p, nil
}

// checkProjected checks the number of attributes that all indexes together name
// in their projections.
func (d *descriptor) checkProjected() error {
	n := 0
	for i := range d.Indexes {
		n += len(d.Indexes[i].Projection.Names)
	}
	for i := range d.VectorIndexes {
		n += len(d.VectorIndexes[i].Projection.Names)
	}
	if n > maxProjected {
		return badParameter("Number of NonKeyAttributes across all secondary indexes exceeds the per-table limit of %d", maxProjected)
	}
	return nil
}

// elements returns a key as a request or an answer names it.
func (k *keySchema) elements() []ddb.KeySchemaElement {
	list := make([]ddb.KeySchemaElement, 0, len(k.Hash)+len(k.Range))
	for _, a := range k.Hash {
		list = append(list, ddb.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(ddb.KeyTypeHash)})
	}
	for _, a := range k.Range {
		list = append(list, ddb.KeySchemaElement{AttributeName: api.Some(a.Name), KeyType: api.Some(ddb.KeyTypeRange)})
	}
	return list
}

// checkKeyLengths reports keys with more elements than a table or a local index
// can have, as a violation of the model, which no longer says so because global
// indexes may have more.
func checkKeyLengths(in *ddb.CreateTableInput, v *api.Violations, at *api.Path) {
	v.Count(len(in.KeySchema), 1, 2, shown(in.KeySchema), at.Member("keySchema"))
	local := at.Member("localSecondaryIndexes")
	for i := range in.LocalSecondaryIndexes {
		element := local.Element(i)
		key := in.LocalSecondaryIndexes[i].KeySchema
		v.Count(len(key), 1, 2, shown(key), element.Member("keySchema"))
	}
}

// shown is a key schema as the text of a violation shows it.
func shown(key []ddb.KeySchemaElement) string {
	list := make([]string, len(key))
	for i := range key {
		list[i] = fmt.Sprintf("KeySchemaElement(attributeName=%s, keyType=%s)", key[i].AttributeName.V, key[i].KeyType.V)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
