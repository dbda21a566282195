// Package leveetest gives a test its own tables and queues in one line:
//
//	func TestOrder(t *testing.T) {
//		srv := leveetest.RunT(t)
//		db := dynamodb.NewFromConfig(srv.AWSConfig())
//		store := orders.NewStore(db) // your code
//		store.Place(t.Context(), "order-1")
//	}
//
// A server starts in well under a millisecond and shares nothing with others, so
// each test, and each parallel subtest, can have its own. It opens no socket;
// where one is needed, as for a program in another process, there is
// httptest.NewServer(srv.Handler()).
package leveetest

import (
	"log/slog"
	"testing"

	"github.com/levee-io/levee"
)

// RunT returns a server that runs in memory until the test ends. What it logs
// goes to the test's log.
func RunT(t testing.TB) *levee.Server {
	t.Helper()
	srv := &levee.Server{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if err := srv.Start(); err != nil {
		t.Fatalf("start levee: %v", err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Errorf("close levee: %v", err)
		}
	})
	return srv
}
