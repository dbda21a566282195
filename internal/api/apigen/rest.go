package main

import (
	"maps"
	"slices"
)

// rest writes the routes of a service of REST JSON, ReadREST for the inputs and
// WriteREST for the outputs that have parts outside of the JSON of the body.
func (g *generator) rest() {
	g.p("// Routes says how each operation is addressed.\nvar Routes = map[string]api.Route{")
	for _, name := range slices.Sorted(maps.Keys(g.model.Operations)) {
		h := g.model.Operations[name].HTTP
		g.p("%q: {Method: %q, Path: %q, Status: %d},", name, h.Method, h.RequestURI, h.ResponseCode)
	}
	g.p("}\n")
	for _, name := range g.model.inputs() {
		g.restReader(name, g.model.Shapes[name])
	}
	for _, name := range g.model.outputs() {
		g.restWriter(name, g.model.Shapes[name])
	}
}

func (g *generator) restReader(name string, s *shape) {
	g.p("// ReadREST implements api.RESTInput.\nfunc (s *%s) ReadREST(r *api.RESTRequest) {", name)
	for _, m := range s.Members {
		field := "s." + goName(m.Name)
		switch {
		case m.Location != "":
			g.p("%s = r.%s(%q)", field, g.restGetter(m), m.LocationName)
		case m.Name == s.Payload:
			g.p("%s = r.Payload()", field)
		}
	}
	g.p("}\n")
}

// restGetter is the method of api.RESTRequest that reads a member.
func (g *generator) restGetter(m member) string {
	where := map[string]string{"uri": "Label", "querystring": "Query", "header": "Header"}[m.Location]
	switch t := g.model.Shapes[m.Shape].Type; t {
	case "string":
		return where
	case "integer":
		return where + "Int"
	case "list":
		return where + "List"
	default:
		panic("apigen: REST has no reader for " + t + " at " + m.Name)
	}
}

func (g *generator) restWriter(name string, s *shape) {
	if len(g.model.body(s)) == len(s.Members) {
		return
	}
	g.p("// WriteREST implements api.RESTOutput.\nfunc (s *%s) WriteREST(r *api.RESTResponse) {", name)
	for _, m := range s.Members {
		field := "s." + goName(m.Name)
		switch {
		case m.Location == "statusCode":
			g.p("r.SetStatus(%s)", field)
		case m.Location == "header":
			g.p("r.SetHeader(%q, %s)", m.LocationName, field)
		case m.Name == s.Payload:
			g.p("r.SetPayload(%s)", field)
		}
	}
	g.p("}\n")
}
