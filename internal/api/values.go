package api

import (
	"fmt"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// ReadValue reads an attribute value.
func ReadValue(d *jsontok.Decoder) attr.Value {
	if d.Null() {
		return attr.Value{}
	}
	return attr.ReadValue(d)
}

// ReadMap reads a map of attribute values; nil when null.
func ReadMap(d *jsontok.Decoder) attr.Map {
	if d.Null() {
		return nil
	}
	return attr.ReadMap(d)
}

// ReadItem reads a map of attribute values as an item.
func ReadItem(d *jsontok.Decoder) attr.Item {
	if d.Null() {
		return attr.Item{}
	}
	return attr.ItemOf(attr.ReadMap(d))
}

// ReadExpressionValues reads ExpressionAttributeValues, whose invalid values
// the service reports with the placeholder that has them.
func ReadExpressionValues(d *jsontok.Decoder) attr.Map {
	if d.Null() || !d.Object() {
		return nil
	}
	attrs := []attr.Attr{}
	for key, ok := d.Key(); ok; key, ok = d.Key() {
		if len(attrs) == MaxElements {
			d.Fail(ErrTooManyElements)
			return nil
		}
		name, before := string(key), d.Noted()
		attrs = append(attrs, attr.Attr{Name: name, Value: attr.ReadValue(d)})
		if err := d.Noted(); before == nil && err != nil {
			d.Renote(fmt.Errorf("ExpressionAttributeValues contains invalid value: %w for key %s", err, name))
		}
	}
	return attr.NewMap(attrs)
}
