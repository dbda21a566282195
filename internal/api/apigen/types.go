package main

import "strings"

// attrType returns the type of package attr that stands for a shape, or "".
func attrType(m *model, name string) string {
	switch s := m.Shapes[name]; {
	case name == "AttributeValue":
		return "attr.Value"
	case name == "AttributeMap":
		return "attr.Item"
	case s.Type == "map" && s.Value.Shape == "AttributeValue":
		return "attr.Map"
	}
	return ""
}

// goType returns the Go type of a member of a shape.
func (g *generator) goType(name string) string {
	if t := attrType(g.model, name); t != "" {
		return t
	}
	s := g.model.Shapes[name]
	switch s.Type {
	case "structure":
		return "*" + name
	case "list":
		return "[]" + g.elemType(s.Member.Shape)
	case "map":
		return "api.Map[" + g.elemType(s.Value.Shape) + "]"
	}
	return "api.Opt[" + scalarType(s.Type) + "]"
}

// elemType returns the Go type of a shape as element of a list or map.
func (g *generator) elemType(name string) string {
	if t := attrType(g.model, name); t != "" {
		return t
	}
	s := g.model.Shapes[name]
	switch s.Type {
	case "structure":
		return name
	case "list", "map":
		return g.goType(name)
	}
	return scalarType(s.Type)
}

func scalarType(t string) string {
	switch t {
	case "string":
		return "string"
	case "integer", "long":
		return "int64"
	case "double", "float":
		return "float64"
	case "boolean":
		return "bool"
	case "timestamp":
		return "time.Time"
	case "blob":
		return "[]byte"
	}
	panic("apigen: no Go type for " + t)
}

// goName makes an exported Go name of a member's name.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// pathName is a member's name as the service spells it in violations.
func pathName(name string) string { return strings.ToLower(name[:1]) + name[1:] }

// constName makes the Go name of an enum's value, "" if none can be made.
func constName(shape, value string) string {
	var b strings.Builder
	b.WriteString(shape)
	for _, word := range strings.FieldsFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) {
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		b.WriteString(goName(word))
	}
	if b.Len() == len(shape) {
		return ""
	}
	return b.String()
}

// goPattern translates a pattern of the model, "" where Go has no equal one.
func goPattern(p string) string {
	if strings.Contains(p, `\uD800`) || strings.Contains(p, `(?!`) || strings.Contains(p, `(?<`) {
		return ""
	}
	return strings.ReplaceAll(p, `\p{Print}`, `[[:print:]]`)
}
