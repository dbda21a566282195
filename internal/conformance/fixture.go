package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
)

// fixture is a table or queue that cases need. Its name is made up for each run
// and put in a variable.
type fixture struct {
	kind     string // table or queue
	variable string
	fifo     bool    // of a queue
	create   *object // the request, nil if the case makes it itself
}

// parseFixture reads one of
//
//	table NAME KEY:TYPE [KEY:TYPE] [+ATTRIBUTE:TYPE ...] [gsi:NAME(KEY:TYPE,...)[PROJECTION] ...] [lsi:...] [{MEMBERS}]
//	queue NAME[.fifo] [{ATTRIBUTES}]
//	new table NAME
//	new queue NAME[.fifo]
func parseFixture(text string) (fixture, error) {
	extra := &object{}
	if i := strings.IndexByte(text, '{'); i >= 0 {
		o, err := parseObject(text[i:])
		if err != nil {
			return fixture{}, err
		}
		text, extra = text[:i], o
	}
	words := strings.Fields(text)
	create := words[0] != "new"
	if !create {
		words = words[1:]
	}
	if len(words) < 2 || words[0] != "table" && words[0] != "queue" {
		return fixture{}, fmt.Errorf("want table NAME or queue NAME, have %q", text)
	}
	f := fixture{kind: words[0]}
	f.variable, f.fifo = strings.CutSuffix(words[1], ".fifo")
	if !create {
		return f, nil
	}
	if f.kind == "queue" {
		f.create = queueRequest(f, extra)
		return f, nil
	}
	request, err := tableRequest(f.variable, words[2:])
	if err == nil {
		f.create = extra.withDefaults(request)
	}
	return f, err
}

func queueRequest(f fixture, attributes *object) *object {
	for i, m := range attributes.members {
		if n, ok := m.value.(json.Number); ok {
			attributes.members[i].value = string(n)
		}
	}
	if f.fifo {
		attributes.members = append(attributes.members, member{"FifoQueue", "true"})
	}
	return record("QueueName", "$"+f.variable+"_NAME", "Attributes", attributes)
}

// record is an object of names and values.
func record(members ...node) *object {
	o := &object{}
	for i := 0; i < len(members); i += 2 {
		o.members = append(o.members, member{members[i].(string), members[i+1]})
	}
	return o
}

var index = pattern(`^(gsi|lsi):([A-Za-z0-9_.-]+)\(([^)]*)\)(?:(ALL|KEYS_ONLY|INCLUDE)(?:\(([^)]*)\))?)?$`)

// schema gathers what CreateTable wants of the words of a fixture.
type schema struct {
	types    map[string]bool // attributes that are defined
	defined  *list
	keys     []string
	global   *list
	local    *list
	rejected error
}

func tableRequest(variable string, words []string) (*object, error) {
	s := &schema{types: map[string]bool{}, defined: &list{}, global: &list{}, local: &list{}}
	for _, w := range words {
		if err := s.word(w); err != nil {
			return nil, err
		}
	}
	if len(s.keys) == 0 {
		return nil, fmt.Errorf("the table has no key")
	}
	request := record("TableName", "$"+variable, "BillingMode", "PAY_PER_REQUEST", "AttributeDefinitions", s.defined, "KeySchema", s.keySchema(s.keys))
	if len(s.global.items) > 0 {
		request.members = append(request.members, member{"GlobalSecondaryIndexes", s.global})
	}
	if len(s.local.items) > 0 {
		request.members = append(request.members, member{"LocalSecondaryIndexes", s.local})
	}
	return request, s.rejected
}

func (s *schema) word(w string) error {
	if extra, ok := strings.CutPrefix(w, "+"); ok {
		s.define(extra)
		return nil
	}
	m := index().FindStringSubmatch(w)
	if m == nil {
		s.keys = append(s.keys, w)
		s.define(w)
		return nil
	}
	keys := strings.Split(m[3], ",")
	for _, k := range keys {
		s.define(k)
	}
	if m[1] == "lsi" {
		keys = append([]string{s.keys[0]}, keys...)
	}
	ix := record("IndexName", m[2], "KeySchema", s.keySchema(keys), "Projection", projection(m[4], m[5]))
	if m[1] == "lsi" {
		s.local.items = append(s.local.items, ix)
	} else {
		s.global.items = append(s.global.items, ix)
	}
	return nil
}

func projection(kind, names string) *object {
	switch kind {
	case "":
		kind = "ALL"
	case "INCLUDE":
		include := &list{}
		for _, name := range strings.Split(names, ",") {
			include.items = append(include.items, name)
		}
		return record("ProjectionType", kind, "NonKeyAttributes", include)
	}
	return record("ProjectionType", kind)
}

// define adds an attribute, as "name:TYPE", to the definitions.
func (s *schema) define(w string) {
	name, kind, ok := strings.Cut(w, ":")
	if !ok {
		s.rejected = fmt.Errorf("what is %q in a table?", w)
	}
	if !s.types[name] {
		s.types[name] = true
		s.defined.items = append(s.defined.items, record("AttributeName", name, "AttributeType", kind))
	}
}

// keySchema makes one of key words: the first is the partition key.
func (s *schema) keySchema(words []string) *list {
	keys := &list{}
	for i, w := range words {
		name, _, _ := strings.Cut(w, ":")
		kind := "HASH"
		if i > 0 {
			kind = "RANGE"
		}
		keys.items = append(keys.items, record("AttributeName", name, "KeyType", kind))
	}
	return keys
}
