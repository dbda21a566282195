package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/levee-io/levee/internal/pipeline"
)

const (
	kafkaBatch = 1000
	// usualMessage is the largest message that a broker takes unless it is told
	// otherwise (message.max.bytes).
	usualMessage = 1048588
	// maxKafkaAnswer is the longest answer of a broker, in bytes.
	maxKafkaAnswer = 16 << 20
	// newLeader is how long after one question for the leader of a partition there may
	// be another.
	newLeader = time.Second / 4
)

// Headers of a record: the id of its event, and the version of its change.
const (
	headerID      = "levee-id"
	headerVersion = "levee-version"
)

// Kafka declares a topic.
type Kafka struct {
	Brokers     []string      `yaml:"brokers"` // hosts with ports
	Topic       string        `yaml:"topic"`
	Key         string        `yaml:"key"`     // path in an event
	Timeout     time.Duration `yaml:"timeout"` // of a batch
	Concurrency int           `yaml:"concurrency"`
	// MaxMessageBytes is that of the topic.
	MaxMessageBytes int64     `yaml:"max_message_bytes"`
	TLS             *KafkaTLS `yaml:"tls"` // nil: none
	SASL            *SASL     `yaml:"sasl"`
}

// KafkaTLS is how brokers are known, and who this client is: PEM files. Without CA
// the roots of the system count.
type KafkaTLS struct {
	CA         string `yaml:"ca"`
	Cert       string `yaml:"cert"`
	Key        string `yaml:"key"`
	ServerName string `yaml:"server_name"`
	// Config is, instead, all of it.
	Config *tls.Config `yaml:"-"`
}

// SASL is who a client says to be: with PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
type SASL struct {
	Mechanism string `yaml:"mechanism"`
	User      string `yaml:"user"`
	Password  string `yaml:"password"`
}

// kafka is a topic, to which events are written by an idempotent producer that waits
// for all replicas in sync.
type kafka struct {
	topic      string
	keys       keys
	timeout    time.Duration
	concurrent int
	largest    int // bytes of a message
	secrets    []string
	client     *kgo.Client
}

// resolve implements Declaration.
func (o *Kafka) resolve(env Env) error {
	if o.SASL == nil {
		return nil
	}
	return env.resolve(&o.SASL.Password)
}

// open implements Declaration. Nothing is asked of a broker before the first event.
func (o *Kafka) open() (closing, error) {
	if len(o.Brokers) == 0 || o.Topic == "" {
		return nil, errors.New("it needs brokers and a topic")
	}
	s := &kafka{topic: o.Topic}
	var err error
	if s.keys, err = newKeys(o.Key); err != nil {
		return nil, err
	}
	if s.timeout, err = within("timeout", o.Timeout, 3*defaultTimeout, time.Second, maxTimeout); err != nil {
		return nil, err
	}
	if s.concurrent, err = within("concurrency", o.Concurrency, 4, 1, 100); err != nil {
		return nil, err
	}
	largest, err := within("max_message_bytes", o.MaxMessageBytes, usualMessage, 1<<10, 64<<20)
	if err != nil {
		return nil, err
	}
	s.largest = int(largest)
	opts := []kgo.Opt{
		kgo.SeedBrokers(o.Brokers...), kgo.ClientID("levee"), kgo.DisableClientMetrics(), kgo.BrokerMaxReadBytes(maxKafkaAnswer), kgo.FetchMaxBytes(maxKafkaAnswer),
		kgo.DefaultProduceTopicAlways(), kgo.DefaultProduceTopic(o.Topic), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(int32(largest)), kgo.ProducerLinger(0), kgo.RecordDeliveryTimeout(s.timeout),
		// What is cancelled comes again by the pipe, so it may be there twice anyway;
		// a broker that hangs must not hold a batch for ever.
		kgo.AllowIdempotentProduceCancellation(),
		kgo.MetadataMinAge(newLeader),
	}
	if o.SASL != nil {
		s.secrets = []string{o.SASL.Password}
		mechanism, err := o.SASL.mechanism()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(mechanism))
	}
	if o.TLS != nil {
		cfg, err := o.TLS.config()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.DialTLSConfig(cfg))
	}
	s.client, err = kgo.NewClient(opts...)
	return s, err
}

func (o *SASL) mechanism() (sasl.Mechanism, error) {
	if o.User == "" || o.Password == "" {
		return nil, errors.New("sasl needs a user and a password")
	}
	switch o.Mechanism {
	case "PLAIN":
		return plain.Auth{User: o.User, Pass: o.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: o.User, Pass: o.Password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: o.User, Pass: o.Password}.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("the mechanism must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, not %q", o.Mechanism)
}

func (o *KafkaTLS) config() (*tls.Config, error) {
	if o.Config != nil {
		return o.Config, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.ServerName}
	if o.CA != "" {
		text, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", o.CA)
		}
	}
	if o.Cert != "" || o.Key != "" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// Limits implements pipeline.Sink.
func (s *kafka) Limits() pipeline.SinkLimits {
	return pipeline.SinkLimits{Batch: kafkaBatch, Concurrent: s.concurrent}
}

// Put implements pipeline.Sink. What fails in a partition fails with all that was to
// follow it there, but for what is too large: where events are in order, nothing is
// sent behind one that may be before it is taken.
func (s *kafka) Put(ctx context.Context, events []*pipeline.Event, ordered bool) []error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	records := make([]*kgo.Record, len(events))
	for i, e := range events {
		records[i] = s.record(e)
	}
	errs := make([]error, len(events))
	for begin, end := 0, 0; begin < len(records); begin = end {
		for end < len(records) && (end == begin || !ordered || !s.isLarge(records[end-1])) {
			end++
		}
		if err := s.produce(ctx, records[begin:end], errs[begin:end]); err != nil && ordered {
			all(errs[end:], err)
			break
		}
	}
	if errors.Join(errs...) == nil {
		return nil
	}
	return errs
}

// isLarge reports whether a record may be too large for a broker; what it adds to them
// is little.
func (s *kafka) isLarge(r *kgo.Record) bool {
	size := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		size += len(h.Key) + len(h.Value)
	}
	return size > s.largest/2
}

// produce sends records, sets their errors, and returns one of them.
func (s *kafka) produce(ctx context.Context, records []*kgo.Record, errs []error) (failed error) {
	index := make(map[*kgo.Record]int, len(records))
	for i, r := range records {
		index[r] = i
	}
	for _, r := range s.client.ProduceSync(ctx, records...) {
		if r.Err != nil {
			failed = errors.New(hide(r.Err.Error(), s.secrets))
			errs[index[r.Record]] = failed
		}
	}
	return failed
}

// record is the record of an event. One without a key goes to any partition.
func (s *kafka) record(e *pipeline.Event) *kgo.Record {
	r := &kgo.Record{Value: e.Data, Timestamp: e.Time, Headers: []kgo.RecordHeader{{Key: headerID, Value: []byte(e.ID)}}}
	if key := s.keys.of(e); key != "" {
		r.Key = []byte(key)
	}
	if e.Change != nil && e.Change.Version > 0 {
		r.Headers = append(r.Headers, kgo.RecordHeader{Key: headerVersion, Value: strconv.AppendUint(nil, e.Change.Version, 10)})
	}
	return r
}

// Close implements closing.
func (s *kafka) Close() error {
	s.client.Close()
	return nil
}
