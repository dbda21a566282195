package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// queryName is what the elements of a list or map are called in the query
// protocol. The models of today describe JSON and have lost these names, so they
// stand in a file beside the model, by shape.
type queryName struct {
	Element string `json:"element"`
	Key     string `json:"key"`
	Value   string `json:"value"`
}

// loadQuery reads the names of the query protocol beside a model. A service
// without that file does not speak it.
func loadQuery(modelPath string) (names map[string]queryName, err error) {
	path := strings.TrimSuffix(modelPath, ".json") + "-query.json"
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &names); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return names, nil
}

// query writes ReadQuery for each structure of a request and AppendXML for each
// one of a response. Lists and maps are flattened: they have no element of their
// own.
func (g *generator) query() {
	for _, name := range g.sorted(g.in) {
		g.queryReader(name, g.model.Shapes[name])
	}
	for _, name := range g.sorted(g.out) {
		g.xmlAppender(name, g.model.Shapes[name])
	}
}

func (g *generator) queryReader(name string, s *shape) {
	names := g.model.Query[name]
	switch s.Type {
	case "structure":
		g.p("// ReadQuery implements api.QueryInput.\nfunc (s *%s) ReadQuery(f api.Form) {", name)
		for _, m := range s.Members {
			g.p("s.%s = %s", goName(m.Name), g.queryMember(m))
		}
		g.p("}\n")
	case "list":
		g.p("func query%s(f api.Form) %s { return api.FormList(f, %q, %s) }\n",
			name, g.goType(name), names.Element, g.queryElem(s.Member.Shape))
	case "map":
		g.p("func query%s(f api.Form) %s { return api.FormMap(f, %q, %q, %q, %s) }\n",
			name, g.goType(name), names.Element, names.Key, names.Value, g.queryElem(s.Value.Shape))
	}
}

// queryMember returns the expression that reads a member of a structure.
func (g *generator) queryMember(m member) string {
	switch s := g.model.Shapes[m.Shape]; s.Type {
	case "list", "map":
		return fmt.Sprintf("query%s(f)", m.Shape)
	default:
		return fmt.Sprintf("f.At(%q).%s()", m.Name, formScalar(s.Type))
	}
}

// queryElem returns an expression for the function that reads an element.
func (g *generator) queryElem(name string) string {
	s := g.model.Shapes[name]
	if s.Type == "structure" {
		return fmt.Sprintf("func(f api.Form) (s %s) { s.ReadQuery(f); return s }", name)
	}
	return fmt.Sprintf("func(f api.Form) %s { return f.%s().V }", scalarType(s.Type), formScalar(s.Type))
}

// formScalar is the method of api.Form that reads a type.
func formScalar(t string) string {
	switch t {
	case "string":
		return "String"
	case "integer", "long":
		return "Int"
	case "boolean":
		return "Bool"
	case "blob":
		return "Blob"
	}
	panic("apigen: the query protocol has no reader for " + t)
}

func (g *generator) xmlAppender(name string, s *shape) {
	names := g.model.Query[name]
	switch s.Type {
	case "structure":
		g.p("// AppendXML implements api.QueryOutput.\nfunc (s *%s) AppendXML(b []byte) []byte {", name)
		for _, m := range s.Members {
			g.xmlMember(m)
		}
		g.p("return b\n}\n")
	case "list":
		g.p("func appendXML%s(b []byte, v %s) []byte {\nfor i := range v {", name, g.goType(name))
		g.p("%s\n}\nreturn b\n}\n", g.xmlElement(names.Element, "v[i]", s.Member.Shape))
	case "map":
		g.p("func appendXML%s(b []byte, v %s) []byte {\nfor i := range v {", name, g.goType(name))
		g.p("b = append(b, `<%s>`...)\nb = api.AppendXMLString(b, %q, v[i].Key)", names.Element, names.Key)
		g.p("%s\nb = append(b, `</%s>`...)\n}\nreturn b\n}\n", g.xmlElement(names.Value, "v[i].Value", s.Value.Shape), names.Element)
	}
}

func (g *generator) xmlMember(m member) {
	field := "s." + goName(m.Name)
	switch s := g.model.Shapes[m.Shape]; s.Type {
	case "list", "map":
		g.p("b = appendXML%s(b, %s)", m.Shape, field)
	default:
		g.p("if %s.OK {\n%s\n}", field, g.xmlElement(m.Name, field+".V", m.Shape))
	}
}

// xmlElement returns the statements that append a value as an element.
func (g *generator) xmlElement(element, value, name string) string {
	s := g.model.Shapes[name]
	if s.Type == "structure" {
		return fmt.Sprintf("b = append(b, `<%s>`...)\nb = %s.AppendXML(b)\nb = append(b, `</%s>`...)", element, value, element)
	}
	return fmt.Sprintf("b = api.AppendXML%s(b, %q, %s)", formScalar(s.Type), element, value)
}
