package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestBusyTableIsHeldBack writes to one table from many sides while another is read:
// sooner or later a write waits for others, and none is lost.
func TestBusyTableIsHeldBack(t *testing.T) {
	srv, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close(context.Background())
	a := &asker{t, srv}
	for _, table := range []string{"busy", "calm"} {
		a.json("DynamoDB_20120810.CreateTable", `{"TableName":"`+table+`","BillingMode":"PAY_PER_REQUEST",`+
			`"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`)
	}
	const width, weight = 64, 100 // together more than any number of CPUs and any disk let through at once
	items := 0
	for round := 0; srv.gate.Held() == 0; round++ {
		if round == 20 {
			t.Fatal("no write had to wait")
		}
		var all sync.WaitGroup
		for i := range width {
			var puts []string
			for n := range weight {
				puts = append(puts, fmt.Sprintf(`{"Put":{"TableName":"busy","Item":{"pk":{"S":"%d"}}}}`, items+weight*i+n))
			}
			body := `{"TransactItems":[` + strings.Join(puts, ",") + `]}`
			all.Go(func() {
				a.json("DynamoDB_20120810.GetItem", `{"TableName":"calm","Key":{"pk":{"S":"a"}}}`)
				if out := a.json("DynamoDB_20120810.TransactWriteItems", body); out != "{}" {
					t.Errorf("TransactWriteItems: %s", out)
				}
			})
		}
		all.Wait()
		items += width * weight
	}
	if out := a.json("DynamoDB_20120810.Scan", `{"TableName":"busy","Select":"COUNT"}`); !strings.Contains(out, fmt.Sprintf(`"Count":%d`, items)) {
		t.Errorf("of %d items: %s", items, out)
	}
	r := prometheus.NewRegistry()
	srv.register(r)
	if n, err := testutil.GatherAndCount(r, "levee_requests_held_total"); n != 1 || err != nil {
		t.Errorf("%d series of the metric, %v", n, err)
	}
}
