package sink_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/levee-io/levee/internal/pipeline"
)

func newKafka(t *testing.T, opts ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(3, "orders"))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()[0]
}

// consumed reads n records of the topic.
func consumed(t *testing.T, address string, n int, opts ...kgo.Opt) []*kgo.Record {
	t.Helper()
	c, err := kgo.NewClient(append(opts, kgo.SeedBrokers(address), kgo.ConsumeTopics("orders"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var list []*kgo.Record
	for len(list) < n {
		got := c.PollFetches(ctx)
		if err := got.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, got.Records()...)
	}
	return list
}

func header(r *kgo.Record, name string) string {
	for _, h := range r.Headers {
		if h.Key == name {
			return string(h.Value)
		}
	}
	return ""
}

// Records have the keys of events, so that those of a key are in one partition, in
// order, and the ids as headers.
func TestKafka(t *testing.T) {
	_, address := newKafka(t)
	s := read(t, fmt.Sprintf(`s: {kafka: {brokers: ["%s"], topic: orders}}`, address))
	var list []*pipeline.Event
	for i := range 100 {
		list = append(list, inGroup(fmt.Sprint("g", i%7), fmt.Sprintf("%02d", i)))
	}
	sent := time.UnixMilli(1700000000123)
	c := change(t, 9, `{"id":{"S":"a"}}`, "")
	c.Time = sent
	if errs := s.Put(t.Context(), append(list, c, inGroup("", "alone")), true); errs != nil {
		t.Fatal(errs)
	}
	byKey := map[string][]string{}
	for _, r := range consumed(t, address, 102) {
		byKey[string(r.Key)] = append(byKey[string(r.Key)], string(r.Value))
		switch string(r.Key) {
		case "a":
			if header(r, "levee-id") != "e9" || header(r, "levee-version") != "9" || !r.Timestamp.Equal(sent) {
				t.Errorf("record %+v", r)
			}
		case "":
			if r.Key != nil || string(r.Value) != "alone" {
				t.Errorf("record %+v", r)
			}
		default:
			if header(r, "levee-id") != "id-"+string(r.Value) {
				t.Errorf("record %+v", r)
			}
		}
	}
	for key, values := range byKey {
		if !slices.IsSorted(values) {
			t.Errorf("%s has %v", key, values)
		}
	}
	if len(byKey) != 9 {
		t.Errorf("keys %v", byKey)
	}
}

// A broker that is not the leader, or lost the answer, does not make records twice;
// one that answers nothing ends the batch, and what is too large fails alone, or where
// there is an order with what is behind it.
func TestKafkaTrouble(t *testing.T) {
	cluster, address := newKafka(t)
	s := read(t, fmt.Sprintf(`s: {kafka: {brokers: ["%s"], topic: orders, timeout: 2s}}`, address))
	refusals := 2
	cluster.ControlKey(int16(kmsg.Produce), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if refusals--; refusals < 0 {
			return nil, nil, false
		}
		in := req.(*kmsg.ProduceRequest)
		out := in.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range in.Topics {
			one := kmsg.ProduceResponseTopic{Topic: topic.Topic, TopicID: topic.TopicID}
			for _, p := range topic.Partitions {
				one.Partitions = append(one.Partitions, kmsg.ProduceResponseTopicPartition{Partition: p.Partition, ErrorCode: kerr.NotEnoughReplicas.Code})
			}
			out.Topics = append(out.Topics, one)
		}
		return out, nil, true
	})
	if errs := s.Put(t.Context(), []*pipeline.Event{inGroup("g", "1"), inGroup("g", "2")}, true); errs != nil {
		t.Fatal(errs)
	}
	if got := failed(s.Put(t.Context(), []*pipeline.Event{inGroup("h", strings.Repeat("x", 2<<20)), inGroup("g", "3")}, false), 2); got != "x-" {
		t.Errorf("beside what is too large: %s", got)
	}
	large := []*pipeline.Event{inGroup("g", strings.Repeat("x", 2<<20)), inGroup("g", "behind")}
	if got := failed(s.Put(t.Context(), large, true), 2); got != "xx" {
		t.Errorf("in order, behind what is too large: %s", got)
	}
	if errs := s.Put(t.Context(), []*pipeline.Event{inGroup("g", strings.Repeat("x", 400<<10)), inGroup("g", "4")}, true); errs != nil {
		t.Error(errs)
	}
	if list := consumed(t, address, 5); len(list) != 5 || string(list[4].Value) != "4" || string(list[0].Value)+string(list[1].Value)+string(list[2].Value) != "123" {
		t.Errorf("records %v", list)
	}
	cluster.Close()
	if got := failed(s.Put(t.Context(), []*pipeline.Event{inGroup("g", "5")}, true), 1); got != "x" {
		t.Error("nobody has taken a record")
	}
}

// A password that is wrong is not told.
func TestKafkaSASL(t *testing.T) {
	_, address := newKafka(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "levee", "value of P"))
	const text = `s: {kafka: {brokers: ["%s"], topic: orders, timeout: 1s, sasl: {mechanism: SCRAM-SHA-256, user: levee, password: %s}}}`
	if errs := read(t, fmt.Sprintf(text, address, "$P")).Put(t.Context(), events("1"), true); errs != nil {
		t.Fatal(errs)
	}
	errs := read(t, fmt.Sprintf(text, address, "wrong")).Put(t.Context(), events("1"), true)
	if errs == nil || strings.Contains(errs[0].Error(), "wrong") {
		t.Errorf("with another password: %v", errs)
	}
}

// A broker is known by its certificate, and the client by its own.
func TestKafkaTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // has a certificate for 127.0.0.1
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	_, address := newKafka(t, kfake.TLS(&tls.Config{Certificates: web.TLS.Certificates, ClientCAs: roots, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12}))
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(web.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: web.Certificate().Raw}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for more, want := range map[string]string{
		fmt.Sprintf("ca: %[1]s/cert, cert: %[1]s/cert, key: %[1]s/key", dir):                          "-",
		fmt.Sprintf("cert: %[1]s/cert, key: %[1]s/key", dir):                                          "x", // its certificate is not of a known root
		fmt.Sprintf("ca: %[1]s/cert, cert: %[1]s/cert, key: %[1]s/key, server_name: other.host", dir): "x",
		fmt.Sprintf("ca: %s/cert", dir):                                                               "x",
	} {
		s := read(t, fmt.Sprintf(`s: {kafka: {brokers: ["%s"], topic: orders, timeout: 1s, tls: {%s}}}`, address, more))
		if got := failed(s.Put(t.Context(), events("1"), true), 1); got != want {
			t.Errorf("%s: %s", more, got)
		}
	}
}
