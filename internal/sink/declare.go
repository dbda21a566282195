package sink

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.yaml.in/yaml/v3"

	"github.com/levee-io/levee/internal/pipeline"
)

// maxFile is the largest file of declarations in bytes.
const maxFile = 1 << 20

// Set is the sinks of a server, by name.
type Set struct {
	sinks map[string]closing
	list  []Description
}

// closing is a sink that is closed in the end.
type closing interface {
	pipeline.Sink
	Close() error
}

// Declaration says what a sink is: an *HTTP, *OpenSearch, *Kinesis, *Kafka or *Files,
// or a Func.
type Declaration interface {
	// resolve replaces what stands for a value of the environment.
	resolve(Env) error
	// open checks the declaration and returns its sink.
	open() (closing, error)
}

// Env is where a file of declarations runs.
type Env struct {
	// Getenv returns the value of a variable, for secrets that begin with $.
	Getenv func(string) string
	// Keys returns the keys for services of AWS that tools of AWS would use; nil means
	// that there are none.
	Keys func() aws.CredentialsProvider
}

// declaration is one of the kinds of sinks.
type declaration struct {
	HTTP       *HTTP       `yaml:"http"`
	OpenSearch *OpenSearch `yaml:"opensearch"`
	Kinesis    *Kinesis    `yaml:"kinesis"`
	Kafka      *Kafka      `yaml:"kafka"`
	Files      *Files      `yaml:"files"`
}

// one returns what is declared.
func (d *declaration) one() (Declaration, error) {
	var list []Declaration
	if d.HTTP != nil {
		list = append(list, d.HTTP)
	}
	if d.OpenSearch != nil {
		list = append(list, d.OpenSearch)
	}
	if d.Kinesis != nil {
		list = append(list, d.Kinesis)
	}
	if d.Kafka != nil {
		list = append(list, d.Kafka)
	}
	if d.Files != nil {
		list = append(list, d.Files)
	}
	if len(list) != 1 {
		return nil, errors.New("it must be one of http, opensearch, kinesis, kafka and files")
	}
	return list[0], nil
}

// Read reads declarations, in YAML: a map of names to sinks. A secret that begins
// with $ is the value of a variable of the environment.
func Read(from io.Reader, env Env) (*Set, error) {
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
	declared := map[string]Declaration{}
	for name, some := range all {
		one, err := some.one()
		if err == nil {
			err = one.resolve(env)
		}
		if err != nil {
			return nil, fmt.Errorf("sink %s: %w", name, err)
		}
		declared[name] = one
	}
	return New(declared)
}

// New returns the sinks of declarations, by name.
func New(declared map[string]Declaration) (*Set, error) {
	set := &Set{sinks: map[string]closing{}}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		s, err := declared[name].open()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("sink %s: %w", name, err), set.Close())
		}
		set.sinks[name] = s
		set.list = append(set.list, describe(name, declared[name]))
	}
	return set, nil
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

// resolve replaces texts that stand in the environment.
func (env Env) resolve(texts ...*string) error {
	for _, text := range texts {
		name, ok := strings.CutPrefix(*text, "$")
		if !ok {
			continue
		}
		if *text = env.Getenv(name); *text == "" {
			return fmt.Errorf("the variable %s is empty", name)
		}
	}
	return nil
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
