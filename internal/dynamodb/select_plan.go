package dynamodb

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/expr"
	"github.com/levee-io/levee/internal/expr/partiql"
	"github.com/levee-io/levee/internal/kv"
)

// selectPlan is how a SELECT is read: what the alternatives of its WHERE select of
// the keys, if each of them demands one partition, and everything else otherwise.
type selectPlan struct {
	source
	*partiql.Statement
	branches []partiql.Branch
	keyed    bool
	filter   *expr.Condition // nil where the ranges say all that the WHERE does
	ranges   []keyRange
}

// keyRange is one run of rows.
type keyRange struct {
	kv.Range
	partition attr.Value // zero: all of them
	// point tells that no more than one row can be in it.
	point bool
	// strict tells that the alternative must not overlap with another such one.
	strict bool
}

// planSelect checks a SELECT against its table and works out how to read it. Its
// checks are in the order of the service.
func (v *view) planSelect(s *partiql.Statement, consistent bool) (*selectPlan, error) {
	p := &selectPlan{Statement: s}
	var err error
	if p.source, err = v.statementSource(s, consistent); err != nil {
		return nil, err
	}
	if s.Unreadable != nil {
		return nil, invalid(s.Unreadable)
	}
	p.decompose()
	for _, check := range [...]func() error{p.checkKeys, p.checkOrder, p.checkFilters, p.checkColumns} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	if !p.keyed {
		p.filter, p.ranges = s.Filter, []keyRange{{Range: kv.PrefixRange(p.prefix())}}
		return p, nil
	}
	if !p.exact() {
		p.filter = s.Filter
	}
	p.arrange()
	return p, nil
}

// statementSource returns what a SELECT reads.
func (v *view) statementSource(s *partiql.Statement, consistent bool) (source, error) {
	if s.Index == "" {
		return source{v: v}, nil
	}
	x := v.find(s.Index)
	switch {
	case v.findVector(s.Index) != nil:
		return source{}, api.Validation("Scan operation not supported on this index type")
	case x == nil:
		return source{}, api.Validation(msgNoSuchIndex)
	case len(x.Key.Hash) > 1 || len(x.Key.Range) > 1:
		return source{}, api.Validation("PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.")
	case x.Global && consistent:
		return source{}, api.Validation("Strongly consistent read is not supported on Global Secondary Indexes")
	}
	return v.source(api.Some(s.Index), consistent)
}

// decompose takes the WHERE apart.
func (p *selectPlan) decompose() {
	p.branches = p.Statement.Branches(p.hash(), p.sort())
	p.keyed = !slices.ContainsFunc(p.branches, func(b partiql.Branch) bool { return len(b.Hash) != 1 })
}

func (s source) hash() string { return s.key().Hash[0].Name }

// sort is the name of the sort key, "" if there is none.
func (s source) sort() string {
	if len(s.key().Range) == 0 {
		return ""
	}
	return s.key().Range[0].Name
}

// checkKeys checks what the alternatives demand of the key, and works out their
// ranges.
func (p *selectPlan) checkKeys() error {
	if !p.keyed {
		return nil
	}
	if err := p.checkKinds(); err != nil {
		return err
	}
	return p.checkBranches()
}

// checkKinds checks the types of the values for the key.
func (p *selectPlan) checkKinds() error {
	for _, b := range p.branches {
		if err := p.key().Hash[0].checkKind(b.Hash[0]); err != nil {
			return err
		}
		for _, t := range b.Sort {
			for _, v := range [...]attr.Value{t.Value, t.Upper} {
				if v.IsZero() {
					continue
				}
				if err := p.key().Range[0].checkKind(v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkBranches refuses alternatives that are too many or select the same rows.
func (p *selectPlan) checkBranches() error {
	if len(p.branches) > partiql.MaxBranches {
		return api.Validation("Too many decomposed read operations for a given query.")
	}
	for i := range p.branches {
		r, err := p.rangeOf(&p.branches[i])
		if err != nil {
			return err
		}
		for _, other := range p.ranges {
			if r.strict && other.strict && r.overlaps(other) {
				return api.Validation("Overlapping conditions with range keys are not supported in where clause")
			}
		}
		if !r.empty() {
			p.ranges = append(p.ranges, r)
		}
	}
	return nil
}

// rangeOf returns the rows that an alternative selects, filters aside.
func (p *selectPlan) rangeOf(b *partiql.Branch) (keyRange, error) {
	sel := expr.KeyRange{Partition: b.Hash[:1:1]}
	r := keyRange{partition: b.Hash[0], strict: !b.Unsorted, point: p.x == nil && p.sort() == ""}
	if err := p.key().checkSelection(&sel); err != nil {
		return r, err
	}
	r.Range = p.rows(&sel)
	for _, t := range b.Sort {
		sel.Op, sel.Value, sel.Upper = t.Op, t.Value, t.Upper
		if err := p.key().checkSelection(&sel); err != nil {
			return r, err
		}
		r.intersect(p.rows(&sel))
		r.point = r.point || p.x == nil && t.Op == expr.KeyEqual
	}
	return r, nil
}

func (r *keyRange) intersect(other kv.Range) {
	if bytes.Compare(other.Start, r.Start) > 0 {
		r.Start = other.Start
	}
	if r.End == nil || other.End != nil && bytes.Compare(other.End, r.End) < 0 {
		r.End = other.End
	}
}

func (r *keyRange) empty() bool { return r.End != nil && bytes.Compare(r.Start, r.End) >= 0 }

func (r *keyRange) overlaps(other keyRange) bool {
	before := func(a, b *keyRange) bool { return a.End != nil && bytes.Compare(a.End, b.Start) <= 0 }
	return !r.empty() && !before(r, &other) && !before(&other, r)
}

// checkOrder checks ORDER BY, which a key alone can serve.
func (p *selectPlan) checkOrder() error {
	if p.Order == nil {
		return nil
	}
	if p.Filter == nil {
		return api.Validation("Must have WHERE clause in the statement when using ORDER BY clause.")
	}
	hashed := false
	for _, o := range p.Order {
		if o.Attribute != p.hash() && o.Attribute != p.sort() {
			return api.Validation("Attribute %s in ORDER BY clause must be part of the primary key", o.Attribute)
		}
		hashed = hashed || o.Attribute == p.hash()
	}
	if !p.keyed {
		return api.Validation("Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.")
	}
	several := slices.ContainsFunc(p.branches, func(b partiql.Branch) bool { return !b.Hash[0].Equal(p.branches[0].Hash[0]) })
	if several && !hashed {
		return api.Validation("Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause.")
	}
	return nil
}

// checkFilters refuses to look up an index by its key for a condition on what it
// does not project, if every alternative has one. Without the key the condition is
// merely false.
func (p *selectPlan) checkFilters() error {
	if p.x == nil || !p.keyed {
		return nil
	}
	last := slices.MaxFunc(p.branches, func(a, b partiql.Branch) int {
		c, _ := attr.Compare(a.Hash[0], b.Hash[0])
		return c
	})
	for _, b := range append(slices.Clone(p.branches), last) {
		missing := slices.DeleteFunc(slices.Clone(b.Filters), p.holds)
		if len(missing) == 0 {
			return nil
		}
		last.Filters = missing
	}
	return api.Validation("One or more parameter values were invalid: Secondary index %s does not project one or more filter attributes: [%s]", p.x.Name, strings.Join(last.Filters, ", "))
}

// checkColumns checks the attributes that the WHERE and the columns name.
func (p *selectPlan) checkColumns() error {
	if p.Projection != nil {
		if err := p.v.checkScalars(p.Projection); err != nil {
			return err
		}
	}
	if p.Filter != nil {
		if err := p.v.checkScalars(p.Filter); err != nil {
			return err
		}
	}
	return p.checkAttributes(api.Opt[string]{}, &parsed{projection: p.Projection})
}

// exact reports whether the ranges hold no row that the WHERE does not select.
func (p *selectPlan) exact() bool {
	return !slices.ContainsFunc(p.branches, func(b partiql.Branch) bool { return len(b.Filters) > 0 || b.Unsorted })
}

// arrange puts the ranges in the order in which they are read, those that overlap
// made one. Where ORDER BY leaves the sort key out, the service reads backward.
func (p *selectPlan) arrange() {
	backward, descending := p.Order != nil, false
	for _, o := range p.Order {
		if o.Attribute == p.hash() {
			descending = o.Descending
		} else {
			backward = o.Descending
		}
	}
	slices.SortFunc(p.ranges, func(a, b keyRange) int {
		c, _ := attr.Compare(a.partition, b.partition)
		return cmp.Or(c, bytes.Compare(a.Start, b.Start))
	})
	merged := p.ranges[:0]
	for _, r := range p.ranges {
		if n := len(merged); n > 0 && merged[n-1].overlaps(r) {
			merged[n-1].unite(r)
		} else {
			merged = append(merged, r)
		}
	}
	p.ranges = merged
	slices.SortStableFunc(p.ranges, func(a, b keyRange) int {
		c, _ := attr.Compare(a.partition, b.partition)
		s := bytes.Compare(a.Start, b.Start)
		if descending {
			c = -c
		}
		if backward {
			s = -s
		}
		return cmp.Or(c, s)
	})
	for i := range p.ranges {
		p.ranges[i].Reverse = backward
	}
}

// unite adds an overlapping range that does not begin before.
func (r *keyRange) unite(other keyRange) {
	r.point = r.point && other.point
	if r.End != nil && (other.End == nil || bytes.Compare(other.End, r.End) > 0) {
		r.End = other.End
	}
}
