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
//
// Fail has requests fail, as they sometimes do in production. With EnforceCapacity
// they are throttled as they would be there:
//
//	srv := leveetest.RunT(t, leveetest.EnforceCapacity)
//
// In the bubble of a testing/synctest no capacity comes by itself but while the test
// sleeps, so that what is throttled is the same in every run.
package leveetest

import (
	"log/slog"
	"testing"

	"github.com/levee-io/levee"
)

// Option changes the configuration of a server before it starts.
type Option func(*levee.Server)

// EnforceCapacity is the Option that holds tables to their capacity and FIFO queues to
// their rates.
func EnforceCapacity(s *levee.Server) { s.EnforceCapacity = true }

// RunT returns a server that runs in memory until the test ends. What it logs
// goes to the test's log.
func RunT(t testing.TB, options ...Option) *levee.Server {
	t.Helper()
	srv := &levee.Server{Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, option := range options {
		option(srv)
	}
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

// Fail makes requests to the server fail until the test ends:
//
//	leveetest.Fail(t, srv, levee.Fault{
//		Operation: "TransactWriteItems", Code: "TransactionConflictException", Times: 2,
//	})
//
// If the fault has a number of Times and fewer requests have met it by then, the
// test fails: it did not test what it meant to.
func Fail(t testing.TB, srv *levee.Server, f levee.Fault) {
	t.Helper()
	stop := srv.Fail(f)
	t.Cleanup(func() {
		if n := stop(); n < f.Times {
			t.Errorf("levee: %d requests failed of the %d that were to: %+v", n, f.Times, f)
		}
	})
}
