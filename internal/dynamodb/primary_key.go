package dynamodb

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
)

// checkKey checks the Key member of a request.
func (v *view) checkKey(key attr.Map) error {
	if len(key) != len(v.Key.Hash)+len(v.Key.Range) {
		return api.Validation(msgKeySchema)
	}
	for _, k := range v.Key.attrs() {
		value, ok := key.Get(k.Name)
		if !ok || value.Kind() != k.Kind {
			return api.Validation(msgKeySchema)
		}
	}
	return v.Key.checkValues(key)
}

// checkItemKey checks the key attributes of an item to be put.
func (v *view) checkItemKey(item attr.Map) error {
	for _, k := range v.Key.attrs() {
		value, ok := item.Get(k.Name)
		if !ok {
			return api.Validation("One or more parameter values were invalid: Missing the key %s in the item", k.Name)
		}
		if value.Kind() != k.Kind {
			return api.Validation("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s", k.Name, k.Kind, value.Kind())
		}
	}
	return v.Key.checkValues(item)
}

// checkBatchItemKey is checkItemKey for BatchWriteItem, which says less about what
// is wrong.
func (v *view) checkBatchItemKey(item attr.Map) error {
	for _, k := range v.Key.attrs() {
		if value, ok := item.Get(k.Name); !ok || value.Kind() != k.Kind {
			return api.Validation(msgKeySchema)
		}
	}
	return v.checkItemKey(item)
}

// row returns the row key of an item whose key attributes have been checked.
func (v *view) row(item attr.Map) []byte {
	return v.appendRow(make([]byte, 0, len(v.prefix)+64), item)
}

// appendRow is row with the result appended to dst.
func (v *view) appendRow(dst []byte, item attr.Map) []byte {
	return v.Key.appendRow(append(dst, v.prefix...), item)
}

// keyAttrs returns the key attributes of an item, as an answer names them.
func (k *keySchema) keyAttrs(item attr.Map) attr.Map {
	key := make([]attr.Attr, 0, len(k.Hash)+len(k.Range))
	for _, a := range k.attrs() {
		if value, ok := item.Get(a.Name); ok {
			key = append(key, attr.Attr{Name: a.Name, Value: value})
		}
	}
	return attr.NewMap(key)
}

// attrs returns the attributes of the key, the hash ones first. They are shared
// and must not be changed.
func (k *keySchema) attrs() []keyAttr {
	if k.both != nil {
		return k.both
	}
	return append(k.Hash[:len(k.Hash):len(k.Hash)], k.Range...)
}

// checkValues checks that key attributes are neither empty nor too long.
func (k *keySchema) checkValues(item attr.Map) error {
	for i := range k.Hash {
		value, _ := item.Get(k.Hash[i].Name)
		if err := checkPartitionValue(k.Hash[i].Name, value); err != nil {
			return err
		}
	}
	for i := range k.Range {
		value, _ := item.Get(k.Range[i].Name)
		if err := checkSortValue(k.Range[i].Name, value); err != nil {
			return err
		}
	}
	return nil
}

func checkPartitionValue(name string, value attr.Value) error {
	if err := checkKeyValue(name, value); err != nil {
		return err
	}
	if value.Size() > maxPartitionKeySize {
		return api.Validation("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
	}
	return nil
}

func checkSortValue(name string, value attr.Value) error {
	if err := checkKeyValue(name, value); err != nil {
		return err
	}
	if value.Size() > maxSortKeySize {
		return api.Validation("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

func checkKeyValue(name string, value attr.Value) error {
	if !isEmpty(value) {
		return nil
	}
	return api.Validation(msgNotValid+"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kindWord(value), name)
}

// isEmpty reports whether a value is a string or binary without bytes, which no
// key can be.
func isEmpty(v attr.Value) bool {
	return (v.Kind() == attr.KindS || v.Kind() == attr.KindB) && v.Size() == 0
}

// kindWord names the type of a string or binary.
func kindWord(v attr.Value) string {
	if v.Kind() == attr.KindB {
		return "binary"
	}
	return "string"
}
