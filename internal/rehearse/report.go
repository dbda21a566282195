package rehearse

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"sync"

	"github.com/levee-io/levee/internal/capacity"
)

//go:embed report.html
var reportText string

// reportPage is parsed when there is something to report.
var reportPage = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"count": count, "short": short, "charts": charts,
		"money": func(v float64) string { return fmt.Sprintf("%.2f", v) },
	}).Parse(reportText))
})

// HTML writes the report: one file that needs no other.
func (r *Result) HTML(w io.Writer) error { return reportPage().Execute(w, r) }

// PricesOf is the day that the prices are of.
func (r *Result) PricesOf() string { return prices().Regions[r.Scenario.Region].Date }

// charts draws what there is to see of a design.
func charts(d DesignResult) []template.HTML {
	perSecond := func(of func(*Interval) int64) []float64 {
		out := make([]float64, len(d.Series))
		for i := range d.Series {
			out[i] = float64(of(&d.Series[i])) / d.Interval.Seconds()
		}
		return out
	}
	value := func(of func(*Interval) float64) []float64 {
		out := make([]float64, len(d.Series))
		for i := range d.Series {
			out[i] = of(&d.Series[i])
		}
		return out
	}
	list := []template.HTML{
		chart("Requests a second:", plain, d.Interval,
			plot{"arrived", "blue", perSecond(func(x *Interval) int64 { return x.Arrived })},
			plot{"stored", "green", perSecond(func(x *Interval) int64 { return x.Stored })},
			plot{"refused", "red", perSecond(func(x *Interval) int64 { return x.Throttled + x.Refused })}),
		chart("Backlog:", plain, d.Interval,
			plot{"waiting", "amber", value(func(x *Interval) float64 { return float64(x.Backlog) })}),
		chart("From sending to stored:", seconds, d.Interval,
			plot{"p50", "green", value(func(x *Interval) float64 { return x.P50.Seconds() })},
			plot{"p99", "red", value(func(x *Interval) float64 { return x.P99.Seconds() })}),
		chart("Write units a second of the table:", plain, d.Interval,
			plot{"consumed", "blue", value(func(x *Interval) float64 { return x.Consumed })},
			plot{"available", "amber", value(func(x *Interval) float64 { return x.Capacity })}),
	}
	return append(list, heatMap(d.Heat, capacity.Defaults().PartitionCap[capacity.Write]))
}
