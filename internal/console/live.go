package console

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// liveAnswer is what the script of a page asks for every second. Plots are
// columns, the first of which is the time; rows are the last second of what is
// listed on the page.
type liveAnswer struct {
	Plot [][]float64                    `json:"plot"`
	Rows map[string][rowColumns]float64 `json:"rows,omitempty"`
	// Texts and bars of the page by name, and whether the surge is over that it shows.
	Texts map[string]string  `json:"texts,omitempty"`
	Bars  map[string]float64 `json:"bars,omitempty"`
	Over  bool               `json:"over,omitempty"`
}

// live answers with the seconds after since of the resource that of names, and
// with the last one of all others if rows is set.
func (v *visit) live() error {
	at, ok := parseResource(v.r.Form.Get("of"))
	if !ok {
		return refusal{status: http.StatusBadRequest, key: "error.form"}
	}
	since, _ := strconv.ParseInt(v.r.Form.Get("since"), 10, 64) // 0 is all
	answer := liveAnswer{Plot: make([][]float64, 1+plotColumns)}
	for i := range answer.Plot {
		answer.Plot[i] = []float64{}
	}
	if s := v.c.opts.Meter.find(at); s != nil {
		for _, p := range s.since(since) {
			answer.Plot[0] = append(answer.Plot[0], float64(p.at))
			for i, value := range p.columns() {
				answer.Plot[i+1] = append(answer.Plot[i+1], value)
			}
		}
	}
	if v.r.Form.Get("rows") != "" {
		answer.Rows = v.c.opts.Meter.rows()
		answer.Texts = v.liveReasons(answer.Rows)
	}
	v.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(v.w).Encode(answer)
}

// plotColumns is how many figures a second has, rowColumns those with what is not
// plotted.
const (
	plotColumns = 11
	rowColumns  = plotColumns + 3
)

// columns are the figures of a second in the order of the plots: requests,
// throttled, p99, visible, in flight, delayed, oldest, units read and written, and
// those that may be.
func (p point) columns() [plotColumns]float64 {
	return [plotColumns]float64{
		float64(p.requests), float64(p.throttled), float64(p.p99),
		float64(p.visible), float64(p.inFlight), float64(p.delayed), float64(p.oldest),
		float64(p.reads), float64(p.writes), float64(p.allowedReads), float64(p.allowedWrites),
	}
}

// row is the last second of a resource: the columns of the plots, then message groups
// that are open and closed, and receives that wait.
func (s *series) row() (row [rowColumns]float64) {
	plotted := s.last().columns()
	copy(row[:], plotted[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	row[plotColumns], row[plotColumns+1], row[plotColumns+2] = float64(s.groups.open), float64(s.groups.closed), float64(s.groups.receivers)
	return row
}

// rows returns the last second of each table and queue.
func (m *Meter) rows() map[string][rowColumns]float64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := make(map[string][rowColumns]float64, len(m.series))
	for at, s := range m.series {
		if at.name != "" {
			rows[at.id()] = s.row()
		}
	}
	return rows
}
