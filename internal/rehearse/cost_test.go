package rehearse

import (
	"strings"
	"testing"
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
