package conformance

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parser makes a file of its lines.
type parser struct {
	file      *file
	operation string          // of the cases that follow
	doc       string          // of the cases that follow
	only      protocol        // of the cases that follow
	defaults  *object         // members that the requests that follow have
	current   *testCase       // nil before the first case
	names     map[string]bool // of cases, after their operations
}

// parse reads a file; its errors begin with the number of a line.
func parse(name, text string) (*file, error) {
	lines, err := scan(text)
	if err != nil {
		return nil, err
	}
	if lines, err = unroll(lines); err != nil {
		return nil, err
	}
	p := &parser{file: &file{name: name}, names: map[string]bool{}}
	for _, l := range lines {
		if l.text, err = generate(l.text); err == nil {
			err = p.line(l)
		}
		if err != nil {
			return nil, fmt.Errorf("%d: %w", l.number, err)
		}
	}
	return p.file, nil
}

var request = pattern(`^[A-Z][A-Za-z0-9]* \{`)

func (p *parser) line(l line) error {
	word, rest, _ := strings.Cut(l.text, " ")
	switch word {
	case "operation":
		p.operation = rest
	case "doc":
		p.doc = rest
	case "only":
		return p.onlyOver(rest)
	case "use":
		return p.use(rest)
	case "case":
		return p.newCase(l.number, rest)
	case "table", "queue", "new":
		return p.fixture(l.text)
	case "setup":
		if p.current != nil {
			return fmt.Errorf("setup comes before the first case")
		}
	case "wait":
		return p.pause(l.number, rest)
	case "with":
		return p.change(rest)
	case "=>":
		return p.want(rest)
	default:
		if !request().MatchString(l.text) {
			return fmt.Errorf("what is %q?", clip(l.text))
		}
		return p.step(l.number, word, rest)
	}
	return nil
}

func (p *parser) onlyOver(text string) error {
	switch text {
	case "json", "query":
		p.only = protocol(text)
	case "both":
		p.only = anyProtocol
	default:
		return fmt.Errorf("want only json, query or both, have %q", text)
	}
	return nil
}

func (p *parser) use(text string) (err error) {
	if text == "nothing" {
		p.defaults = nil
		return nil
	}
	p.defaults, err = parseObject(text)
	return err
}

func (p *parser) newCase(number int, name string) error {
	switch {
	case p.operation == "":
		return fmt.Errorf("want a line before it: operation NAME")
	case p.names[p.operation+"/"+name]:
		return fmt.Errorf("there is a case %q already", name)
	}
	p.names[p.operation+"/"+name] = true
	p.current = &testCase{name: name, operation: p.operation, doc: p.doc, line: number, only: p.only}
	p.file.cases = append(p.file.cases, p.current)
	return nil
}

func (p *parser) fixture(text string) error {
	f, err := parseFixture(text)
	if err != nil {
		return err
	}
	if p.current == nil {
		p.file.fixtures = append(p.file.fixtures, f)
		return nil
	}
	p.current.fixtures = append(p.current.fixtures, f)
	return nil
}

// steps is where the next step goes.
func (p *parser) steps() *[]step {
	if p.current == nil {
		return &p.file.setup
	}
	return &p.current.steps
}

func (p *parser) step(number int, op, text string) error {
	body, err := parseObject(text)
	if err != nil {
		return err
	}
	steps := p.steps()
	*steps = append(*steps, step{line: number, op: op, body: body.withDefaults(p.defaults)})
	return nil
}

func (p *parser) pause(number int, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	steps := p.steps()
	*steps = append(*steps, step{line: number, pause: d})
	return nil
}

// last is the step that a line says more about.
func (p *parser) last() (*step, error) {
	steps := *p.steps()
	if len(steps) == 0 {
		return nil, fmt.Errorf("there is no request before it")
	}
	return &steps[len(steps)-1], nil
}

// change reads what follows "with".
func (p *parser) change(text string) error {
	s, err := p.last()
	if err != nil {
		return err
	}
	what, rest, _ := strings.Cut(text, " ")
	switch what {
	case "poll":
		s.poll = true
		return nil
	case "header":
		name, value, ok := strings.Cut(rest, ":")
		if !ok {
			return fmt.Errorf("want: with header NAME: VALUE")
		}
		s.changes = append(s.changes, change{what, name, strings.TrimSpace(value)})
		return nil
	case "no":
		s.changes = append(s.changes, change{what: what, value: strings.TrimPrefix(rest, "header ")})
		return nil
	case "method", "path", "body", "unsigned", "query":
		s.changes = append(s.changes, change{what: what, value: rest})
		return nil
	}
	return fmt.Errorf("there is no: with %s", what)
}

var errorWant = pattern(`^(?:(\d{3}) )?([A-Za-z][A-Za-z0-9.]*): ?(.*)$`)

// want reads what follows "=>".
func (p *parser) want(text string) error {
	s, err := p.last()
	if err != nil {
		return err
	}
	w, err := parseWant(text)
	if rest, ok := strings.CutPrefix(text, "and "); ok && len(s.wants) > 0 {
		s.wants[len(s.wants)-1].value, err = parseObject(rest)
		return err
	}
	s.wants = append(s.wants, w)
	return err
}

func parseWant(text string) (want, error) {
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "ok":
		return want{kind: wantSuccess}, nil
	case strings.HasPrefix(text, "{"):
		value, err := parseObject(text)
		return want{kind: wantValue, value: value}, err
	case word == "status":
		status, err := strconv.Atoi(rest)
		return want{kind: wantStatus, status: status}, err
	case word == "text":
		return want{kind: wantText, pattern: rest}, nil
	case word == "header":
		name, pattern, _ := strings.Cut(rest, ":")
		return want{kind: wantHeader, name: name, pattern: strings.TrimSpace(pattern)}, nil
	}
	m := errorWant().FindStringSubmatch(text)
	if m == nil {
		return want{}, fmt.Errorf("what is => %q?", clip(text))
	}
	status := 400
	if m[1] != "" {
		status, _ = strconv.Atoi(m[1]) // three digits
	}
	return want{kind: wantError, status: status, name: m[2], pattern: m[3]}, nil
}
