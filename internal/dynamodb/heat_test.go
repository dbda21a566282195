package dynamodb

import (
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
)

func TestHeat(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		for i := range 3 {
			h.mustDo("PutItem", putTight(i, ""))
		}
		ns := api.Namespace{Account: "000000000000", Region: "us-east-1"}
		sum := func(heat Heat, of func(p *capacity.PartitionState) float64) (units float64) {
			for i := range heat.Partitions {
				units += of(&heat.Partitions[i])
			}
			return units
		}
		running := func(p *capacity.PartitionState) float64 { return p.Consumed[capacity.Write] }
		ended := func(p *capacity.PartitionState) float64 { return p.Ended[capacity.Write] }
		list := h.Heat(ns, "tight")
		if len(list) != 2 || list[0].Index != "" || list[1].Index != "groups" || list[0].Limit[capacity.Write] != 1000 || sum(list[0], running) != 3 {
			t.Fatalf("%+v", list)
		}
		time.Sleep(time.Minute)
		if list = h.Heat(ns, "tight"); sum(list[0], running) != 0 || sum(list[0], ended) != 3 {
			t.Errorf("a minute later: %+v", list)
		}
		if h.Heat(ns, "none") != nil {
			t.Error("there is no such table")
		}
	})
}
