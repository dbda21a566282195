package sink

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/levee-io/levee/internal/pipeline"
)

// maxFile is the largest file of declarations in bytes.
const maxFile = 1 << 20

// Set is the sinks of a server, by name.
type Set struct{ sinks map[string]closing }

// closing is a sink that is closed in the end.
type closing interface {
	pipeline.Sink
	Close() error
}

// declaration is one of the kinds of sinks.
type declaration struct {
	HTTP       *httpOptions       `yaml:"http"`
	OpenSearch *openSearchOptions `yaml:"opensearch"`
	Files      *fileOptions       `yaml:"files"`
}

// Read reads declarations, in YAML: a map of names to sinks. A secret that begins
// with $ is the value of a variable of the environment.
func Read(from io.Reader, env func(string) string) (*Set, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("sinks: more than %d bytes", maxFile)
	}
	d := yaml.NewDecoder(strings.NewReader(string(text)))
	d.KnownFields(true)
	var all map[string]declaration
	if err := d.Decode(&all); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("sinks: %w", err)
	}
	set := &Set{sinks: map[string]closing{}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s, err := open(all[name], env)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("sink %s: %w", name, err), set.Close())
		}
		set.sinks[name] = s
	}
	return set, nil
}

func open(d declaration, env func(string) string) (closing, error) {
	switch {
	case d.HTTP != nil && d.OpenSearch == nil && d.Files == nil:
		return newHTTP(d.HTTP, env)
	case d.OpenSearch != nil && d.HTTP == nil && d.Files == nil:
		return newOpenSearch(d.OpenSearch, env)
	case d.Files != nil && d.HTTP == nil && d.OpenSearch == nil:
		return newFiles(d.Files)
	}
	return nil, errors.New("it must be one of http, opensearch and files")
}

// Sink implements pipeline.Sinks.
func (s *Set) Sink(name string) pipeline.Sink {
	if one, ok := s.sinks[name]; ok {
		return one
	}
	return nil
}

// Close closes all sinks, which must not be in use.
func (s *Set) Close() error {
	var errs []error
	for _, one := range s.sinks {
		errs = append(errs, one.Close())
	}
	return errors.Join(errs...)
}

// secret resolves what may stand in the environment.
func secret(text string, env func(string) string) (string, error) {
	name, ok := strings.CutPrefix(text, "$")
	if !ok {
		return text, nil
	}
	value := env(name)
	if value == "" {
		return "", fmt.Errorf("the variable %s is empty", name)
	}
	return value, nil
}

// within returns a number, its default if it is 0, and an error if it is out of
// bounds.
func within[T int | int64 | time.Duration](what string, n, byDefault, least, most T) (T, error) {
	if n == 0 {
		n = byDefault
	}
	if n < least || n > most {
		return n, fmt.Errorf("%s must be from %v to %v", what, least, most)
	}
	return n, nil
}
