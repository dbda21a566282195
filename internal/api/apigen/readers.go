package main

import "fmt"

// readers writes ReadJSON for each structure of a request and a function for
// each of its lists and maps.
func (g *generator) readers() {
	for _, name := range g.sorted(g.in) {
		s := g.model.Shapes[name]
		if attrType(g.model, name) != "" {
			continue
		}
		switch s.Type {
		case "structure":
			g.structureReader(name, s)
		case "list":
			elem := g.elemReader(s.Member.Shape)
			if name == "PreparedStatementParameters" {
				elem = "api.ReadParameter"
			}
			g.p("func read%s(d *jsontok.Decoder) %s { return api.ReadList(d, %s) }\n", name, g.goType(name), elem)
		case "map":
			g.p("func read%s(d *jsontok.Decoder) %s { return api.ReadEntries(d, %q, %s) }\n", name, g.goType(name), g.elemName(s.Value.Shape), g.elemReader(s.Value.Shape))
		}
	}
}

func (g *generator) structureReader(name string, s *shape) {
	g.p("// ReadJSON implements api.Input.\nfunc (s *%s) ReadJSON(d *jsontok.Decoder) {", name)
	g.p("if !d.Object() {\nd.Name(%q)\nreturn\n}", name)
	g.p("for key, ok := d.Key(); ok; key, ok = d.Key() {\nswitch string(key) {")
	for _, m := range g.model.body(s) {
		g.p("case %q:\n%s", m.Name, g.readMember("s."+goName(m.Name), m.Shape))
	}
	g.p("default:\nd.Skip()\n}\n}\n}\n")
}

// readMember returns the statements that read a member of a shape into target.
func (g *generator) readMember(target, name string) string {
	if t := attrType(g.model, name); t != "" {
		reader := attrReader(name, t)
		if target == "s.ExclusiveStartKey" {
			reader = "api.ReadStartKey"
		}
		return fmt.Sprintf("%s = %s(d)", target, reader)
	}
	s := g.model.Shapes[name]
	switch s.Type {
	case "structure":
		return fmt.Sprintf("if !d.Null() {\n%s = new(%s)\nd.Field()\n%s.ReadJSON(d)\n}", target, name, target)
	case "list", "map":
		return fmt.Sprintf("%s = read%s(d)", target, name)
	}
	return fmt.Sprintf("%s = api.%s(d)", target, optReader(s.Type))
}

// elemReader returns an expression for the function that reads an element.
func (g *generator) elemReader(name string) string {
	if t := attrType(g.model, name); t != "" {
		return attrReader(name, t)
	}
	s := g.model.Shapes[name]
	switch s.Type {
	case "structure":
		if apart[name] {
			return fmt.Sprintf("func(d *jsontok.Decoder) (s %s) { before := api.BeginApart(d); s.ReadJSON(d); s.Refused = api.EndApart(d, before); return s }", name)
		}
		return fmt.Sprintf("func(d *jsontok.Decoder) (s %s) { s.ReadJSON(d); return s }", name)
	case "list", "map":
		return "read" + name
	case "string":
		return "(*jsontok.Decoder).String"
	case "blob":
		return "(*jsontok.Decoder).Base64"
	}
	return fmt.Sprintf("func(d *jsontok.Decoder) %s { return api.%s(d).V }", scalarType(s.Type), optReader(s.Type))
}

// elemName returns what a map of such elements is called by: see api.ReadEntries.
func (g *generator) elemName(name string) string {
	switch s := g.model.Shapes[name]; s.Type {
	case "structure":
		return name
	case "string":
		return "String"
	}
	return ""
}

func attrReader(name, goType string) string {
	switch {
	case name == "ExpressionAttributeValueMap":
		return "api.ReadExpressionValues"
	case goType == "attr.Value":
		return "api.ReadValue"
	case goType == "attr.Item":
		return "api.ReadItem"
	}
	return "api.ReadMap"
}

func optReader(t string) string {
	switch t {
	case "string":
		return "ReadString"
	case "integer":
		return "ReadInt"
	case "long":
		return "ReadLong"
	case "double", "float":
		return "ReadFloat"
	case "boolean":
		return "ReadBool"
	case "timestamp":
		return "ReadTime"
	}
	return "ReadBlob"
}
