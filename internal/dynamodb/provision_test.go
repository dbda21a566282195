package dynamodb

import (
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/capacity"
)

func TestProvision(t *testing.T) {
	metered(t, Options{}, func(h *harness) {
		h.mustDo("CreateTable", tightTable)
		h.mustDo("PutItem", putTight(1, `,"g":{"S":"a"}`))
		for _, c := range []struct {
			index string
			units int64
		}{{"", 9}, {"groups", 7}} {
			if err := h.Provision(t.Context(), testNamespace, "tight", c.index, capacity.Write, c.units); err != nil {
				t.Fatal(err)
			}
			provisioned, consumed, ok := h.ThroughputUse(testNamespace, "tight", c.index, capacity.Write)
			if !ok || provisioned != c.units || consumed != 1 {
				t.Errorf("%q: %d provisioned, %v consumed, %v; want %d and 1", c.index, provisioned, consumed, ok, c.units)
			}
		}
		if got := h.mustDo("DescribeTable", `{"TableName":"tight"}`); !strings.Contains(got, `"ReadCapacityUnits":5,"WriteCapacityUnits":9`) {
			t.Errorf("described %s", got)
		}
		if _, _, ok := h.ThroughputUse(testNamespace, "none", "", capacity.Write); ok {
			t.Error("a table that is not there can be scaled")
		}
	})
}
