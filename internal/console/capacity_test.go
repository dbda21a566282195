package console

import (
	"net/url"
	"strings"
	"testing"

	"github.com/levee-io/levee/internal/api"
)

func TestHeatMap(t *testing.T) {
	h := &Heat{Limit: [2]float64{100, 10}}
	for i := range 512 {
		h.Partitions = append(h.Partitions, Partition{From: uint64(i) << 55, Hot: i % 2})
	}
	h.Partitions[300].Consumed[1] = 600 // all of a minute
	h.Partitions[7].Ended[0] = 3000     // half of one
	m := newHeatMap(h)
	for _, row := range m.Rows {
		if len(row.Cells) != maxCells {
			t.Errorf("%s: %d cells", row.Label, len(row.Cells))
		}
		end := 0.0
		for _, c := range row.Cells {
			if c.X != end || c.Width <= 0 {
				t.Fatalf("%s: a cell from %v after %v, %v wide", row.Label, c.X, end, c.Width)
			}
			end = c.X + c.Width
		}
		if end != heatWidth {
			t.Errorf("%s ends at %v", row.Label, end)
		}
	}
	if c := m.Rows[2].Cells[75]; c.Step != 9 || c.Share != 100 {
		t.Errorf("writes %+v", c)
	}
	if c := m.Rows[1].Cells[1]; c.Step != 5 || c.Share != 50 {
		t.Errorf("reads %+v", c)
	}
	if len(m.Hottest) != maxHottest || m.Hottest[0].Number != 301 || m.Hottest[1].Number != 8 {
		t.Errorf("hottest %+v", m.Hottest)
	}
	if m := newHeatMap(&Heat{Partitions: []Partition{{}}}); len(m.Rows[0].Cells) != 1 || m.Rows[0].Cells[0].Width != heatWidth {
		t.Errorf("one partition: %+v", m.Rows[0])
	}
}

// Lists of tables say why requests are throttled, of a table and its indexes together,
// and go on to say it.
func TestThrottlesByReasonInLists(t *testing.T) {
	b, _ := newHouse(t)
	b.c.opts.Tables = func() []Table {
		return []Table{{Namespace: defaultSpace, Name: "orders"}, {Namespace: defaultSpace, Name: "calm"}}
	}
	b.get(home+"tables/", 200)
	if strings.Contains(b.page, "Throttled, by reason") {
		t.Error("there are reasons although no table is held to its capacity")
	}
	refused := []Throttle{{"Read<b>", 1}, {"IndexWrite", 2}}
	b.c.opts.Capacity = func() []Capacity {
		return []Capacity{
			{Namespace: defaultSpace, Table: "calm"}, {Namespace: defaultSpace, Table: "orders", Throttles: []Throttle{{"TableWrite", 4}}},
			{Namespace: defaultSpace, Table: "orders", Index: "a", Throttles: refused}, {Namespace: defaultSpace, Table: "orders", Index: "b", Throttles: refused},
			{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}, Table: "orders", Throttles: []Throttle{{"TableWrite", 99}}},
		}
	}
	id := resource{kindTable, defaultSpace, "orders"}.id()
	for _, page := range []string{Path, home + "tables/"} {
		b.get(page, 200)
		b.says("Throttled, by reason", `data-text="why/`+id+`">4 IndexWrite, 4 TableWrite, 2 Read&lt;b&gt;</td>`, `/calm">–</td>`)
	}
	b.c.opts.Meter.note(resource{kindTable, defaultSpace, "orders"}, outcome{})
	b.get(Path+"live?rows=1", 200)
	b.says(`"texts":{"why/` + id + `":"4 IndexWrite, 4 TableWrite, 2 Read`)
	b.post(Path+"language", url.Values{"language": {"ko"}}, 303)
	b.get(home+"tables/", 200)
	b.says("이유별 제한", "4 IndexWrite, 4 TableWrite")
}

func TestTableCapacity(t *testing.T) {
	b, calls := newHouse(t)
	orders(b)
	at := home + "tables/orders/capacity"
	b.get(at, 200)
	b.says("Key=levee:capacity,Value=enforce")
	insights := false
	b.c.opts.Capacity = func() []Capacity {
		return []Capacity{{Namespace: defaultSpace, Table: "orders", Allowed: [2]float64{10, 20}}, {Namespace: defaultSpace, Table: "others"}}
	}
	b.c.opts.Heat = func(_ api.Namespace, table string) ([]Heat, bool) {
		h := Heat{Limit: [2]float64{3000, 1000}, Partitions: []Partition{{Consumed: [2]float64{0, 60000}}, {From: 1 << 63, Splits: true}}, Insights: insights}
		if insights {
			h.Keys = []HotKeys{{Rule: "heat.pkt", Running: []HotKey{{"{\"id\":{\"S\":\"<script>\"}}", 99}}}}
		}
		return []Heat{h, {Index: "by-who", Partitions: []Partition{{}}}}, table == "orders"
	}
	b.get(at, 200)
	b.says("Partitions: 2", `class="h9"`, "being split", ": by-who", "update-contributor-insights", "0.0 / 20")
	if strings.Contains(b.page, "others") {
		t.Error("the page shows another table")
	}
	b.post(home+"tables/orders/settings/insights", url.Values{"on": {"1"}}, 303)
	if got := b.header.Get("Location"); !strings.HasPrefix(got, at) || calls["UpdateContributorInsights"] != 2 {
		t.Errorf("sent to %s, calls %v", got, calls)
	}
	insights = true
	if b.get(home+"tables/orders/heat", 200); strings.Contains(b.page, "<html") || strings.Contains(b.page, "<script>") {
		t.Error("the part is a whole page, or a key is not escaped")
	}
	b.says("Throttled partition keys", "&lt;script&gt;", "99")
}
