package rehearse

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/levee-io/levee/internal/capacity"
)

// A price list of two regions: one that is built in, and one that is not.
const otherPrices = `
date: 2026-11-01
regions:
  us-east-1: {warmWrite: 0.5, writeHour: 0.001}
  mars-1: {writeRequest: 2, readRequest: 1, writeHour: 0.02, readHour: 0.01, queueRequest: 4, fifoRequest: 5, invocation: 6, gigabyteSecond: 0.1}
`

// What a list leaves out of a region that is known stays as it is; of one that is not,
// every price is needed, or what it pays for would be free.
func TestPrices(t *testing.T) {
	list := mustPrices()
	if len(list.Regions) < 9 {
		t.Errorf("prices of %d regions", len(list.Regions))
	}
	if err := list.add(strings.NewReader(otherPrices)); err != nil {
		t.Fatal(err)
	}
	virginia := list.Regions["us-east-1"]
	if virginia.WarmWrite != 0.5 || virginia.WriteHour != 0.001 || virginia.WriteRequest != 0.625 || virginia.Date != "2026-11-01" {
		t.Errorf("%+v", virginia)
	}
	if seoul := list.Regions["ap-northeast-2"]; seoul.WriteRequest != 0.68 || seoul.ReadHour != 0.00014098 || seoul.QueueRequest != 0.4 || seoul.Date != "2026-06-12" {
		t.Errorf("%+v", seoul)
	}
	if mars := list.Regions["mars-1"]; mars == nil || mars.GigabyteSecond != 0.1 {
		t.Errorf("%+v", mars)
	}
	for text, want := range map[string]string{
		"regions: {mars-2: {writeRequest: 1}}":  "mars-2: fifoRequest is missing",
		"regions: {mars-2: }":                   "mars-2: there are none",
		"regions: {us-east-1: {writeHour: -1}}": "us-east-1: writeHour is missing, or not above 0",
		"regions: {us-east-1: {warmRead: -1}}":  "below 0",
		"regions: {us-east-1: {colour: 1}}":     "colour",
	} {
		if err := list.add(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if list.Regions["mars-2"] != nil || list.Regions["us-east-1"].WriteHour != 0.001 {
		t.Error("a list that is refused has changed something")
	}
}

// The same traffic costs what its region asks.
func TestRegions(t *testing.T) {
	of := func(region string) Cost {
		return run(t, read(t, "region: "+region+"\nduration: 10m\ntraffic: [{rate: 100}]\ndesigns: [{name: d}]")).Designs[0].Cost
	}
	virginia, frankfurt := of("us-east-1"), of("eu-central-1")
	if !near(frankfurt.Table/virginia.Table, 0.7625/0.625, 1e-9) {
		t.Errorf("$%g in Virginia, $%g in Frankfurt", virginia.Table, frankfurt.Table)
	}
}

// Whatever the scenario, what was consumed is paid for, once, and the parts are the
// whole.
func TestCostAddsUp(t *testing.T) {
	p := prices().Regions["eu-west-1"]
	rapid.Check(t, func(t *rapid.T) {
		rate, lasts := rapid.IntRange(1, 500).Draw(t, "rate"), rapid.IntRange(50, 130).Draw(t, "seconds")
		size := rapid.IntRange(1, 4000).Draw(t, "size")
		provisioned := rapid.IntRange(1, 3000).Draw(t, "provisioned")
		workers := rapid.IntRange(1, 20).Draw(t, "consumers")
		text := fmt.Sprintf(`
region: eu-west-1
duration: %ds
limit: 200s
traffic: [{rate: %d, groups: 1000, items: [{size: %dB}]}]
designs:
  - `, lasts, rate, size) + rapid.SampledFrom([]string{
			"{name: on-demand, client: {attempts: 2}}",
			fmt.Sprintf("{name: provisioned, table: {mode: provisioned, provisioned: {write: %d, read: 7}}}", provisioned),
			fmt.Sprintf("{name: consumers, queue: {fifo: true}, consumers: {count: %d, hour: 0.5}}", workers),
			"{name: function, queue: {}, function: {memory: 1024}}",
		}).Draw(t, "design") + "\n"
		s, err := Read(strings.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Designs {
			d := &r.Designs[i]
			c, hours := d.Cost, d.Played.Hours()
			if whole := c.Table + c.Queue + c.Function + c.Consumers + c.Warm; !near(c.Total(), whole, 1e-12) || !near(d.Month, (whole-c.Warm)/hours*730+c.Warm, 1e-9) {
				t.Errorf("%s: $%g, a month $%g, of %+v in %g hours", d.Name, c.Total(), d.Month, c, hours)
			}
			units := float64(d.All.Stored) * capacity.WriteUnits(size)
			want := units * p.WriteRequest / 1e6
			if d.Name == "provisioned" {
				want = hours * (float64(provisioned)*p.WriteHour + 7*p.ReadHour)
			}
			// A step may be counted that begins after the last second.
			if !near(c.Table, want, 0.02) {
				t.Errorf("%s: the table costs $%g, want $%g for %g units in %g hours", d.Name, c.Table, want, units, hours)
			}
			for name, has := range map[string]bool{"queue": c.Queue > 0, "function": c.Function > 0, "consumers": c.Consumers > 0} {
				if want := name == d.Name || name == "queue" && d.Design.Queue != nil; has != want {
					t.Errorf("%s: a price for %s: %v", d.Name, name, has)
				}
			}
			if d.Name == "consumers" && !near(c.Consumers, float64(workers)*0.5*hours, 1e-9) {
				t.Errorf("%d consumers for %g hours cost $%g", workers, hours, c.Consumers)
			}
		}
	})
}
