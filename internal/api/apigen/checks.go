package main

import (
	"fmt"
	"slices"
)

// checks writes Validate for each structure of a request, and a function for
// each list and map whose elements have something to check.
func (g *generator) checks() {
	for _, name := range g.sorted(g.in) {
		s := g.model.Shapes[name]
		if attrType(g.model, name) != "" {
			continue
		}
		if s.Pattern != "" && goPattern(s.Pattern) != "" {
			g.p("var pattern%s = api.NewPattern(%q)\n", name, goPattern(s.Pattern))
		}
		switch s.Type {
		case "structure":
			g.structureCheck(name, s)
		case "list":
			g.listCheck(name, s)
		case "map":
			g.mapCheck(name, s)
		}
	}
	for _, name := range g.model.inputs() {
		reword := ""
		if rewritten[name] {
			reword = "; if v.Whole() { s.reword(v) }"
		}
		g.p("// Validate implements api.Input.\nfunc (s *%s) Validate(v *api.Violations) { var at api.Path; s.check(v, &at)%s }\n", name, reword)
	}
}

func (g *generator) structureCheck(name string, s *shape) {
	if !g.checked(name, nil) {
		g.p("func (s *%s) check(*api.Violations, *api.Path) {}\n", name)
		return
	}
	g.p("func (s *%s) check(v *api.Violations, at *api.Path) {", name)
	for _, m := range checkOrder(name, s.Members) {
		field, path := "s."+goName(m.Name), fmt.Sprintf("at.Member(%q)", pathName(m.Name))
		if slices.Contains(s.Required, m.Name) && !(m.Name == "TableName" && missedLater[name]) {
			g.p("v.Required(%s, %s)", g.present(field, m.Shape), path)
		}
		g.checkMember(field, path, m.Shape)
	}
	g.p("}\n")
}

// present returns the expression that tells whether a member is present.
func (g *generator) present(field, name string) string {
	t := attrType(g.model, name)
	switch s := g.model.Shapes[name]; {
	case t == "attr.Value" || t == "attr.Item":
		return "!" + field + ".IsZero()"
	case s.Type == "structure" || s.Type == "list" || s.Type == "map":
		return field + " != nil"
	}
	return field + ".OK"
}

// checkMember writes the checks of a member that has its own constraints.
func (g *generator) checkMember(field, path, name string) {
	s := g.model.Shapes[name]
	if attrType(g.model, name) != "" {
		return
	}
	switch s.Type {
	case "structure":
		if g.checked(name, nil) {
			g.p("if %s != nil { at := %s; %s.check(v, &at) }", field, path, field)
		}
	case "list", "map":
		if g.checked(name, nil) {
			g.p("if %s != nil { at := %s; check%s(%s, v, &at) }", field, path, name, field)
		}
	default:
		g.checkScalar(field, path, name)
	}
}

func (g *generator) checkScalar(field, path, name string) {
	s := g.model.Shapes[name]
	if unchecked[name] {
		return
	}
	if s.Pattern != "" && goPattern(s.Pattern) != "" {
		g.p("v.Match(%s, pattern%s, %s)", field, name, path)
	}
	if s.Type == "string" && (s.Min != nil || s.Max != nil) {
		g.p("v.Length(%s, %d, %d, %s)", field, or(s.Min, 0), or(s.Max, -1), path)
	}
	if (s.Type == "integer" || s.Type == "long") && (s.Min != nil || s.Max != nil) {
		g.p("v.Range(%s, %s, %s, %s)", field, bound(s.Min), bound(s.Max), path)
	}
	if len(s.Enum) > 0 {
		g.p("v.Enum(%s, enum%s, %s)", field, name, path)
	}
}

func (g *generator) listCheck(name string, s *shape) {
	if !g.checked(name, nil) {
		return
	}
	g.p("func check%s(list %s, v *api.Violations, at *api.Path) {", name, g.goType(name))
	g.count("len(list)", "list", s)
	if elem := s.Member.Shape; g.checked(elem, nil) {
		g.p("for i := range list {\nat := at.Element(i)")
		g.checkElem("list[i]", elem)
		g.p("}")
	}
	g.p("}\n")
}

func (g *generator) mapCheck(name string, s *shape) {
	if !g.checked(name, nil) {
		return
	}
	g.p("func check%s(m %s, v *api.Violations, at *api.Path) {", name, g.goType(name))
	g.count("len(m)", "m", s)
	if elem := s.Value.Shape; g.checked(elem, nil) {
		g.p("for i := range m {\nat := at.Value(m[i].Key)")
		g.checkElem("m[i].Value", elem)
		g.p("}")
	}
	g.p("}\n")
}

// checkElem writes the checks of an element at the path that "at" holds.
func (g *generator) checkElem(field, name string) {
	switch s := g.model.Shapes[name]; s.Type {
	case "structure":
		g.p("%s.check(v, &at)", field)
	case "list", "map":
		g.p("check%s(%s, v, &at)", name, field)
	default:
		g.checkScalar("api.Some("+field+")", "at", name)
	}
}

func (g *generator) count(n, shown string, s *shape) {
	if s.Min != nil || s.Max != nil {
		g.p("v.Count(%s, %d, %d, %s, *at)", n, or(s.Min, 0), or(s.Max, -1), shown)
	}
}

// checked reports whether a shape has anything to check, itself or inside.
func (g *generator) checked(name string, above []string) bool {
	s := g.model.Shapes[name]
	if attrType(g.model, name) != "" || unchecked[name] || slices.Contains(above, name) {
		return false
	}
	if s.Min != nil || s.Max != nil || goPattern(s.Pattern) != "" || len(s.Enum) > 0 || len(s.Required) > 0 {
		return true
	}
	above = append(above, name)
	for _, m := range s.Members {
		if g.checked(m.Shape, above) {
			return true
		}
	}
	return s.Member != nil && g.checked(s.Member.Shape, above) || s.Value != nil && g.checked(s.Value.Shape, above)
}

func or(v *int64, def int64) int64 {
	if v == nil {
		return def
	}
	return *v
}

func bound(v *int64) string {
	if v == nil {
		return "nil"
	}
	return fmt.Sprintf("new(int64(%d))", *v)
}
