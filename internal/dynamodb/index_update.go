package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
)

// An update that gives a key of an index a value that cannot be one is refused
// in two places, as in the service: before the item is read, for what the request
// alone tells, and afterwards. What an update leaves alone is not looked at, so
// an item that violated an index before there was one can still be updated.

// checkIndexUpdate checks what is known of an update before the item is read.
func (v *view) checkIndexUpdate(u *expr.Update) error {
	if u == nil {
		return nil
	}
	for i := range v.indexes {
		x := &v.indexes[i]
		for _, a := range x.Key.attrs() {
			kind, value := u.Assigned(a.Name)
			if kind != attr.KindNone && kind != a.Kind {
				return x.typeMismatch(a, kind)
			}
			if isEmpty(value) {
				return errEmptyIndexKey(value)
			}
		}
	}
	return v.checkScalars(u)
}

// checkUpdatedIndexKeys checks the keys of indexes among the attributes that an
// update names, in the item that it made.
func (v *view) checkUpdatedIndexKeys(u *expr.Update, item attr.Map) error {
	if u == nil || len(v.indexes) == 0 && len(v.vectors) == 0 {
		return nil
	}
	for _, path := range u.Targets() {
		if err := v.checkUpdatedVector(path[0].Name, item); err != nil {
			return err
		}
		value, ok := item.Get(path[0].Name)
		for i := range v.indexes {
			if x := &v.indexes[i]; !ok || !x.Key.has(path[0].Name) {
				continue
			} else if err := x.checkUpdatedKey(path[0].Name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *indexView) checkUpdatedKey(name string, value attr.Value) error {
	for _, a := range x.Key.attrs() {
		switch {
		case a.Name != name:
		case value.Kind() != a.Kind:
			return api.Validation("The update expression attempted to update the secondary index key to unsupported type")
		case isEmpty(value):
			return errEmptyIndexKey(value)
		case value.Size() > x.maxKeySize(a):
			return api.Validation("The update expression attempted to update the secondary index key beyond allowed size limits")
		}
	}
	return nil
}

func errEmptyIndexKey(value attr.Value) error {
	return api.Validation(msgNotValid+"The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty %s value.", kindWord(value))
}

// checkUpdatedVector checks an attribute that an update names for the vector
// indexes that it matters to.
func (v *view) checkUpdatedVector(name string, item attr.Map) error {
	value, ok := item.Get(name)
	for i := range v.vectors {
		x := &v.vectors[i]
		if !ok || name != x.Attribute && !x.hasAttribute(name) {
			continue
		}
		err := x.checkSchema(attr.Map{{Name: name, Value: value}})
		if name == x.Attribute && err == nil {
			_, err = x.appendVector(nil, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
