package rehearse

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"
)

// Size of a chart, in pixels.
const (
	chartWidth  = 560
	chartHeight = 170
	chartLeft   = 52
	chartBottom = 22
	chartTop    = 8
)

// plot is a line of a chart: a value for each point in time.
type plot struct {
	name   string
	class  string // of the style sheet
	values []float64
}

// chart draws plots over time, as SVG.
func chart(title string, unit func(float64) string, interval time.Duration, plots ...plot) template.HTML {
	most, points := 0.0, 0
	for _, p := range plots {
		points = max(points, len(p.values))
		for _, v := range p.values {
			most = max(most, v)
		}
	}
	most = round(most)
	var b strings.Builder
	fmt.Fprintf(&b, `<figure><figcaption>%s`, template.HTMLEscapeString(title))
	for _, p := range plots {
		fmt.Fprintf(&b, ` <span class="key %s">%s</span>`, p.class, template.HTMLEscapeString(p.name))
	}
	fmt.Fprintf(&b, `</figcaption><svg viewBox="0 0 %d %d" role="img" aria-label="%s">`, chartWidth, chartHeight, template.HTMLEscapeString(title))
	x := func(i int) float64 {
		return chartLeft + float64(i)*(chartWidth-chartLeft-6)/math.Max(1, float64(points-1))
	}
	y := func(v float64) float64 {
		return chartTop + (1-v/most)*(chartHeight-chartTop-chartBottom)
	}
	for i := range 5 {
		v := most * float64(i) / 4
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="y" x="%d" y="%.1f">%s</text>`,
			chartLeft, chartWidth-6, y(v), y(v), chartLeft-5, y(v)+3.5, template.HTMLEscapeString(unit(v)))
	}
	for i := range 6 {
		at := i * (points - 1) / 5
		label(&b, i, x(at), time.Duration(at)*interval)
	}
	for _, p := range plots {
		b.WriteString(`<polyline class="` + p.class + `" points="`)
		for i, v := range p.values {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(i), y(v))
		}
		b.WriteString(`"/>`)
	}
	b.WriteString(`</svg></figure>`)
	return template.HTML(b.String()) //nolint:gosec // all text in it is escaped above
}

// label writes one of the six times below a chart.
func label(b *strings.Builder, i int, x float64, at time.Duration) {
	class := "x"
	if i == 5 {
		class = "x end"
	}
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%d">%s</text>`, class, x, chartHeight-6, clockOf(at))
}

// round returns a number with one or two digits that is not less than v.
func round(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, n := range [...]float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if n*unit >= v*(1-1e-9) {
			return n * unit
		}
	}
	return 10 * unit
}

// clockOf is a time since the beginning, as 1:05:00 or 5:00.
func clockOf(d time.Duration) string {
	s := int(d.Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// plain is a number with few digits, such as 1.5k.
func plain(v float64) string {
	switch {
	case v >= 1e6:
		return trimmed(v/1e6) + "M"
	case v >= 1e3:
		return trimmed(v/1e3) + "k"
	}
	return trimmed(v)
}

func trimmed(v float64) string {
	s := fmt.Sprintf("%.2f", v)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func seconds(v float64) string { return short(time.Duration(v * float64(time.Second))) }

// maxColumns is how many columns of heat are drawn.
const maxColumns = 240

// heatMap draws how busy each partition was in each minute: time to the right, the
// space of keys downwards. A partition at its cap is at the end of the scale.
func heatMap(heat []Heat, most float64) template.HTML {
	if len(heat) == 0 {
		return ""
	}
	step := (len(heat) + maxColumns - 1) / maxColumns
	columns := (len(heat) + step - 1) / step
	width := float64(chartWidth-chartLeft-6) / float64(columns)
	height := float64(chartHeight - chartTop - chartBottom)
	var b strings.Builder
	fmt.Fprintf(&b, `<figure><figcaption>Partitions of the table, writes against what one can take (%s a second)</figcaption>`, plain(most))
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="heat of partitions">`, chartWidth, chartHeight)
	fmt.Fprintf(&b, `<text class="y" x="%d" y="%d">keys</text>`, chartLeft-5, chartTop+10)
	for c := range columns {
		h := heat[c*step]
		for _, p := range h.Partitions {
			fmt.Fprintf(&b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f" class="h%d"/>`, chartLeft+float64(c)*width,
				chartTop+p.From*height, width+0.2, math.Max(0.5, (p.To-p.From)*height-0.3), int(math.Min(9, 9*p.Rate/most+0.5)))
		}
	}
	for i := range 6 {
		c := i * (columns - 1) / 5
		label(&b, i, chartLeft+float64(c)*width, heat[c*step].At)
	}
	b.WriteString(`</svg></figure>`)
	return template.HTML(b.String()) //nolint:gosec // numbers only
}
