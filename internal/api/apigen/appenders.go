package main

import "fmt"

// appenders writes AppendJSON for each structure of a response and a function
// for each of its lists and maps.
func (g *generator) appenders() {
	for _, name := range g.sorted(g.out) {
		s := g.model.Shapes[name]
		if attrType(g.model, name) != "" {
			continue
		}
		switch s.Type {
		case "structure":
			g.structureAppender(name, s)
		case "list":
			g.p("func append%s(b []byte, v %s) []byte { return api.AppendList(b, v, %s) }\n", name, g.goType(name), g.elemAppender(s.Member.Shape))
		case "map":
			g.p("func append%s(b []byte, v %s) []byte { return api.AppendEntries(b, v, %s) }\n", name, g.goType(name), g.elemAppender(s.Value.Shape))
		}
	}
}

func (g *generator) structureAppender(name string, s *shape) {
	g.p("// AppendJSON implements api.Output.\nfunc (s *%s) AppendJSON(b []byte) []byte {\nb = append(b, '{')", name)
	for _, m := range g.model.body(s) {
		field := "s." + goName(m.Name)
		g.p("if %s {", g.present(field, m.Shape))
		g.p("b = api.AppendName(b, `\"%s\":`)\nb = %s\n}", m.Name, g.appendCall("b", field, m.Shape, true))
	}
	g.p("return append(b, '}')\n}\n")
}

// appendCall returns the expression that appends a value of a shape.
func (g *generator) appendCall(b, value, name string, opt bool) string {
	s := g.model.Shapes[name]
	switch {
	case attrType(g.model, name) != "" || s.Type == "structure":
		return fmt.Sprintf("%s.AppendJSON(%s)", value, b)
	case s.Type == "list" || s.Type == "map":
		return fmt.Sprintf("append%s(%s, %s)", name, b, value)
	case opt:
		value += ".V"
	}
	return fmt.Sprintf("%s(%s, %s)", scalarAppender(s.Type), b, value)
}

// elemAppender returns an expression for the function that appends an element.
func (g *generator) elemAppender(name string) string {
	s := g.model.Shapes[name]
	if s.Type == "list" || s.Type == "map" || s.Type == "structure" || attrType(g.model, name) != "" {
		return fmt.Sprintf("func(b []byte, v %s) []byte { return %s }", g.elemType(name), g.appendCall("b", "v", name, false))
	}
	return scalarAppender(s.Type)
}

func scalarAppender(t string) string {
	switch t {
	case "string":
		return "jsontok.AppendString"
	case "integer", "long":
		return "api.AppendInt"
	case "double", "float":
		return "api.AppendFloat"
	case "boolean":
		return "api.AppendBool"
	case "timestamp":
		return "api.AppendTime"
	}
	return "api.AppendBlob"
}
