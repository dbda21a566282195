package arch

import (
	"encoding/json"
	"errors"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/levee-io/levee"

// forbidden says, for the packages under a path, what they may not import and
// why. Paths are relative to the module; a path covers what is below it.
var forbidden = []struct{ from, to, why string }{
	{"internal/attr", "internal/api", "values know no operation"},
	{"internal/attr", "internal/kv", "values know no store"},
	{"internal/expr", "internal/kv", "expressions are pure"},
	{"internal/expr", "internal/api", "expressions know no operation"},
	{"internal/expr", "net/http", "expressions are pure"},
	{"internal/capacity", "internal", "the capacity model is pure"},
	{"internal/capacity", "net/http", "the capacity model is pure"},
	{"internal/capacity", "github.com", "the capacity model is pure"},
	{"internal/vector", "internal", "the search among vectors is pure"},
	{"internal/vector", "net/http", "the search among vectors is pure"},
	{"internal/kv", "internal/attr", "the store keeps bytes"},
	{"internal/kv", "internal/api", "the store keeps bytes"},
	{"internal/kv", "internal/dynamodb", "the store is below the engines"},
	{"internal/kv", "internal/sqs", "the store is below the engines"},
	{"internal/kv", "net/http", "the store knows no protocol"},
	{"internal/api", "internal/kv", "shapes know no store"},
	{"internal/api", "internal/wire", "shapes know no transport"},
	{"internal/api", "net/http", "shapes know no transport"},
	{"internal/dynamodb", "internal/sqs", "the engines are siblings; what spans them goes through the store"},
	{"internal/dynamodb", "internal/wire", "an engine knows no protocol"},
	{"internal/dynamodb", "net/http", "an engine knows no protocol"},
	{"internal/dynamodb", "internal/kv/kvmem", "an engine knows only the seam"},
	{"internal/dynamodb", "internal/kv/kvpebble", "an engine knows only the seam"},
	{"internal/sqs", "internal/dynamodb", "the engines are siblings; what spans them goes through the store"},
	{"internal/sqs", "internal/wire", "an engine knows no protocol"},
	{"internal/sqs", "internal/expr", "queues have no expressions"},
	{"internal/sqs", "net/http", "an engine knows no protocol"},
	{"internal/sqs", "internal/kv/kvmem", "an engine knows only the seam"},
	{"internal/sqs", "internal/kv/kvpebble", "an engine knows only the seam"},
	{"internal/autoscaling", "internal/dynamodb", "the engines are siblings; who puts them together introduces them"},
	{"internal/autoscaling", "internal/sqs", "the engines are siblings"},
	{"internal/autoscaling", "internal/expr", "capacities have no expressions"},
	{"internal/autoscaling", "internal/wire", "an engine knows no protocol"},
	{"internal/autoscaling", "net/http", "an engine knows no protocol"},
	{"internal/autoscaling", "internal/kv/kvmem", "an engine knows only the seam"},
	{"internal/autoscaling", "internal/kv/kvpebble", "an engine knows only the seam"},
	{"internal/dynamodb", "internal/autoscaling", "the engines are siblings; who puts them together introduces them"},
	{"internal/sqs", "internal/autoscaling", "the engines are siblings"},
	{"internal/kv", "internal/autoscaling", "the store is below the engines"},
	{"internal/wire", "internal/autoscaling", "the wire knows operations, not engines"},
	{"internal/wire", "internal/dynamodb", "the wire knows operations, not engines"},
	{"internal/wire", "internal/sqs", "the wire knows operations, not engines"},
	{"internal/wire", "internal/kv", "the wire knows no store"},
	{"internal/lambda", "internal/wire", "an engine knows no protocol"},
	{"internal/lambda", "internal/dynamodb", "the engines are siblings"},
	{"internal/lambda", "internal/sqs", "the engines are siblings"},
	{"internal/lambda", "internal/kv/kvmem", "an engine knows only the seam"},
	{"internal/lambda", "internal/kv/kvpebble", "an engine knows only the seam"},
	{"internal/pipeline", "internal/dynamodb", "mappings ask engines through interfaces"},
	{"internal/pipeline", "internal/sqs", "mappings ask engines through interfaces"},
	{"internal/pipeline", "internal/wire", "mappings know no protocol"},
	{"internal/pipeline", "net/http", "mappings know no protocol"},
	{"internal/pipeline", "internal/kv/kvmem", "mappings know only the seam"},
	{"internal/pipeline", "internal/kv/kvpebble", "mappings know only the seam"},
	{"internal/pipeline/event", "internal/kv", "events are made of shapes"},
	{"internal/pipeline/pattern", "internal", "patterns are pure"},
	{"internal/pipeline/template", "internal/api", "templates are pure"},
	{"internal/pipeline/template", "internal/kv", "templates are pure"},
	{"internal/pipeline", "internal/transact", "pipes ask engines through interfaces"},
	{"internal/lambda", "internal/pipeline", "functions do not know who invokes them"},
	{"internal/lambda/sandbox", "internal/kv", "what runs code knows no store"},
	{"internal/dynamodb", "internal/lambda", "the engines are siblings"},
	{"internal/sqs", "internal/lambda", "the engines are siblings"},
	{"internal/wire", "internal/lambda", "the wire knows operations, not engines"},
	{"internal/kv", "internal/lambda", "the store is below the engines"},
	{"internal/surge", "internal", "the surge runs against any endpoint"},
	{"internal/conformance", "internal", "the cases are put to any endpoint"},
	{"internal", "internal/cli", "the command line is on top"},
	{"internal/jsontok", "internal", "a leaf"},
	{"internal/pace", "internal", "a leaf"},
	{"internal/processors", "internal", "a leaf"},
	{"internal/metrics", "internal/dynamodb", "figures know no engine"},
	{"internal/metrics", "internal/sqs", "figures know no engine"},
	{"internal/cloudwatch", "internal/dynamodb", "the engines are siblings; who puts them together introduces them"},
	{"internal/cloudwatch", "internal/sqs", "the engines are siblings"},
	{"internal/cloudwatch", "internal/kv", "metrics are in memory"},
	{"internal/cloudwatchlogs", "internal/lambda", "the engines are siblings; who puts them together introduces them"},
	{"internal/cloudwatchlogs", "internal/kv", "logs are in memory"},
	{"internal/bucket", "internal", "a leaf"},
	{"internal/dynamodb", "internal/bucket", "an engine knows only what it asks of buckets"},
	{"internal/authz", "internal/dynamodb", "the guard knows operations, not engines"},
	{"internal/authz", "internal/sqs", "the guard knows operations, not engines"},
	{"internal/authz", "internal/kv", "the guard knows no store"},
	{"internal/authz", "internal/wire", "the guard knows no protocol"},
	{"internal/expr/partiql", "internal/dynamodb", "the language knows no engine"},
	{"internal/fair", "internal/dynamodb", "the gate knows operations, not engines"},
	{"internal/fair", "internal/sqs", "the gate knows operations, not engines"},
	{"internal/fair", "internal/wire", "the gate knows no protocol"},
	{"internal/fair", "internal/kv", "the gate knows no store"},
	{"internal/fault", "internal/dynamodb", "faults know operations, not engines"},
	{"internal/fault", "internal/sqs", "faults know operations, not engines"},
	{"internal/fault", "internal/wire", "faults know no protocol"},
	{"internal/fault", "internal/kv", "faults know no store"},
	{"internal/rehearse", "internal/dynamodb", "a rehearsal runs on the model alone"},
	{"internal/rehearse", "internal/sqs", "a rehearsal runs on the model alone"},
	{"internal/rehearse", "internal/kv", "a rehearsal runs on the model alone"},
	{"internal/rehearse", "net/http", "a rehearsal runs on the model alone"},
	{"internal/telemetry", "internal/dynamodb", "what is seen of requests is seen on the wire"},
	{"internal/telemetry", "internal/sqs", "what is seen of requests is seen on the wire"},
	{"internal/telemetry", "internal/kv", "what is seen of requests is seen on the wire"},
	{"internal/transact", "internal/wire", "an engine knows no protocol"},
	{"internal/transact", "net/http", "an engine knows no protocol"},
	{"internal/transact", "internal/kv/kvmem", "an engine knows only the seam"},
	{"internal/transact", "internal/kv/kvpebble", "an engine knows only the seam"},
	{"internal/dynamodb", "internal/transact", "the engine is below what composes it"},
	{"internal/sqs", "internal/transact", "the engine is below what composes it"},
	{"internal/wire", "internal/transact", "the wire knows operations, not engines"},
	{"internal/authz", "internal/transact", "the guard knows operations, not engines"},
	{"internal/console", "internal/dynamodb", "the console calls operations, as an SDK would"},
	{"internal/console", "internal/sqs", "the console calls operations, as an SDK would"},
	{"internal/console", "internal/lambda", "the console calls operations, as an SDK would"},
	{"internal/console", "internal/pipeline", "the console calls operations, as an SDK would"},
	{"internal/console", "internal/surge", "the console is given what plays a surge"},
	{"internal/console", "internal/rehearse", "the console is given what plays a scenario"},
	{"internal/console", "internal/kv", "the console knows no store"},
	{"internal/console", "internal/wire", "the console is an http.Handler; who puts them together introduces them"},
	{"internal/wire", "internal/console", "the wire knows no pages"},
	{"internal/pipeline", "internal/sink", "pipes know only what they ask of sinks"},
	{"internal/sink", "internal/kv", "sinks know no store"},
	{"internal/sink", "internal/wire", "sinks know no protocol of ours"},
	{"internal/sink", "internal/dynamodb", "sinks know no engine"},
	{"internal/sink", "internal/sqs", "sinks know no engine"},
	{"internal/webhook", "internal", "a leaf"},
	{"internal/parquet", "internal", "a leaf"},
	{"internal/iam", "internal", "policies know no operation and no store"},
	{"internal/iam", "net/http", "policies are decided without a protocol"},
}

// exempt are imports that a rule would forbid but must not.
var exempt = map[[2]string]bool{
	{"internal/cli", "internal/cli"}: true,
}

type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func TestImportsGoDown(t *testing.T) {
	for _, p := range packages(t) {
		from := relative(p.ImportPath)
		for _, imp := range p.Imports {
			to := relative(imp)
			for _, rule := range forbidden {
				if under(from, rule.from) && under(to, rule.to) && !under(to, rule.from) && !exempt[[2]string{from, to}] {
					t.Errorf("%s imports %s, but %s", from, to, rule.why)
				}
			}
		}
	}
}

func TestEveryPackageHasOneDocComment(t *testing.T) {
	for _, p := range packages(t) {
		var with []string
		for _, name := range p.GoFiles {
			path := filepath.Join(p.Dir, name)
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				with = append(with, name)
				checkDoc(t, p, f.Name.Name, f.Doc.Text())
			}
		}
		if len(with) != 1 {
			t.Errorf("%s: want one package comment, have %d: %v", p.ImportPath, len(with), with)
		}
	}
}

func checkDoc(t *testing.T, p pkg, name, text string) {
	want := "Package " + name + " "
	if name == "main" {
		want = "Command "
	}
	if !strings.HasPrefix(text, want) {
		t.Errorf("%s: the package comment should begin with %q, not %q", p.ImportPath, want, new(doc.Package).Synopsis(text))
	}
}

// packages lists those of the module, without tests.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func relative(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

// under reports whether path is dir or below it.
func under(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
