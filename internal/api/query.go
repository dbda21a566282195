package api

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// QueryInput is a request shape that reads itself from the parameters of the
// query protocol.
type QueryInput interface {
	Input
	ReadQuery(Form)
}

// QueryOutput is a response shape that appends its members as XML.
type QueryOutput interface {
	Output
	AppendXML(dst []byte) []byte
}

// Form is the parameters of a request in the query protocol, or those of them at
// and below a name. The names are paths, such as MessageAttribute.1.Value.DataType.
type Form struct {
	name   string      // the last part of the name
	own    Opt[string] // the value of the name itself
	params []param     // what is below, sorted by name
	skip   int         // bytes of their names that lead here
	fault  *error      // the first value of a wrong type; of the whole form
}

type param struct{ name, value string }

// ParseForm reads URL-encoded parameters. Of a name that stands twice the first
// value counts. The form shares names with the texts, but no values.
func ParseForm(texts ...string) (Form, error) {
	f := Form{fault: new(error)}
	for _, text := range texts {
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			if len(f.params) == MaxElements {
				return Form{}, ErrTooManyElements
			}
			p, err := parseParam(pair)
			if err != nil {
				return Form{}, err
			}
			f.params = append(f.params, p)
		}
	}
	slices.SortStableFunc(f.params, func(a, b param) int { return strings.Compare(a.name, b.name) })
	return f, nil
}

func parseParam(pair string) (p param, err error) {
	name, value, _ := strings.Cut(pair, "=")
	if p.name, err = url.QueryUnescape(name); err != nil {
		return p, err
	}
	if value, err = url.QueryUnescape(value); err != nil {
		return p, err
	}
	p.value = strings.Clone(strings.ToValidUTF8(value, "\uFFFD"))
	return p, nil
}

// Err says which value was the first one of a wrong type.
func (f Form) Err() error { return *f.fault }

// At returns the part of the form at a name and below.
func (f Form) At(name string) Form {
	at := f.search(name)
	below := Form{name: name, skip: f.skip + len(name) + 1, fault: f.fault}
	if at < len(f.params) && f.rest(at) == name {
		below.own = Some(f.params[at].value)
	}
	// The byte after the dot is the slash.
	below.params = f.params[f.search(name+"."):f.search(name+"/")]
	return below
}

func (f Form) rest(i int) string { return f.params[i].name[f.skip:] }

func (f Form) search(name string) int {
	return sort.Search(len(f.params), func(i int) bool { return f.rest(i) >= name })
}

// String returns the value of the name itself.
func (f Form) String() Opt[string] { return f.own }

// Int returns the value of the name itself as an integer.
func (f Form) Int() Opt[int64] {
	return formValue(f, "an integer", func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) })
}

// Bool returns the value of the name itself as a boolean.
func (f Form) Bool() Opt[bool] { return formValue(f, "a boolean", strconv.ParseBool) }

// Time returns the value of the name itself as a moment, in ISO 8601.
func (f Form) Time() Opt[time.Time] {
	return formValue(f, "a timestamp", func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) })
}

// Blob returns the bytes that the value of the name itself is the base64 of.
func (f Form) Blob() Opt[[]byte] { return formValue(f, "base64 text", base64.StdEncoding.DecodeString) }

func formValue[T any](f Form, kind string, parse func(string) (T, error)) Opt[T] {
	if !f.own.OK {
		return Opt[T]{}
	}
	v, err := parse(f.own.V)
	if err != nil && *f.fault == nil {
		*f.fault = Errorf("InvalidParameterValue", "Value %s for parameter %s is invalid. Reason: Must be %s.", f.own.V, f.name, kind)
	}
	return Opt[T]{V: v, OK: err == nil}
}

// elements returns the parts at the numbers below, in their order. Numbers may be
// left out.
func (f Form) elements() []Form {
	type element struct {
		number int
		form   Form
	}
	var list []element
	for i := 0; i < len(f.params); {
		head, _, _ := strings.Cut(f.rest(i), ".")
		end := i + 1
		for end < len(f.params) && f.under(end, head) {
			end++
		}
		if n, err := strconv.Atoi(head); err == nil && n > 0 {
			list = append(list, element{n, Form{params: f.params[i:end], skip: f.skip, fault: f.fault}.At(head)})
		}
		i = end
	}
	slices.SortStableFunc(list, func(a, b element) int { return cmp.Compare(a.number, b.number) })
	out := make([]Form, len(list))
	for i := range list {
		out[i] = list[i].form
	}
	return out
}

// under reports whether parameter i is at or below a name.
func (f Form) under(i int, name string) bool {
	rest, ok := strings.CutPrefix(f.rest(i), name)
	return ok && (rest == "" || rest[0] == '.')
}

// FormList reads the list whose elements are name.1, name.2 and so on. A single
// one may go without its number.
func FormList[T any](f Form, name string, read func(Form) T) []T {
	at := f.At(name)
	parts := at.elements()
	if len(parts) == 0 && at.own.OK {
		parts = []Form{at}
	}
	if len(parts) == 0 {
		return nil
	}
	list := make([]T, len(parts))
	for i, p := range parts {
		list[i] = read(p)
	}
	return list
}

// FormMap reads the map whose keys are name.1.key, name.2.key and so on, and the
// values beside them. A single entry may go without its number.
func FormMap[T any](f Form, name, key, value string, read func(Form) T) Map[T] {
	at := f.At(name)
	parts := at.elements()
	if len(parts) == 0 && at.At(key).own.OK {
		parts = []Form{at}
	}
	var m Map[T]
	var seen map[string]int
	for _, p := range parts {
		k, v := p.At(key).own.V, read(p.At(value))
		seen = m.index(seen)
		if i, dup := m.position(seen, k); dup {
			m[i].Value = v
			continue
		}
		if seen != nil {
			seen[k] = len(m)
		}
		m = append(m, Entry[T]{k, v})
	}
	return m
}

// WithDefault returns the form with the value of a parameter that it does not
// have; "" is none.
func (f Form) WithDefault(name, value string) Form {
	at := f.search(name)
	if value == "" || at < len(f.params) && f.rest(at) == name {
		return f
	}
	f.params = slices.Insert(slices.Clone(f.params), at, param{name, value})
	return f
}
