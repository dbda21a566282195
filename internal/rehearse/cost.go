package rehearse

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/levee-io/levee/internal/capacity"
)

//go:embed prices.yaml
var pricesFile []byte

// priceList is the prices of a day.
type priceList struct {
	Date    string             `yaml:"date"`
	Regions map[string]*Prices `yaml:"regions"`
}

// Prices are those of one region, in dollars.
type Prices struct {
	Date         string  `yaml:"date"` // when they were read; by default that of the list
	WriteRequest float64 `yaml:"writeRequest"`
	ReadRequest  float64 `yaml:"readRequest"`
	WriteHour    float64 `yaml:"writeHour"`
	ReadHour     float64 `yaml:"readHour"`
	// WarmWrite and WarmRead are paid once for each unit by which a table or index is
	// warmed beyond what it has anyway.
	WarmWrite      float64 `yaml:"warmWrite"`
	WarmRead       float64 `yaml:"warmRead"`
	QueueRequest   float64 `yaml:"queueRequest"`
	FIFORequest    float64 `yaml:"fifoRequest"`
	Invocation     float64 `yaml:"invocation"`
	GigabyteSecond float64 `yaml:"gigabyteSecond"`
}

// figures are the prices that a region must have, by their names in the file.
func (p *Prices) figures() map[string]*float64 {
	return map[string]*float64{
		"writeRequest": &p.WriteRequest, "readRequest": &p.ReadRequest,
		"writeHour": &p.WriteHour, "readHour": &p.ReadHour,
		"queueRequest": &p.QueueRequest, "fifoRequest": &p.FIFORequest,
		"invocation": &p.Invocation, "gigabyteSecond": &p.GigabyteSecond,
	}
}

// complete takes what is left out from the prices that the region had before. A price
// that is still missing is an error: it would make a design look free.
func (p *Prices) complete(before *Prices) error {
	if before == nil {
		before = new(Prices)
	}
	or(&p.WarmWrite, before.WarmWrite)
	or(&p.WarmRead, before.WarmRead)
	known, mine := before.figures(), p.figures()
	for _, name := range slices.Sorted(maps.Keys(mine)) {
		or(mine[name], *known[name])
		if *mine[name] <= 0 {
			return fmt.Errorf("%s is missing, or not above 0", name)
		}
	}
	if p.WarmWrite < 0 || p.WarmRead < 0 {
		return errors.New("warmWrite or warmRead is below 0")
	}
	return nil
}

// prices are read from the file that is compiled in when they are first needed.
var prices = sync.OnceValue(mustPrices)

func mustPrices() *priceList {
	list := &priceList{Regions: map[string]*Prices{}}
	if err := list.add(bytes.NewReader(pricesFile)); err != nil {
		panic(err) // of a file that is compiled in
	}
	return list
}

// AddPrices reads further regions, or others' prices for those that there are, where
// what is left out stays as it is. It is not safe for concurrent use with anything else
// here.
func AddPrices(r io.Reader) error { return prices().add(r) }

func (l *priceList) add(r io.Reader) error {
	list := new(priceList)
	d := yaml.NewDecoder(io.LimitReader(r, maxScenario))
	d.KnownFields(true)
	if err := d.Decode(list); err != nil {
		return fmt.Errorf("prices: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(list.Regions)) {
		p := list.Regions[name]
		if p == nil {
			return fmt.Errorf("prices: %s: there are none", name)
		}
		if err := p.complete(l.Regions[name]); err != nil {
			return fmt.Errorf("prices: %s: %w", name, err)
		}
		or(&p.Date, list.Date)
	}
	maps.Copy(l.Regions, list.Regions)
	return nil
}

// Cost is what a run costs, in dollars, by what it is paid for.
type Cost struct {
	Table, Queue, Function, Consumers float64
	Warm                              float64 // once, however often the table is used
	// WarmUnknown is set where there is such a fee and no price for it.
	WarmUnknown bool
}

// Total is the sum.
func (c Cost) Total() float64 { return c.Running() + c.Warm }

// Running is what is paid again with each run.
func (c Cost) Running() float64 { return c.Table + c.Queue + c.Function + c.Consumers }

// warming is by how much a table and its indexes are pre-warmed beyond what they have
// anyway.
func (t *Table) warming() (units ReadWrite) {
	start := capacity.Defaults().OnDemandStart
	add := func(have ReadWrite) {
		if t.Mode == "on-demand" {
			have.Write, have.Read = max(have.Write, start[capacity.Write]), max(have.Read, start[capacity.Read])
		}
		units.Write += max(0, t.Warm.Write-have.Write)
		units.Read += max(0, t.Warm.Read-have.Read)
	}
	add(t.Provisioned)
	for i := range t.Indexes {
		have := t.Indexes[i].Provisioned
		or(&have, t.Provisioned)
		add(have)
	}
	return units
}

// hoursInMonth is the month of the pricing pages.
const hoursInMonth = 730

// cost adds up what a design has used.
func (t *tally) cost(d *Design, p *Prices, played time.Duration) Cost {
	const million = 1e6
	warm := d.Table.warming()
	c := Cost{Warm: warm.Write*p.WarmWrite + warm.Read*p.WarmRead}
	c.WarmUnknown = warm.Write > 0 && p.WarmWrite == 0 || warm.Read > 0 && p.WarmRead == 0
	c.Table = (t.units[capacity.Write]*p.WriteRequest+t.units[capacity.Read]*p.ReadRequest)/million +
		t.hours[capacity.Write]*p.WriteHour + t.hours[capacity.Read]*p.ReadHour
	if q := d.Queue; q != nil {
		price := p.QueueRequest
		if q.FIFO {
			price = p.FIFORequest
		}
		c.Queue = float64(t.calls) * price / million
	}
	if f := d.Function; f != nil {
		c.Function = float64(t.batches)*p.Invocation/million + t.busyTime.Seconds()*float64(f.MemoryMB)/1024*p.GigabyteSecond
	}
	if w := d.Workers; w != nil {
		c.Consumers = float64(w.Count) * w.Hour * played.Hours()
	}
	return c
}
