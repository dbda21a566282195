package autoscaling

import (
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// The engine's keys. Every one begins with space, then a byte that says what it
// is; docs/format.md describes them.
const (
	space byte = 0x30

	kindTarget byte = 't'
	kindPolicy byte = 'p'
	kindAction byte = 's'
)

// scalable names what can be scaled: one dimension of one resource.
type scalable struct {
	ns                           api.Namespace
	service, resource, dimension string
}

// prefix begins the rows of one kind that a service has in a namespace. None of
// the parts of a key holds a zero byte.
func prefix(kind byte, ns api.Namespace, service string) []byte {
	key := []byte{space, kind}
	for _, part := range [3]string{ns.Account, ns.Region, service} {
		key = append(append(key, part...), 0)
	}
	return key
}

// namespaceOf returns the account and region in a key.
func namespaceOf(key []byte) api.Namespace {
	account, rest, _ := strings.Cut(string(key[2:]), "\x00")
	region, _, _ := strings.Cut(rest, "\x00")
	return api.Namespace{Account: account, Region: region}
}

// key is the key of a target, or what the keys of its policies and actions begin
// with.
func (c *scalable) key(kind byte) []byte {
	key := prefix(kind, c.ns, c.service)
	key = append(append(key, c.resource...), 0)
	return append(append(key, c.dimension...), 0)
}

// named is the key of a policy or action.
func (c *scalable) named(kind byte, name string) []byte { return append(c.key(kind), name...) }

// split returns the table and the index in a resource id; ok is false if it is
// none of DynamoDB's.
func (c *scalable) split() (table, index string, ok bool) {
	rest, isTable := strings.CutPrefix(c.resource, "table/")
	if !isTable {
		return "", "", false
	}
	table, index, hasIndex := strings.Cut(rest, "/index/")
	ok = isName(table) && hasIndex == (index != "") && (!hasIndex || isName(index))
	return table, index, ok
}

// isName reports whether s can be the name of a table or an index.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' {
			continue
		}
		return false
	}
	return s != "" && len(s) <= 255
}
