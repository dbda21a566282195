package rehearse

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/levee-io/levee/internal/capacity"
)

// Scenario is what is to be rehearsed. Its YAML form is described in
// docs/rehearse.md.
type Scenario struct {
	Name string `yaml:"name"`
	// Seed is where the sequences of keys and of arrivals begin.
	Seed uint64 `yaml:"seed"`
	// Duration is how long there is traffic; what waits then is played to its end,
	// up to Limit in all.
	Duration Time `yaml:"duration"`
	Limit    Time `yaml:"limit"`
	// Step is how fine the clock is while something waits.
	Step Time `yaml:"step"`
	// Start is the time of day at which it begins, for daily curves and schedules.
	Start     string    `yaml:"start"`
	Region    string    `yaml:"region"`
	Objective Objective `yaml:"objective"`
	Traffic   []Source  `yaml:"traffic"`
	Designs   []Design  `yaml:"designs"`

	files Files
	begin time.Time
}

// Objective is what a design must reach.
type Objective struct {
	P99    Time    `yaml:"p99"`    // of the time from send to stored; 0: any
	Source string  `yaml:"source"` // of this source only; empty: of all
	Loss   float64 `yaml:"loss"`   // share of what arrived that may be lost
}

// Source is one kind of traffic. Exactly one of its curves is set.
type Source struct {
	Name     string    `yaml:"name"`
	Rate     float64   `yaml:"rate"` // a second
	Daily    *Daily    `yaml:"daily"`
	Spike    *Spike    `yaml:"spike"`
	Ramp     *Ramp     `yaml:"ramp"`
	Campaign *Campaign `yaml:"campaign"`
	CSV      *CSV      `yaml:"csv"`
	Log      *Log      `yaml:"log"`
	// Arrivals is even or poisson, which is by chance.
	Arrivals string `yaml:"arrivals"`
	// Direct says that the source goes straight to the table in every design.
	Direct bool `yaml:"direct"`
	// Items are what one request writes or reads; several are one transaction.
	Items []Item `yaml:"items"`
	// Groups is how many message groups its messages have.
	Groups int `yaml:"groups"`

	curve curve
}

// Item is one item of a request.
type Item struct {
	Size Bytes `yaml:"size"`
	// Read says that the item is read and not written; Eventually that it may be
	// read eventually consistent.
	Read       bool `yaml:"read"`
	Eventually bool `yaml:"eventually"`
	Keys       Keys `yaml:"keys"`
}

// Design is one way to the table.
type Design struct {
	Name     string    `yaml:"name"`
	Table    Table     `yaml:"table"`
	Client   Client    `yaml:"client"`
	Queue    *Queue    `yaml:"queue"`
	Workers  *Workers  `yaml:"consumers"`
	Function *Function `yaml:"function"`
}

// Table is how the table is set up.
type Table struct {
	// Mode is on-demand or provisioned.
	Mode        string    `yaml:"mode"`
	Provisioned ReadWrite `yaml:"provisioned"`
	Maximum     ReadWrite `yaml:"maximum"`
	Warm        ReadWrite `yaml:"warm"`
	// Switch is when a provisioned table is switched to on-demand; 0: never.
	Switch    Time        `yaml:"switch"`
	Scaling   *Scaling    `yaml:"scaling"`
	Scheduled []Scheduled `yaml:"scheduled"`
	Indexes   []Index     `yaml:"indexes"`
	// Takes is how long a write takes that is not throttled.
	Takes Time `yaml:"takes"`
}

// ReadWrite are units a second.
type ReadWrite struct {
	Read  float64 `yaml:"read"`
	Write float64 `yaml:"write"`
}

// Scaling is a target tracking policy for writes, and for reads likewise.
type Scaling struct {
	Min    ReadWrite `yaml:"min"`
	Max    ReadWrite `yaml:"max"`
	Target float64   `yaml:"target"` // percent
}

// Scheduled changes the bounds of scaling at a time.
type Scheduled struct {
	Schedule Schedule  `yaml:"schedule"`
	Min      ReadWrite `yaml:"min"`
	Max      ReadWrite `yaml:"max"`
}

// Index is a global index that every write of an item changes.
type Index struct {
	Size        Bytes     `yaml:"size"` // of an entry; 0: of the item
	Provisioned ReadWrite `yaml:"provisioned"`
	Keys        Keys      `yaml:"keys"`
}

// Client is how who writes or sends deals with a refusal: exponential back-off with
// full jitter, as the SDKs have it.
type Client struct {
	Attempts int  `yaml:"attempts"`
	Base     Time `yaml:"base"`
	Most     Time `yaml:"most"`
}

// Queue is the queue before the table.
type Queue struct {
	FIFO           bool `yaml:"fifo"`
	HighThroughput bool `yaml:"highThroughput"`
	// Batch is how many messages are sent at once.
	Batch      int  `yaml:"batch"`
	Visibility Time `yaml:"visibility"`
	// Receives is after how many a message is a dead letter.
	Receives int `yaml:"receives"`
	// Size is that of a message, in bytes.
	Size Bytes `yaml:"size"`
}

// Workers are consumers of one's own.
type Workers struct {
	Count int  `yaml:"count"`
	Batch int  `yaml:"batch"`
	Takes Time `yaml:"takes"` // to handle a batch, without its writes
	// Hour is what one costs, in dollars.
	Hour float64 `yaml:"hour"`
}

// Function is a Lambda function that an event source mapping calls.
type Function struct {
	Batch    int  `yaml:"batch"`
	Takes    Time `yaml:"takes"`
	Reserved int  `yaml:"reserved"`
	Maximum  int  `yaml:"maximum"` // concurrency of the mapping
	MemoryMB int  `yaml:"memory"`
}

// Time is a duration in YAML, such as 90s or 1h30m.
type Time time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *Time) UnmarshalYAML(n *yaml.Node) error {
	d, err := time.ParseDuration(n.Value)
	if err != nil || d < 0 {
		return fmt.Errorf("line %d: %q is no time such as 90s or 1h30m", n.Line, n.Value)
	}
	*t = Time(d)
	return nil
}

func (t Time) String() string { return time.Duration(t).String() }

// Schedule is when a scheduled action happens: at(...), rate(...) or cron(...), as
// Application Auto Scaling has it.
type Schedule struct {
	text string
	line int
	when *capacity.Schedule
}

// UnmarshalYAML implements yaml.Unmarshaler. The text is read when it is known when
// the scenario begins.
func (s *Schedule) UnmarshalYAML(n *yaml.Node) error {
	s.text, s.line = n.Value, n.Line
	return nil
}

// parse reads the text. A rate counts from begin.
func (s *Schedule) parse(begin time.Time) (err error) {
	if s.when, err = capacity.ParseSchedule(s.text, "", time.Time{}, time.Time{}, begin); err != nil {
		return fmt.Errorf("line %d: %s", s.line, strings.TrimPrefix(err.Error(), "capacity: "))
	}
	return nil
}

// Bytes is a size in YAML, such as 700, 700B or 2KB (1,024 bytes each).
type Bytes int

// UnmarshalYAML implements yaml.Unmarshaler.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) error {
	text, factor := strings.ToUpper(n.Value), 1
	if s, ok := strings.CutSuffix(text, "KB"); ok {
		text, factor = s, 1024
	}
	v, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(text, "B")))
	if err != nil || v < 0 || v*factor > 1<<20 {
		return fmt.Errorf("line %d: %q is no size such as 700B or 2KB, up to 1024KB", n.Line, n.Value)
	}
	*b = Bytes(v * factor)
	return nil
}

// maxScenario is the size of the largest file that is read.
const maxScenario = 1 << 20

// Files opens the files that a scenario names.
type Files func(name string) (io.ReadCloser, error)

// ErrFile is what comes of a scenario that names a file where it may not.
var ErrFile = errors.New("this scenario may not name files")

// FilesIn opens any file; names that are not absolute are relative to dir.
func FilesIn(dir string) Files {
	return func(name string) (io.ReadCloser, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return os.Open(name)
	}
}

// Read reads a scenario in YAML. Without files it may name none: ErrFile.
func Read(r io.Reader, files Files) (*Scenario, error) {
	if files == nil {
		files = func(string) (io.ReadCloser, error) { return nil, ErrFile }
	}
	s := &Scenario{files: files}
	d := yaml.NewDecoder(io.LimitReader(r, maxScenario))
	d.KnownFields(true)
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	s.defaults()
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	return s, nil
}

func or[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// defaults fills in what may be left out.
func (s *Scenario) defaults() {
	or(&s.Name, "scenario")
	or(&s.Duration, Time(time.Hour))
	or(&s.Limit, 4*s.Duration)
	or(&s.Step, Time(100*time.Millisecond))
	or(&s.Start, "2026-01-05T09:00:00Z")
	or(&s.Region, "us-east-1")
	for i := range s.Traffic {
		t := &s.Traffic[i]
		or(&t.Name, fmt.Sprintf("source %d", i+1))
		or(&t.Groups, 1)
		if len(t.Items) == 0 {
			t.Items = []Item{{Size: 1024}}
		}
	}
	for i := range s.Designs {
		s.Designs[i].defaults(i)
	}
}

func (d *Design) defaults(i int) {
	or(&d.Name, fmt.Sprintf("design %d", i+1))
	or(&d.Table.Mode, "on-demand")
	or(&d.Table.Takes, Time(5*time.Millisecond))
	// The standard retry mode of the SDKs, with the base that they use for DynamoDB.
	or(&d.Client.Attempts, 4)
	or(&d.Client.Base, Time(50*time.Millisecond))
	or(&d.Client.Most, Time(20*time.Second))
	if c := d.Table.Scaling; c != nil {
		or(&c.Target, 70)
	}
	if q := d.Queue; q != nil {
		or(&q.Batch, 10)
		or(&q.Visibility, Time(30*time.Second))
		or(&q.Receives, 10)
		or(&q.Size, 1024)
	}
	if w := d.Workers; w != nil {
		or(&w.Count, 32)
		or(&w.Batch, 10)
		or(&w.Takes, Time(10*time.Millisecond))
	}
	if f := d.Function; f != nil {
		or(&f.Batch, 10)
		or(&f.Takes, Time(20*time.Millisecond))
		or(&f.MemoryMB, 512)
	}
}

// Bounds of a scenario.
const (
	maxSources = 32
	maxDesigns = 32
	maxItems   = 25
	maxIndexes = 20
	// maxScheduled is the service's of a scalable target.
	maxScheduled = 200
	maxSteps     = 20_000_000
)

func (s *Scenario) check() error {
	begin, err := time.Parse(time.RFC3339, s.Start)
	if err != nil {
		return fmt.Errorf("start: %q is no time such as 2026-01-05T09:00:00Z", s.Start)
	}
	s.begin = begin
	switch {
	case len(s.Traffic) == 0 || len(s.Traffic) > maxSources:
		return fmt.Errorf("traffic: want 1 to %d sources", maxSources)
	case len(s.Designs) == 0 || len(s.Designs) > maxDesigns:
		return fmt.Errorf("designs: want 1 to %d", maxDesigns)
	case s.Limit < s.Duration:
		return errors.New("limit: it is shorter than the duration")
	case s.Step < Time(time.Millisecond) || s.Step > Time(time.Second):
		return errors.New("step: want 1ms to 1s")
	case s.Limit/s.Step > maxSteps:
		return fmt.Errorf("limit: it has more than %d steps", maxSteps)
	case prices().Regions[s.Region] == nil:
		known := slices.Sorted(maps.Keys(prices().Regions))
		return fmt.Errorf("region: there are no prices of %q, only of %s; levee rehearse --prices FILE adds others (docs/rehearse.md)", s.Region, strings.Join(known, ", "))
	}
	for i := range s.Traffic {
		if err := s.checkSource(&s.Traffic[i]); err != nil {
			return fmt.Errorf("traffic, %s: %w", s.Traffic[i].Name, err)
		}
	}
	names := map[string]bool{}
	for i := range s.Designs {
		d := &s.Designs[i]
		if err := s.checkDesign(d); err != nil {
			return fmt.Errorf("designs, %s: %w", d.Name, err)
		}
		if names[d.Name] {
			return fmt.Errorf("designs: there are two of the name %q", d.Name)
		}
		names[d.Name] = true
	}
	return nil
}

func (s *Scenario) checkSource(t *Source) (err error) {
	if t.curve, err = s.curveOf(t); err != nil {
		return err
	}
	if err := t.checkArrivals(); err != nil {
		return err
	}
	switch {
	case t.Groups < 1 || t.Groups > 100_000_000:
		return errors.New("groups: want 1 to 100000000")
	case len(t.Items) > maxItems:
		return fmt.Errorf("items: want %d at most", maxItems)
	}
	for i := range t.Items {
		item := &t.Items[i]
		or(&item.Size, 1024)
		if item.Size > 400*1024 {
			return errors.New("items: the size of an item is 400KB at most")
		}
		if err := item.Keys.load(s); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scenario) checkDesign(d *Design) error {
	t := &d.Table
	switch {
	case t.Mode != "on-demand" && t.Mode != "provisioned":
		return fmt.Errorf("mode: %q is neither on-demand nor provisioned", t.Mode)
	case t.Mode == "provisioned" && t.Provisioned.Write < 1 && t.Provisioned.Read < 1:
		return errors.New("provisioned: how much?")
	case t.Switch > 0 && (t.Mode != "provisioned" || t.Scaling != nil):
		return errors.New("switch: it is for provisioned tables without scaling, to on-demand")
	case t.Scaling != nil && (t.Mode != "provisioned" || t.Scaling.Target < 20 || t.Scaling.Target > 90):
		return errors.New("scaling: it is for provisioned tables, with a target from 20 to 90 percent")
	case len(t.Scheduled) > 0 && t.Scaling == nil:
		return errors.New("scheduled: it changes the bounds of scaling, and there is none")
	case len(t.Scheduled) > maxScheduled:
		return fmt.Errorf("scheduled: want %d at most", maxScheduled)
	case len(t.Indexes) > maxIndexes:
		return fmt.Errorf("indexes: want %d at most", maxIndexes)
	case d.Client.Attempts < 1 || d.Client.Attempts > 50:
		return errors.New("client: attempts: want 1 to 50")
	case d.Client.Base > Time(time.Minute) || d.Client.Most > Time(10*time.Minute):
		return errors.New("client: base is a minute at most, most ten minutes")
	case d.Queue != nil && (d.Workers == nil) == (d.Function == nil):
		return errors.New("a queue needs either consumers or a function")
	case d.Queue == nil && (d.Workers != nil || d.Function != nil):
		return errors.New("consumers and functions need a queue")
	}
	for i := range t.Scheduled {
		if err := t.Scheduled[i].Schedule.parse(s.begin); err != nil {
			return fmt.Errorf("scheduled: %w", err)
		}
	}
	for i := range t.Indexes {
		if err := t.Indexes[i].Keys.load(s); err != nil {
			return err
		}
	}
	if q := d.Queue; q != nil && (q.Batch < 1 || q.Batch > 10 || q.Receives < 1 || q.Receives > 1000) {
		return errors.New("queue: batch is 1 to 10, receives 1 to 1000")
	}
	if w := d.Workers; w != nil && (w.Count < 1 || w.Count > 100_000 || w.Batch < 1 || w.Batch > 10) {
		return errors.New("consumers: count is 1 to 100000, batch 1 to 10")
	}
	if f := d.Function; f != nil && (f.Batch < 1 || f.Batch > 10_000 || f.MemoryMB < 128 || f.MemoryMB > 10240) {
		return errors.New("function: batch is 1 to 10000, memory 128 to 10240 MB")
	}
	return nil
}
