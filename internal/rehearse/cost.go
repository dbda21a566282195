package rehearse

import (
	_ "embed"
	"fmt"
	"io"
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

var prices = mustPrices()

func mustPrices() *priceList {
	list := new(priceList)
	if err := yaml.Unmarshal(pricesFile, list); err != nil {
		panic(err) // of a file that is compiled in
	}
	return list
}

// AddPrices reads further regions, or others' prices for those that there are. It is
// not safe for concurrent use with anything else here.
func AddPrices(r io.Reader) error {
	list := new(priceList)
	d := yaml.NewDecoder(io.LimitReader(r, maxScenario))
	d.KnownFields(true)
	if err := d.Decode(list); err != nil {
		return fmt.Errorf("prices: %w", err)
	}
	for name, p := range list.Regions {
		if p != nil {
			prices.Regions[name] = p
		}
	}
	if list.Date != "" {
		prices.Date = list.Date
	}
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
