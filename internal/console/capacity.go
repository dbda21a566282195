package console

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/levee-io/levee/internal/api"
)

// Capacity is what a table, or a global index of it, may consume and what it has. The
// first of each pair is of reads, the second of writes.
type Capacity struct {
	api.Namespace
	Table, Index string // Index is "" for the table itself
	OnDemand     bool
	Allowed      [2]float64 // units a second: provisioned, or sustained by now and not above the configured maximum
	Units        [2]float64 // that were consumed since it is counted
	Throttles    []Throttle
}

// Throttle is why requests were throttled, and how many since it is counted.
type Throttle struct {
	Reason string
	Count  uint64
}

// capacityRow is a Capacity as pages show it.
type capacityRow struct {
	Capacity
	Rate [2]float64 // units of the last second
}

// capacityList is a list of them that is asked for again and again.
type capacityList struct {
	Rows        []capacityRow
	More        int
	Source      string // where it is asked for
	ShowsSpaces bool
}

// Link returns the page of the capacity of its table.
func (c Capacity) Link() string {
	return base(c.Namespace) + "tables/" + url.PathEscape(c.Table) + "/capacity"
}

// capacities gathers what tables may consume.
func (v *visit) capacities(wanted func(*Capacity) bool) (l capacityList) {
	all := slices.DeleteFunc(v.c.opts.Capacity(), func(c Capacity) bool { return !wanted(&c) })
	slices.SortFunc(all, func(a, b Capacity) int {
		return cmp.Or(byName(a.Namespace, b.Namespace, a.Table, b.Table), strings.Compare(a.Index, b.Index))
	})
	all, l.More = firstRows(all)
	for _, c := range all {
		l.Rows = append(l.Rows, capacityRow{c, v.c.opts.Meter.unitsOf(&c)})
	}
	return l
}

// capacitiesAt gathers those of a namespace, or of all for the zero one.
func (v *visit) capacitiesAt(ns api.Namespace) capacityList {
	l := v.capacities(func(c *Capacity) bool { return ns == (api.Namespace{}) || c.Namespace == ns })
	l.Source, l.ShowsSpaces = Path+"capacity", true
	if ns != (api.Namespace{}) {
		l.Source, l.ShowsSpaces = l.Source+"?"+url.Values{"account": {ns.Account}, "region": {ns.Region}}.Encode(), false
	}
	return l
}

// showCapacities shows only the list, for a page that asks again and again.
func (v *visit) showCapacities() error {
	return v.render("overview", "capacityrows", v.capacitiesAt(api.Namespace{Account: v.r.Form.Get("account"), Region: v.r.Form.Get("region")}))
}

// reasons says of each table that is held to its capacity why requests for it and its
// indexes were throttled and how many, the most frequent first; "" if none was.
func (v *visit) reasons() map[resource]string {
	counts := map[resource]map[string]uint64{}
	for _, c := range v.c.opts.Capacity() {
		at := resource{kindTable, c.Namespace, c.Table}
		if counts[at] == nil {
			counts[at] = map[string]uint64{}
		}
		for _, t := range c.Throttles {
			counts[at][t.Reason] += t.Count
		}
	}
	texts := make(map[resource]string, len(counts))
	for at, of := range counts {
		names := slices.SortedFunc(maps.Keys(of), func(a, b string) int {
			return cmp.Or(cmp.Compare(of[b], of[a]), strings.Compare(a, b))
		})
		for i, name := range names {
			names[i] = strconv.FormatUint(of[name], 10) + " " + name
		}
		texts[at] = strings.Join(names, ", ")
	}
	return texts
}

// liveReasons are those of the tables with live figures, by the name that their cells
// have for the script.
func (v *visit) liveReasons(rows map[string][rowColumns]float64) map[string]string {
	texts := map[string]string{}
	for at, text := range v.reasons() {
		if _, ok := rows[at.id()]; ok && text != "" {
			texts["why/"+at.id()] = text
		}
	}
	return texts
}

// capacityData is the page of the capacity of a table.
type capacityData struct {
	*described
	capacityList
	Enforced bool
	Insights bool // contributor insights are on
	Heat     []heatMap
}

// showTableCapacity shows what a table may consume, and how what it consumes is
// spread over its partitions and keys.
func (v *visit) showTableCapacity() error {
	d, err := v.tableCapacity()
	if err != nil {
		return err
	}
	return v.show("table_capacity", "table.capacity", d)
}

// showHeat shows only the figures, for a page that asks again and again.
func (v *visit) showHeat() error {
	d, err := v.tableCapacity()
	if err != nil {
		return err
	}
	return v.render("table_capacity", "heat", d)
}

func (v *visit) tableCapacity() (*capacityData, error) {
	t, err := v.table("capacity")
	if err != nil {
		return nil, err
	}
	d := &capacityData{described: t}
	heat, ok := v.c.opts.Heat(v.ns, t.TableName.V)
	if d.Enforced = ok; !ok {
		return d, nil
	}
	d.capacityList = v.capacities(func(c *Capacity) bool { return c.Namespace == v.ns && c.Table == t.TableName.V })
	d.Source = t.Path + "/heat"
	for i := range heat {
		d.Heat = append(d.Heat, newHeatMap(&heat[i]))
		d.Insights = d.Insights || heat[i].Insights
	}
	return d, nil
}
