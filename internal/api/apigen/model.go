package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// model is a service model: operations and shapes, without documentation.
type model struct {
	Metadata struct {
		TargetPrefix string `json:"targetPrefix"`
		ServiceID    string `json:"serviceId"`
		Protocol     string `json:"protocol"`
	} `json:"metadata"`
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]*shape    `json:"shapes"`
	// Query is not in the model; nil if the service does not speak the protocol.
	Query map[string]queryName `json:"-"`
}

type operation struct {
	HTTP struct {
		Method       string `json:"method"`
		RequestURI   string `json:"requestUri"`
		ResponseCode int    `json:"responseCode"`
	} `json:"http"`
	Input  *ref  `json:"input"`
	Output *ref  `json:"output"`
	Errors []ref `json:"errors"`
}

type ref struct {
	Shape        string `json:"shape"`
	Location     string `json:"location"`
	LocationName string `json:"locationName"`
}

type shape struct {
	Type      string   `json:"type"`
	Required  []string `json:"required"`
	Members   members  `json:"members"`
	Member    *ref     `json:"member"`
	Key       *ref     `json:"key"`
	Value     *ref     `json:"value"`
	Enum      []string `json:"enum"`
	Min       *int64   `json:"min"`
	Max       *int64   `json:"max"`
	Pattern   string   `json:"pattern"`
	Exception bool     `json:"exception"`
	// Payload is the member that is the whole body, in REST JSON.
	Payload string `json:"payload"`
}

// members keeps the order of the model, which is the order of most checks.
type members []member

type member struct {
	Name  string
	Shape string
	// Location is where a member stands in REST JSON, if not in the body, and
	// LocationName what it is called there.
	Location, LocationName string
}

func (m *members) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var r ref
		if err := d.Decode(&r); err != nil {
			return err
		}
		*m = append(*m, member{name.(string), r.Shape, r.Location, r.LocationName})
	}
	return nil
}

func loadModel(path string) (*model, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	m.Query, err = loadQuery(path)
	return m, err
}

// target returns what the operation table knows the service by. A service of REST
// JSON, whose requests have no target, goes by its name.
func (m *model) target() string {
	if m.isREST() {
		return m.Metadata.ServiceID
	}
	return m.Metadata.TargetPrefix
}

func (m *model) isREST() bool { return m.Metadata.Protocol == "rest-json" }

// body returns the members of a structure that are in the JSON of the body: all
// of them but in REST JSON.
func (m *model) body(s *shape) members {
	if !m.isREST() {
		return s.Members
	}
	var in members
	for _, one := range s.Members {
		if one.Location == "" && one.Name != s.Payload {
			in = append(in, one)
		}
	}
	return in
}

// reach returns the names of the shapes that the named ones are made of,
// themselves included. Attribute values are a leaf: package attr has them.
func (m *model) reach(roots []string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		s := m.Shapes[name]
		if attrType(m, name) != "" {
			return
		}
		for _, mem := range s.Members {
			visit(mem.Shape)
		}
		for _, r := range []*ref{s.Member, s.Value} {
			if r != nil {
				visit(r.Shape)
			}
		}
	}
	for _, r := range roots {
		visit(r)
	}
	return seen
}

func (m *model) inputs() []string  { return m.roots(func(o operation) *ref { return o.Input }) }
func (m *model) outputs() []string { return m.roots(func(o operation) *ref { return o.Output }) }

func (m *model) roots(pick func(operation) *ref) []string {
	var names []string
	for _, o := range m.Operations {
		if r := pick(o); r != nil {
			names = append(names, r.Shape)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
