package expr

// Projection is a bound projection expression. It is immutable.
type Projection struct {
	binding
	sorted  []Path
	columns []string // the names of what the paths lead to, in their order; nil: as in the item
}

// ParseProjection parses a ProjectionExpression. All errors are of type Error.
func ParseProjection(src string, p *Params) (*Projection, error) {
	tree, err := parseCached(ProjectionExpression, src)
	if err != nil {
		return nil, err
	}
	if r, ok := tree.bound.(*Projection); ok {
		return r, nil
	}
	return bindProjection(tree, p)
}

func bindProjection(tree *ast, p *Params) (*Projection, error) {
	r := &Projection{}
	r.begin(tree, p, nil, nil)
	if err := r.bindNames(span32{0, int32(len(tree.steps))}); err != nil {
		return nil, err
	}
	r.params = nil
	paths := r.Paths()
	r.sorted = sortPaths(paths)
	if err := checkPaths(tree.kind, paths, r.sorted); err != nil {
		return nil, err
	}
	return r, nil
}

// NewProjection returns the projection onto the attributes that AttributesToGet
// names. The error is of type Error.
func NewProjection(names []string) (*Projection, error) {
	b := builder{tree: ast{kind: AttributesToGet}}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return nil, errorf(textNameTwice, name)
		}
		seen[name] = true
		b.path(name)
	}
	r := &Projection{binding: b.binding()}
	r.sorted = sortPaths(r.Paths())
	return r, nil
}

// TopLevel returns the names of the attributes that the projection takes, or
// takes parts of, sorted.
func (r *Projection) TopLevel() []string { return topLevel(r.sorted) }

func topLevel(sorted []Path) []string {
	var names []string
	for _, p := range sorted {
		if n := len(names); n == 0 || names[n-1] != p[0].Name {
			names = append(names, p[0].Name)
		}
	}
	return names
}
