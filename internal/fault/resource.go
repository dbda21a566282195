package fault

import (
	"reflect"
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// concerns reports whether a request names a table or queue. It looks for the name
// where the services have it, by the names of members: this is for tests, and so
// does without a list of all operations.
func concerns(in api.Input, name string) bool {
	return names(reflect.ValueOf(in).Elem(), name)
}

// naming are the members that hold the name, URL or ARN of a resource.
var naming = map[string]bool{
	"TableName": true, "QueueName": true, "QueueUrl": true, "ResourceArn": true, "StreamArn": true,
}

// names looks into a shape, into the lists of actions below it, and at the keys of
// RequestItems.
func names(shape reflect.Value, name string) bool {
	for i := range shape.NumField() {
		field, member := shape.Field(i), shape.Type().Field(i).Name
		if text, ok := field.Interface().(api.Opt[string]); ok && naming[member] && isNamed(text.V, name) {
			return true
		}
		switch member {
		case "RequestItems":
			for n := range field.Len() {
				if isNamed(field.Index(n).FieldByName("Key").String(), name) {
					return true
				}
			}
		case "TransactItems":
			for n := range field.Len() {
				if namesAction(field.Index(n), name) {
					return true
				}
			}
		}
	}
	return false
}

// namesAction looks into the one member of an action that is there.
func namesAction(action reflect.Value, name string) bool {
	for i := range action.NumField() {
		if member := action.Field(i); member.Kind() == reflect.Pointer && !member.IsNil() && names(member.Elem(), name) {
			return true
		}
	}
	return false
}

// isNamed reports whether a name, URL or ARN is that of a resource.
func isNamed(text, name string) bool {
	if text == name || strings.HasSuffix(text, "/"+name) || strings.HasSuffix(text, ":"+name) {
		return true
	}
	return strings.Contains(text, ":table/"+name+"/") // the ARN of an index or stream
}
