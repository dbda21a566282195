package expr

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/jsontok"
)

// TestData runs the scripts in testdata. The commands item, names, values and
// key (pk=S sk=N; of several partition attributes, all but the first pk2=(S,HASH)) say what later commands work with; "none" takes it away. Every
// other command takes one expression per line and prints what becomes of it.
func TestData(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := &script{}
		datadriven.RunTest(t, path, s.run)
	})
}

type script struct {
	item            attr.Map
	names           []Name
	values          attr.Map
	partition, sort []KeyAttr
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "item":
		s.item = readMap(t, d.Input)
		return ""
	case "values":
		s.values = readMap(t, d.Input)
		return ""
	case "names":
		s.names = nil
		for _, f := range strings.Fields(strings.TrimPrefix(d.Input, "none")) {
			placeholder, name, _ := strings.Cut(f, "=")
			s.names = append(s.names, Name{placeholder, name})
		}
		return ""
	case "key":
		s.partition, s.sort = nil, nil
		for i, arg := range d.CmdArgs {
			key := KeyAttr{arg.Key, kindNamed(t, arg.Vals[0])}
			if i == 0 || len(arg.Vals) > 1 {
				s.partition = append(s.partition, key)
			} else {
				s.sort = append(s.sort, key)
			}
		}
		return ""
	}
	var out strings.Builder
	for _, src := range strings.Split(d.Input, "\n") {
		p, err := NewParams(slices.Clone(s.names), s.values)
		result := ""
		if err == nil {
			result, err = s.expression(t, d.Cmd, src, p)
		}
		if err != nil {
			result = err.Error()
		}
		fmt.Fprintf(&out, "%s\n    %s\n", src, result)
	}
	return out.String()
}

func (s *script) expression(t *testing.T, cmd, src string, p *Params) (string, error) {
	switch cmd {
	case "condition", "filter":
		kind := ConditionExpression
		if cmd == "filter" {
			kind = FilterExpression
		}
		c, err := ParseCondition(kind, src, p)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(c.Eval(s.item)), nil
	case "used":
		if _, err := ParseCondition(ConditionExpression, src, p); err != nil {
			return "", err
		}
		return "ok", p.CheckUsed()
	case "projection":
		r, err := ParseProjection(src, p)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(r.TopLevel(), " ", show(r.Apply(s.item))), nil
	case "keycondition":
		return s.keyCondition(src, p)
	case "update", "create", "updated":
		return s.update(cmd, src, p)
	}
	t.Fatalf("unknown command %q", cmd)
	return "", nil
}

func (s *script) keyCondition(src string, p *Params) (string, error) {
	k, err := ParseKeyCondition(src, p)
	if err != nil {
		return "", err
	}
	if err := k.Check(); err != nil {
		return "", fmt.Errorf("shape: %w", err)
	}
	r, err := k.Bind(s.partition, s.sort)
	if err != nil {
		return "", err
	}
	op := [...]string{"", "=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"}[r.Op]
	out := quotes(append(r.Partition[:len(r.Partition):len(r.Partition)], r.Leading...))
	if r.Op != KeyAny {
		out += " " + op + " " + quote(r.Value)
	}
	if r.Op == KeyBetween {
		out += " " + quote(r.Upper)
	}
	return out, nil
}

func quotes(values []attr.Value) string {
	list := make([]string, len(values))
	for i := range values {
		list[i] = quote(values[i])
	}
	return strings.Join(list, " ")
}

func (s *script) update(cmd, src string, p *Params) (string, error) {
	u, err := ParseUpdate(src, p)
	if err != nil {
		return "", err
	}
	apply := u.Apply
	if cmd == "create" {
		apply = u.Create
	}
	before := show(s.item)
	after, err := apply(s.item)
	if show(s.item) != before {
		return "", fmt.Errorf("the item changed to %s", show(s.item))
	}
	if err != nil {
		return "", err
	}
	if cmd == "updated" {
		return fmt.Sprint(u.TopLevel(), " old ", show(u.Project(s.item)), " new ", show(u.Project(after))), nil
	}
	return show(after), nil
}

// show prints an item as JSON.
func show(m attr.Map) string { return string(m.AppendJSON(nil)) }

func readMap(t testing.TB, text string) attr.Map {
	t.Helper()
	if text == "none" {
		return nil
	}
	var d jsontok.Decoder
	d.Reset([]byte(text))
	m := attr.ReadMap(&d)
	if err := d.End(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if err := d.Noted(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func kindNamed(t testing.TB, name string) attr.Kind {
	for k := attr.KindS; k <= attr.KindM; k++ {
		if k.String() == name {
			return k
		}
	}
	t.Fatalf("no type %q", name)
	return attr.KindNone
}
