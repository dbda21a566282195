package authz

import (
	"encoding/base64"
	"slices"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/expr/partiql"
)

// partition returns the values that an access gives an attribute of the partition
// key, as policies write them. It is not ok if the request does not say, which an
// engine refuses.
func (a *access) partition(name string) (values []string, ok bool) {
	switch a.reach {
	case byItems:
		for _, item := range a.items {
			v, ok := item.Get(name)
			if !ok {
				return nil, false
			}
			values = append(values, keyText(v))
		}
		return values, true
	case byPartition:
		return a.queried(name)
	case bySearch:
		return a.searched(name)
	case byStatement:
		return a.stated(name)
	}
	return nil, true // a scan has none
}

// keyText is a key's value as policies write it: numbers in their shortest form,
// bytes in base64.
func keyText(v attr.Value) string {
	switch v.Kind() {
	case attr.KindN:
		return v.Num().String()
	case attr.KindB:
		return base64.StdEncoding.EncodeToString([]byte(v.Binary()))
	}
	return v.Str()
}

// queried is partition for a Query.
func (a *access) queried(name string) ([]string, bool) {
	for i := range a.keyConditions {
		c := &a.keyConditions[i]
		if c.Key == name && c.Value.ComparisonOperator.V == expr.OpEqual && len(c.Value.AttributeValueList) == 1 {
			return []string{keyText(c.Value.AttributeValueList[0])}, true
		}
	}
	p, err := a.params()
	if err != nil {
		return nil, false
	}
	k, err := expr.ParseKeyCondition(a.key.V, p)
	if err != nil {
		return nil, false
	}
	v, ok := k.Equal(name)
	return []string{keyText(v)}, ok
}

// searched is partition for a search.
func (a *access) searched(name string) ([]string, bool) {
	p, err := a.params()
	if err != nil {
		return nil, false
	}
	s, err := expr.ParseSearchCondition(a.search.V, p)
	if err != nil {
		return nil, false
	}
	list, _ := s.Equal()
	at := slices.IndexFunc(list, func(eq expr.Equality) bool { return eq.Name == name })
	if at < 0 {
		return nil, false
	}
	return []string{keyText(list[at].Value)}, true
}

// stated is partition for a statement. A SELECT that reads all has none.
func (a *access) stated(name string) (values []string, ok bool) {
	s, ok := a.parse()
	if !ok {
		return nil, false
	}
	switch s.Verb {
	case partiql.Insert:
		v, ok := s.Item.Get(name)
		return []string{keyText(v)}, ok
	case partiql.Select, partiql.Exists:
		branches := s.Branches(name, "")
		if slices.ContainsFunc(branches, scans) {
			return nil, true
		}
		for _, b := range branches {
			values = append(values, keyText(b.Hash[0]))
		}
		return values, true
	}
	v, ok := s.Pin([]string{name}).Key.Get(name)
	return []string{keyText(v)}, ok
}

// scans reports whether an alternative of a WHERE demands no partition, so that
// everything is read.
func scans(b partiql.Branch) bool { return len(b.Hash) != 1 }

// scansAll returns the value of dynamodb:FullTableScan, which only a SELECT has.
func (a *access) scansAll(name string) (value string, ok bool) {
	if a.reach != byStatement {
		return "", true
	}
	s, ok := a.parse()
	if !ok || s.Verb != partiql.Select {
		return "", ok
	}
	if slices.ContainsFunc(s.Branches(name, ""), scans) {
		return "true", true
	}
	return "false", true
}
