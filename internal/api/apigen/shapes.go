package main

import (
	"maps"
	"slices"
)

// names writes the operations, the error codes and the enums' values.
func (g *generator) names() {
	if g.model.isREST() {
		g.p("// Target is what the operation table knows the service by.\nconst Target = %q\n", g.model.target())
	} else {
		g.p("// Target is the X-Amz-Target prefix of the service.\nconst Target = %q\n", g.model.target())
	}
	g.p("// OperationNames are all operations of the service, by name.\nvar OperationNames = []string{")
	for _, name := range slices.Sorted(maps.Keys(g.model.Operations)) {
		g.p("%q,", name)
	}
	g.p("}\n\n// Codes of the errors that the model names.\nconst (")
	for _, name := range slices.Sorted(maps.Keys(g.model.Shapes)) {
		if g.model.Shapes[name].Exception {
			g.p("Code%s = %q", name, name)
		}
	}
	g.p(")")
	for _, name := range slices.Sorted(maps.Keys(g.model.Shapes)) {
		g.enum(name, g.model.Shapes[name])
	}
}

func (g *generator) enum(name string, s *shape) {
	if len(s.Enum) == 0 || !g.in[name] && !g.out[name] {
		return
	}
	g.p("\n// Values of %s.\nconst (", name)
	for _, v := range s.Enum {
		if c := constName(name, v); c != "" {
			g.p("%s = %q", c, v)
		}
	}
	g.p(")\n\nvar enum%s = []string{", name)
	for _, v := range listed(name, s.Enum) {
		g.p("%q,", v)
	}
	g.p("}")
}

// shapes writes a struct for each structure.
func (g *generator) shapes() {
	all := maps.Clone(g.in)
	maps.Copy(all, g.out)
	for _, name := range g.sorted(all) {
		s := g.model.Shapes[name]
		if s.Type != "structure" || attrType(g.model, name) != "" {
			continue
		}
		g.p("// %s is the structure of that name in the model.\ntype %s struct {", name, name)
		for _, m := range s.Members {
			g.p("%s %s", goName(m.Name), g.goType(m.Shape))
		}
		if apart[name] {
			g.p("\n// Refused is what is wrong with an attribute value of an element of a list: see\n// api.BeginApart.\nRefused error")
		}
		g.p("}\n")
	}
}
