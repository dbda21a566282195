package rehearse

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// curve says how much has arrived: since is the time since the beginning. It never
// falls.
type curve interface {
	total(since time.Duration) float64
}

// Daily is a curve with one low and one high a day.
type Daily struct {
	Low  float64 `yaml:"low"`
	High float64 `yaml:"high"`
	Peak string  `yaml:"peak"` // the time of day of the high, as 14:00
}

// Spike is one rate that jumps to another for a time.
type Spike struct {
	From float64 `yaml:"from"`
	To   float64 `yaml:"to"`
	At   Time    `yaml:"at"`
	For  Time    `yaml:"for"`
}

// Ramp rises, or falls, from one rate to another and stays there.
type Ramp struct {
	From float64 `yaml:"from"`
	To   float64 `yaml:"to"`
	At   Time    `yaml:"at"`
	Over Time    `yaml:"over"`
}

// Campaign is so many messages, evenly over a time.
type Campaign struct {
	Recipients float64 `yaml:"recipients"`
	At         Time    `yaml:"at"`
	Over       Time    `yaml:"over"`
}

// CSV is the number of requests in each minute, or other period, as CloudWatch
// exports it: the last column of a file, or the one that is named.
type CSV struct {
	File   string `yaml:"file"`
	Column string `yaml:"column"`
	Period Time   `yaml:"period"`
}

// Log is a file with a time at the beginning of each line: of one request.
type Log struct {
	File string `yaml:"file"`
}

// constant is a rate.
type constant float64

func (c constant) total(since time.Duration) float64 { return float64(c) * since.Seconds() }

// piece is a straight part of a curve: a rate that changes evenly.
type piece struct {
	from, to   time.Duration
	rate, then float64 // at its ends, a second
}

// pieces follow each other in time.
type pieces []piece

func (ps pieces) total(since time.Duration) float64 {
	sum := 0.0
	for _, p := range ps {
		if since <= p.from {
			break
		}
		if p.to == p.from {
			continue // of a curve that begins at once
		}
		whole := (p.to - p.from).Seconds()
		x := (min(since, p.to) - p.from).Seconds()
		sum += p.rate*x + (p.then-p.rate)*x*x/(2*whole)
	}
	return sum
}

// forever is the end of the last piece.
const forever = 1000 * 24 * time.Hour

func (s *Spike) pieces() pieces {
	end := time.Duration(s.At + s.For)
	return pieces{
		{0, time.Duration(s.At), s.From, s.From}, {time.Duration(s.At), end, s.To, s.To}, {end, forever, s.From, s.From},
	}
}

func (r *Ramp) pieces() pieces {
	end := time.Duration(r.At + r.Over)
	return pieces{
		{0, time.Duration(r.At), r.From, r.From}, {time.Duration(r.At), end, r.From, r.To}, {end, forever, r.To, r.To},
	}
}

func (c *Campaign) pieces() pieces {
	rate := c.Recipients / time.Duration(c.Over).Seconds()
	return pieces{{time.Duration(c.At), time.Duration(c.At + c.Over), rate, rate}}
}

// daily is a sine over a day.
type daily struct {
	middle, swing float64
	phase         float64 // of the beginning, in radians from the peak
}

func (d *daily) total(since time.Duration) float64 {
	const turn = 2 * math.Pi / (24 * 60 * 60)
	x := since.Seconds()
	return d.middle*x + d.swing/turn*(math.Sin(d.phase+turn*x)-math.Sin(d.phase))
}

func (d *Daily) curve(begin time.Time) (curve, error) {
	peak, err := time.Parse("15:04", orText(d.Peak, "14:00"))
	if err != nil || d.Low < 0 || d.High < d.Low {
		return nil, errors.New("daily: want low, high and the peak as 14:00")
	}
	off := time.Duration(begin.Hour()-peak.Hour())*time.Hour + time.Duration(begin.Minute()-peak.Minute())*time.Minute
	return &daily{(d.High + d.Low) / 2, (d.High - d.Low) / 2, 2 * math.Pi * off.Hours() / 24}, nil
}

func orText(s, def string) string {
	or(&s, def)
	return s
}

// recorded are numbers of requests, one after another for the same time each.
type recorded struct {
	period time.Duration
	sums   []float64 // up to the end of each period
}

func (r *recorded) total(since time.Duration) float64 {
	i := int(since / r.period)
	if i >= len(r.sums) {
		return r.sums[len(r.sums)-1]
	}
	before := 0.0
	if i > 0 {
		before = r.sums[i-1]
	}
	return before + (r.sums[i]-before)*float64(since%r.period)/float64(r.period)
}

// maxFile is the size of the largest file that a source is read from.
const maxFile = 1 << 30

func (c *CSV) curve(s *Scenario) (curve, error) {
	f, err := s.files(c.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(io.LimitReader(f, maxFile))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	out := &recorded{period: time.Duration(c.Period)}
	or(&out.period, time.Minute)
	column, sum := -1, 0.0
	for i, row := range rows {
		if i == 0 && c.Column != "" {
			if column = slices.Index(row, c.Column); column < 0 {
				return nil, fmt.Errorf("%s has no column %q", c.File, c.Column)
			}
			continue
		}
		at := column
		if at < 0 {
			at = len(row) - 1
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(field(row, at)), 64)
		if err != nil && i == 0 {
			continue // a heading
		}
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%s, line %d: %q is no number of requests", c.File, i+1, field(row, at))
		}
		sum += n
		out.sums = append(out.sums, sum)
	}
	if len(out.sums) == 0 {
		return nil, fmt.Errorf("%s is empty", c.File)
	}
	return out, nil
}

func field(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return row[i]
}

func (l *Log) curve(s *Scenario) (curve, error) {
	f, err := s.files(l.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	counts := map[int64]float64{} // by second
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	lines := bufio.NewScanner(io.LimitReader(f, maxFile))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: it does not begin with a time such as 2026-01-05T09:00:00Z", l.File, n)
		}
		counts[at.Unix()]++
		first, last = min(first, at.Unix()), max(last, at.Unix())
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(counts) == 0 || last-first > int64(31*24*time.Hour/time.Second) {
		return nil, fmt.Errorf("%s: want lines of up to 31 days", l.File)
	}
	out, sum := &recorded{period: time.Second}, 0.0
	for at := first; at <= last; at++ {
		sum += counts[at]
		out.sums = append(out.sums, sum)
	}
	return out, nil
}

// curveOf returns the one curve of a source.
func (s *Scenario) curveOf(t *Source) (curve, error) {
	var list []curve
	var problem error
	add := func(c curve, err error) { list, problem = append(list, c), errors.Join(problem, err) }
	if t.Rate > 0 {
		add(constant(t.Rate), nil)
	}
	if t.Daily != nil {
		add(t.Daily.curve(s.begin))
	}
	if t.Spike != nil {
		add(t.Spike.pieces(), positive(t.Spike.From, t.Spike.To))
	}
	if t.Ramp != nil {
		or(&t.Ramp.Over, Time(time.Second))
		add(t.Ramp.pieces(), positive(t.Ramp.From, t.Ramp.To))
	}
	if t.Campaign != nil {
		or(&t.Campaign.Over, Time(time.Second))
		add(t.Campaign.pieces(), positive(t.Campaign.Recipients))
	}
	if t.CSV != nil {
		add(t.CSV.curve(s))
	}
	if t.Log != nil {
		add(t.Log.curve(s))
	}
	if problem != nil {
		return nil, problem
	}
	if len(list) != 1 {
		return nil, errors.New("want one of rate, daily, spike, ramp, campaign, csv and log")
	}
	return list[0], nil
}

// maxRate is the most that a source has a second.
const maxRate = 100_000_000

func positive(list ...float64) error {
	for _, v := range list {
		if v < 0 || v > maxRate || math.IsNaN(v) {
			return fmt.Errorf("want 0 to %d", maxRate)
		}
	}
	return nil
}
