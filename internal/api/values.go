package api

import (
	"errors"
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
	return readMap(d, func(bad *attr.ValueError) error {
		return fmt.Errorf("ExpressionAttributeValues contains invalid value: %w for key %s", bad.Err, bad.Key)
	})
}

// ReadStartKey reads ExclusiveStartKey, whose invalid values the service reports
// as such.
func ReadStartKey(d *jsontok.Decoder) attr.Map {
	return readMap(d, func(bad *attr.ValueError) error {
		return fmt.Errorf("The provided starting key is invalid: %w", bad.Err)
	})
}

// readMap reads a map whose invalid values are reported in other words.
func readMap(d *jsontok.Decoder, report func(*attr.ValueError) error) attr.Map {
	before := d.Noted()
	m := ReadMap(d)
	var bad *attr.ValueError
	if before == nil && errors.As(d.Noted(), &bad) {
		d.Renote(report(bad))
	}
	return m
}
