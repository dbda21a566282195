package conformance_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/levee-io/levee/internal/conformance"
	"github.com/levee-io/levee/internal/server"
)

// serve starts an engine in memory and says how to reach it.
func serve(t *testing.T) conformance.Config {
	t.Helper()
	srv, err := server.Open(server.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conformance.Config{
		Endpoint: "http://" + addr.String(), Region: "us-east-1", Patience: 10 * time.Second,
		Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", ""),
	}
}

// The engine answers as the services do.
func TestConformance(t *testing.T) {
	suite, err := conformance.Load(conformance.Cases())
	if err != nil {
		t.Fatal(err)
	}
	rep, err := suite.Run(t.Context(), serve(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rep.Results {
		if !r.OK {
			t.Errorf("%s", r)
		}
	}
	t.Logf("%d cases of %d operations", rep.Total, len(rep.Operations))
}
