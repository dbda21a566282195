// Command vulncheck compares modules with the Go vulnerability database:
//
//	go run ./vulncheck DIRECTORY ...
//
// govulncheck asks vuln.go.dev, which not every machine can reach. The same entries are in
// the module golang.org/x/vulndb, so those that are about the modules in question are taken from
// there, through the module proxy, and given to govulncheck as its database.
//
// It fails if code is reached that an entry is about, unless it is of the standard
// library: that depends on the Go of the machine, and is only told.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	database = "golang.org/x/vulndb@latest"
	checker  = "golang.org/x/vuln/cmd/govulncheck@v1.9.0"
)

// standard is what the database calls the standard library and the go command.
var standard = []string{"stdlib", "toolchain"}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
}

func run(dirs []string) (err error) {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	entries, err := download()
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "vulncheck-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	reached := 0
	for i, dir := range dirs {
		db := filepath.Join(temp, fmt.Sprint(i))
		known, err := prepare(entries, dir, db)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		n, err := check(dir, db, known)
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
		reached += n
	}
	if reached > 0 {
		return fmt.Errorf("%d known vulnerabilities are reached", reached)
	}
	return nil
}

// download returns the directory of all entries.
func download() (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", database)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("download %s: %w", database, err)
	}
	var module struct{ Version, Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return "", err
	}
	fmt.Println("database:", module.Version)
	return filepath.Join(module.Dir, "data", "osv"), nil
}

// entry is what is needed of an entry of the database, an OSV report.
type entry struct {
	ID       string   `json:"id"`
	Modified string   `json:"modified"`
	Aliases  []string `json:"aliases,omitempty"`
	Summary  string   `json:"summary"`
	Affected []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
	} `json:"affected"`
}

// prepare writes what the database says of the modules that dir is built of, in the form of
// https://go.dev/doc/security/vuln/database, and returns it by id.
func prepare(entries, dir, db string) (map[string]entry, error) {
	list := exec.Command("go", "list", "-m", "all")
	list.Dir, list.Stderr = dir, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, err
	}
	modules := slices.Clone(standard)
	for line := range strings.Lines(string(out)) {
		modules = append(modules, strings.Fields(line)[0])
	}
	for _, sub := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(db, sub), 0o700); err != nil {
			return nil, err
		}
	}
	files, err := filepath.Glob(filepath.Join(entries, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("the database is empty")
	}
	known := map[string]entry{}
	byModule := map[string][]entry{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var e entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		for _, a := range e.Affected {
			name := a.Package.Name
			if !slices.Contains(modules, name) || slices.ContainsFunc(byModule[name], func(o entry) bool { return o.ID == e.ID }) {
				continue
			}
			byModule[name] = append(byModule[name], e)
			known[e.ID] = e
			if err := os.WriteFile(filepath.Join(db, "ID", e.ID+".json"), raw, 0o600); err != nil {
				return nil, err
			}
		}
	}
	if len(byModule[standard[0]]) == 0 {
		return nil, errors.New("the database has nothing on the standard library, so it is not what it was")
	}
	return known, writeIndex(filepath.Join(db, "index"), known, byModule)
}

// writeIndex writes the files that say which entries there are.
func writeIndex(dir string, known map[string]entry, byModule map[string][]entry) error {
	type reference struct {
		ID       string   `json:"id"`
		Modified string   `json:"modified"`
		Aliases  []string `json:"aliases,omitempty"`
	}
	type module struct {
		Path  string      `json:"path"`
		Vulns []reference `json:"vulns"`
	}
	var all []reference
	for _, e := range known {
		all = append(all, reference{e.ID, e.Modified, e.Aliases})
	}
	var modules []module
	for path, es := range byModule {
		m := module{Path: path}
		for _, e := range es {
			m.Vulns = append(m.Vulns, reference{ID: e.ID, Modified: e.Modified})
		}
		modules = append(modules, m)
	}
	for name, v := range map[string]any{
		"db": map[string]string{"modified": "0001-01-01T00:00:00Z"}, "vulns": all, "modules": modules,
	} {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// check runs govulncheck in dir, prints what it found and returns how many vulnerabilities
// of modules are reached.
func check(dir, db string, known map[string]entry) (int, error) {
	cmd := exec.Command("go", "run", checker, "-format", "json", "-db", "file://"+filepath.ToSlash(db), "./...")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	found, err := findings(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		return 0, err
	}
	reached := 0
	for _, f := range found {
		word := "reached"
		if slices.Contains(standard, f.Trace[0].Module) {
			word = "of this machine's Go"
		} else {
			reached++
		}
		fmt.Printf("%s: %s, %s: %s, in %s %s, mended in %s\n", dir, word, f.OSV, known[f.OSV].Summary,
			f.Trace[0].Module, f.Trace[0].Version, f.Fixed)
	}
	fmt.Printf("%s: %d entries are about its modules, %d of them are reached outside the standard library\n", dir, len(known), reached)
	return reached, nil
}

// finding is a vulnerability in what the code uses.
type finding struct {
	OSV   string `json:"osv"`
	Fixed string `json:"fixed_version"`
	Trace []struct{ Module, Version, Function string }
}

// findings returns one finding of each vulnerability, and module that has it, in a function
// that can be reached.
func findings(r io.Reader) ([]finding, error) {
	var found []finding
	for d := json.NewDecoder(r); ; {
		var message struct{ Finding *finding }
		err := d.Decode(&message)
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, errors.Join(err, drain(r))
		}
		f := message.Finding
		if f == nil || len(f.Trace) == 0 || f.Trace[0].Function == "" ||
			slices.ContainsFunc(found, func(o finding) bool { return o.OSV == f.OSV && o.Trace[0].Module == f.Trace[0].Module }) {
			continue
		}
		found = append(found, *f)
	}
}

// drain reads the rest, so that who writes it can end.
func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
