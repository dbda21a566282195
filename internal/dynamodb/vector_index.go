package dynamodb

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
	"github.com/levee-io/levee/internal/vector"
)

// vectorIndex is an index that is searched for what is near to a vector. Its rows
// are like those of a global index, whose numbers it shares; it has its partition
// key in Hash, if it has one, and no sort key.
type vectorIndex struct {
	Number      uint16     `json:"number"` // within the table, among all its indexes
	Name        string     `json:"name"`
	Attribute   string     `json:"attribute"` // that holds the vector
	Dimensions  int        `json:"dimensions"`
	Distance    string     `json:"distance"` // COSINE, EUCLIDEAN or DOT_PRODUCT
	Key         keySchema  `json:"key"`
	Filters     []keyAttr  `json:"filters,omitempty"` // attributes that a search may compare
	Projection  projection `json:"projection"`
	Backfilling bool       `json:"backfilling,omitempty"`
}

// vectorView is what a write or a search needs of a vector index.
type vectorView struct {
	*vectorIndex
	prefix []byte
	stats  *counters
	scopes *scopes
}

// vectorNamed returns the vector index of a name, or nil.
func (d *descriptor) vectorNamed(name string) *vectorIndex {
	for i := range d.VectorIndexes {
		if d.VectorIndexes[i].Name == name {
			return &d.VectorIndexes[i]
		}
	}
	return nil
}

// findVector returns the view of a vector index, or nil.
func (v *view) findVector(name string) *vectorView {
	for i := range v.vectors {
		if v.vectors[i].Name == name {
			return &v.vectors[i]
		}
	}
	return nil
}

// unfinishedVector returns the vector index of a number if it is still being filled.
func (v *view) unfinishedVector(number uint16) *vectorView {
	if v == nil {
		return nil
	}
	for i := range v.vectors {
		if x := &v.vectors[i]; x.Number == number && x.Backfilling {
			return x
		}
	}
	return nil
}

// hasAttribute reports whether an attribute is in the search schema.
func (x *vectorIndex) hasAttribute(name string) bool {
	return x.Key.has(name) || definitions(x.Filters).find(name) >= 0
}

func (x *vectorIndex) distance() vector.Distance {
	switch x.Distance {
	case ddb.VectorDistanceFunctionEuclidean:
		return vector.Euclidean
	case ddb.VectorDistanceFunctionDotProduct:
		return vector.DotProduct
	}
	return vector.Cosine
}

// bytesOf is the room that the vector takes at the start of a row's value.
func (x *vectorIndex) bytesOf() int { return 4 * x.Dimensions }

// sizeOf is what the vector adds to the size of an entry, as the service counts it
// (observed in 2026): its name, and four bytes a dimension, whatever the numbers.
func (x *vectorIndex) sizeOf() int { return len(x.Attribute) + 4*x.Dimensions }

// slim is v if its table has vector indexes, and nil otherwise.
func (v *view) slim() *view {
	if len(v.vectors) == 0 {
		return nil
	}
	return v
}

// slimmer returns by how much an item that is written counts less because of its
// vectors: each that an index reads counts four bytes a dimension. Reads, and the
// largest size of an item, count the numbers (observed in 2026).
func (v *view) slimmer(item attr.Map) (less int) {
	for i := range v.vectors {
		x := &v.vectors[i]
		if slices.ContainsFunc(v.vectors[:i], func(y vectorView) bool { return y.Attribute == x.Attribute }) {
			continue
		}
		list, ok := item.Get(x.Attribute)
		if !ok {
			continue
		}
		if _, err := x.appendVector(nil, list); err == nil {
			less += list.Size() - 4*x.Dimensions
		}
	}
	return less
}

// entry returns the entry of an item: none if it lacks the vector or the partition
// key, or if they are not such as the index takes, which those from before the
// index may not be.
func (x *vectorView) entry(v *view, item attr.Map) entry {
	list, ok := item.Get(x.Attribute)
	if !ok || x.checkSchema(item) != nil {
		return entry{}
	}
	for i := range x.Key.Hash {
		if _, ok := item.Get(x.Key.Hash[i].Name); !ok {
			return entry{}
		}
	}
	value, err := x.appendVector(make([]byte, 0, x.bytesOf()), list)
	if err != nil {
		return entry{}
	}
	row := make([]byte, len(x.prefix), len(x.prefix)+96)
	copy(row, x.prefix)
	row = x.Key.appendRow(row, item)
	scope := len(x.prefix)
	if len(x.Key.Hash) > 0 {
		scope = len(row)
	}
	row = v.Key.appendRow(row, item)
	projected := x.project(v, item)
	return entry{row, attr.AppendMap(value, projected), x.sizeOf() + projected.Size(), scope}
}

// project returns the attributes of an item that the index holds beside its vector.
func (x *vectorIndex) project(v *view, item attr.Map) attr.Map {
	item = item.Without(x.Attribute)
	if x.Projection.Type == ddb.ProjectionTypeAll {
		return item
	}
	as := indexView{index: &index{Key: x.Key, Projection: x.Projection}}
	var out attr.Map
	for _, a := range item {
		if x.hasAttribute(a.Name) || v.Key.has(a.Name) || as.includes(a.Name) {
			out = append(out, a)
		}
	}
	return out
}

// schemaOf returns the attributes of the search schema that an entry has, given
// without its vector.
func (x *vectorIndex) schemaOf(raw []byte) (schema attr.Map, err error) {
	for _, part := range [2][]keyAttr{x.Key.Hash, x.Filters} {
		for _, a := range part {
			v, ok, err := attr.LookupEncoded(raw, a.Name)
			if err != nil {
				return nil, err
			}
			if ok {
				schema = schema.With(a.Name, v)
			}
		}
	}
	return schema, nil
}

// appendVector appends the 32-bit numbers of a list. The error says what is wrong
// with it.
func (x *vectorIndex) appendVector(dst []byte, list attr.Value) ([]byte, error) {
	if list.Kind() != attr.KindL {
		return dst, x.badVector("Invalid type for parameter %s, Expected: 32-bit floating point number list", x.Attribute)
	}
	elems := list.Elems()
	if len(elems) != x.Dimensions {
		return dst, x.badVector("Invalid size for parameter %s, Expected: %d, Actual: %d", x.Attribute, x.Dimensions, len(elems))
	}
	for i := range elems {
		f, ok := asFloat(elems[i])
		switch {
		case elems[i].Kind() != attr.KindN:
			return dst, x.badVector("Invalid type for parameter %s[%d], Expected: 32-bit floating point number, Actual: %s.", x.Attribute, i, elems[i].Kind())
		case !ok:
			return dst, x.badVector("Invalid value for parameter %s[%d], Value: %s is outside valid range [-3.4028235E38, 3.4028235E38].", x.Attribute, i, scientific(elems[i].Num().String()))
		}
		dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(f))
	}
	return dst, nil
}

// badVector says what is wrong with a vector that is written, in the words of the
// service (observed in 2026), which ends with a full stop what is about one number.
func (x *vectorIndex) badVector(format string, args ...any) error {
	return api.Validation("One or more parameter values were invalid. "+format+" IndexName: "+x.Name, args...)
}

// scientific writes a number of more than 38 digits as the service does: with one
// digit before the point.
func scientific(text string) string {
	text, negative := strings.CutPrefix(text, "-")
	exponent := len(text) - 1
	digits := strings.TrimRight(text, "0")
	out := digits[:1]
	if len(digits) > 1 {
		out += "." + digits[1:]
	}
	if negative {
		out = "-" + out
	}
	return out + "E+" + strconv.Itoa(exponent)
}

// asFloat returns the 32-bit number nearest to a value, if it is in their range.
func asFloat(v attr.Value) (float32, bool) {
	if v.Kind() != attr.KindN {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.Num().String(), 32)
	return float32(f), err == nil
}

// readVector fills floats with the vector at the start of a row's value.
func readVector(floats []float32, value []byte) {
	for i := range floats {
		floats[i] = math.Float32frombits(binary.BigEndian.Uint32(value[4*i:]))
	}
}

// checkSchema checks those attributes of the search schema that an item has.
func (x *vectorIndex) checkSchema(item attr.Map) error {
	as := indexView{index: &index{Name: x.Name, Key: x.Key}}
	for _, part := range [2][]keyAttr{x.Key.Hash, x.Filters} {
		for _, a := range part {
			if value, ok := item.Get(a.Name); ok {
				if err := as.checkKey(a, value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkVectors checks what vector indexes ask of an item to be put: one without a
// vector is merely not in the index.
func (v *view) checkVectors(item attr.Map) error {
	for i := range v.vectors {
		x := &v.vectors[i]
		if err := x.checkSchema(item); err != nil {
			return err
		}
		if list, ok := item.Get(x.Attribute); ok {
			if _, err := x.appendVector(nil, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// vectorChange is how one vector index changed, for counters and capacity.
type vectorChange struct {
	x             *vectorView
	before, after entry
}

// stageVectors adds the changes of the table's vector indexes to the batch.
func (w *write) stageVectors(b kv.Batch) {
	for i := range w.v.vectors {
		x := &w.v.vectors[i]
		before, after := x.entry(w.v, w.old), x.entry(w.v, w.new)
		moved := !bytes.Equal(before.row, after.row)
		if !moved && bytes.Equal(before.value, after.value) {
			continue
		}
		if moved && before.row != nil {
			b.Delete(before.row)
		}
		if after.row != nil {
			b.Set(after.row, after.value)
		}
		w.vectored = append(w.vectored, vectorChange{x, before, after})
	}
}

// count brings the counters of the index up to date.
func (c *vectorChange) count() {
	as := indexChange{x: &indexView{stats: c.x.stats}, before: c.before, after: c.after}
	as.count()
}

// counting returns what counts the rows of the index.
func (x *vectorView) counting() counting {
	return counting{prefix: x.prefix, stats: x.stats, vector: x.vectorIndex}
}

// fill adds the entry of an item, if it belongs into the index.
func (x *vectorView) fill(b kv.Batch, v *view, raw []byte) error {
	item, err := attr.DecodeMap(raw)
	if err != nil {
		return err
	}
	if entry := x.entry(v, item); entry.row != nil {
		b.Set(entry.row, entry.value)
	}
	return nil
}

// enter writes the entry of an item, and counts it.
func (x *vectorView) enter(w *bulk, v *view, item attr.Map) error {
	entry := x.entry(v, item)
	if entry.row == nil {
		return nil
	}
	x.stats.add(1, entry.size)
	return w.set(entry.row, entry.value)
}
