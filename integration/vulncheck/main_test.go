package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPrepareKeepsWhatIsAboutTheModules(t *testing.T) {
	dir := t.TempDir()
	entries := filepath.Join(dir, "osv")
	for id, module := range map[string]string{"GO-1": "example.com/mine", "GO-2": "example.com/other", "GO-3": "stdlib"} {
		write(t, filepath.Join(entries, id+".json"), `{"id":"`+id+`","modified":"2026-01-01T00:00:00Z","aliases":["CVE-`+id+`"],"affected":[{"package":{"name":"`+module+`"}}]}`)
	}
	write(t, filepath.Join(dir, "module", "go.mod"), "module example.com/mine\n\ngo 1.26\n")
	db := filepath.Join(dir, "db")
	known, err := prepare(entries, filepath.Join(dir, "module"), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(known) != 2 || known["GO-1"].ID == "" || known["GO-3"].ID == "" {
		t.Errorf("known %v", known)
	}
	for _, file := range []string{"ID/GO-1.json", "ID/GO-3.json", "index/db.json", "index/vulns.json"} {
		if _, err := os.Stat(filepath.Join(db, file)); err != nil {
			t.Error(err)
		}
	}
	modules, err := os.ReadFile(filepath.Join(db, "index", "modules.json"))
	if err != nil || !strings.Contains(string(modules), `{"path":"example.com/mine","vulns":[{"id":"GO-1","modified":"2026-01-01T00:00:00Z"}]}`) {
		t.Errorf("%s, %v", modules, err)
	}
	if _, err := prepare(filepath.Join(dir, "nothing"), filepath.Join(dir, "module"), db); err == nil {
		t.Error("an empty database says that all is well")
	}
	strange := filepath.Join(dir, "strange")
	write(t, filepath.Join(strange, "GO-4.json"), `{"id":"GO-4","affects":[{"module":"stdlib"}]}`)
	if _, err := prepare(strange, filepath.Join(dir, "module"), db); err == nil {
		t.Error("a database of another form says that all is well")
	}
}

func TestFindingsAreOfFunctions(t *testing.T) {
	found, err := findings(strings.NewReader(`{"config":{}} {"osv":{"id":"GO-1"}}
		{"finding":{"osv":"GO-1","trace":[{"module":"m"}]}}
		{"finding":{"osv":"GO-1","fixed_version":"v2","trace":[{"module":"m","version":"v1","function":"F"}]}}
		{"finding":{"osv":"GO-1","trace":[{"module":"m","function":"G"}]}}
		{"finding":{"osv":"GO-1","trace":[{"module":"other","function":"F"}]}}
		{"finding":{"osv":"GO-2","trace":[{"module":"m","package":"p"}]}}`))
	if err != nil || len(found) != 2 || found[0].OSV != "GO-1" || found[0].Fixed != "v2" || found[0].Trace[0].Module != "m" || found[1].Trace[0].Module != "other" {
		t.Errorf("%+v, %v", found, err)
	}
	if _, err := findings(strings.NewReader(`{"finding":`)); err == nil {
		t.Error("half an answer is taken for a whole one")
	}
}
