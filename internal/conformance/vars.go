package conformance

import (
	"fmt"
)

// vars are the values of variables, by name.
type vars map[string]string

var variable = pattern(`\$[A-Z][A-Z0-9_]*`)

// fill puts the values of variables in place of their names.
func (v vars) fill(s string) (string, error) {
	var unknown string
	s = variable().ReplaceAllStringFunc(s, func(name string) string {
		value, ok := v[name[1:]]
		if !ok {
			unknown = name
		}
		return value
	})
	if unknown != "" {
		return "", fmt.Errorf("%s has no value", unknown)
	}
	return s, nil
}
