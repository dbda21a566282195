package fair

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// slowDisk is so slow that nobody has to wait for others.
type slowDisk struct{}

func (slowDisk) Syncs() (uint64, time.Duration) { return 1, time.Minute }
func (slowDisk) ShareSyncs(bool)                {}

// BenchmarkGate is what the gate adds to a request while several tables are in use: all
// that passes its one mutex, as by as many processors as -cpu says.
func BenchmarkGate(b *testing.B) {
	for _, kind := range []struct {
		name string
		in   func(table string) api.Input
	}{{"reads", get}, {"writes", put}} {
		b.Run(kind.name, func(b *testing.B) {
			g := New(slowDisk{})
			done := func(context.Context, *api.Caller, api.Input) (api.Output, error) { return nil, nil }
			ask := g.Wrap([]api.Operation{{Name: "op", Handle: done}})[0].Handle
			var tables atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				list := [2]api.Input{}
				for i := range list {
					list[i] = kind.in(fmt.Sprint("table-", tables.Add(1)))
				}
				for i := 0; pb.Next(); i++ {
					_, _ = ask(context.Background(), &api.Caller{}, list[i%2])
				}
			})
		})
	}
}
