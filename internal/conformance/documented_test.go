package conformance

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// modelOf names the model of a service of the cases.
var modelOf = map[string]string{"dynamodb": "dynamodb", "streams": "dynamodb-streams", "sqs": "sqs"}

// Every error that a model says an operation has is shown by a case, or has a reason
// in docs/conformance.md for why none can.
func TestDocumentedErrors(t *testing.T) {
	suite, err := Load(Cases())
	if err != nil {
		t.Fatal(err)
	}
	reasons, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	_, without, _ := strings.Cut(string(reasons), "## What no case shows")
	for service, model := range modelOf {
		shown := suite.errors(service)
		for operation, codes := range documentedErrors(t, model) {
			for _, code := range codes {
				reason := strings.Contains(without, "`"+code+"`") || strings.Contains(without, "`"+operation+": "+code+"`")
				if !shown[operation][code] && !reason {
					t.Errorf("%s: %s: no case shows %s, and docs/conformance.md does not say why", service, operation, code)
				}
			}
		}
	}
}

// errors returns the errors that the cases of a service expect, by operation.
func (s *Suite) errors(service string) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, f := range s.files {
		if !strings.HasPrefix(f.name, service+"/") {
			continue
		}
		for _, c := range f.cases {
			for _, st := range c.steps {
				for _, w := range st.wants {
					if w.kind != wantError {
						continue
					}
					if all[st.op] == nil {
						all[st.op] = map[string]bool{}
					}
					all[st.op][w.name] = true
				}
			}
		}
	}
	return all
}

// documentedErrors returns the errors of a model, by operation.
func documentedErrors(t *testing.T, name string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile("../api/models/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var model struct {
		Operations map[string]struct {
			Errors []struct{ Shape string }
		}
	}
	if err := json.Unmarshal(raw, &model); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for op, o := range model.Operations {
		for _, e := range o.Errors {
			all[op] = append(all[op], e.Shape)
		}
		slices.Sort(all[op])
	}
	if len(all) == 0 {
		t.Fatalf("%s: the model has no operations", name)
	}
	return all
}
