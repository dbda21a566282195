package levee

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

// Sink is where pipes may lead outside of the server: a SinkFunc, HTTPSink,
// OpenSearchSink, KinesisSink, KafkaSink or FilesSink. docs/pipelines.md says what each
// does, and the defaults of what is zero. Each event comes at least once, with the same
// ID.
type Sink interface {
	declare() sink.Declaration
}

// SinkEvent is what a SinkFunc gets.
type SinkEvent struct {
	// ID is the same whenever the same event comes.
	ID string
	// Data is what the pipe has made of the message or change: JSON, or the text of its
	// template.
	Data []byte
	// Time is when the message was sent or the change was made, zero if that is not
	// known.
	Time time.Time
	// Key is that of the item that changed, or the group of the message; "" if there
	// is none.
	Key string
	// Version grows from change to change of an item; 0 for messages.
	Version uint64
	// Removed says that the change was the removal of the item.
	Removed bool
}

// SinkFunc is a func of this process. It gets at most a hundred events at once, in
// their order, and up to ten batches at a time. It returns nil, or an error for each
// event that is to come again and nil for each that is not; where the source has an
// order, those behind one that failed come again as well.
type SinkFunc func(ctx context.Context, events []SinkEvent) []error

func (f SinkFunc) declare() sink.Declaration {
	return sink.Func(func(ctx context.Context, events []*pipeline.Event, _ bool) []error {
		list := make([]SinkEvent, len(events))
		for i, e := range events {
			list[i] = SinkEvent{ID: e.ID, Data: e.Data, Time: e.Time, Key: sink.Key(e)}
			if c := e.Change; c != nil {
				list[i].Version, list[i].Removed = c.Version, c.Removed
			}
		}
		return f(ctx, list)
	})
}

// HTTPSink is an HTTP endpoint, to which each event is posted.
type HTTPSink struct {
	URL         string
	Headers     map[string]string
	SigningKey  string
	Timeout     time.Duration
	Concurrency int
}

func (s HTTPSink) declare() sink.Declaration { d := sink.HTTP(s); return &d }

// OpenSearchSink is an index of OpenSearch.
type OpenSearchSink struct {
	URL, Index     string
	User, Password string
	// AWS has requests signed instead: its Region and Credentials.
	AWS *aws.Config
	// Service is what they are signed for: "es", which it is if empty, or "aoss".
	Service     string
	Mappings    map[string]any
	Settings    map[string]any
	Timeout     time.Duration
	Concurrency int
}

func (s OpenSearchSink) declare() sink.Declaration {
	return &sink.OpenSearch{
		URL: s.URL, Index: s.Index, User: s.User, Password: s.Password, AWS: signedBy(s.AWS, s.Service),
		Mappings: s.Mappings, Settings: s.Settings, Timeout: s.Timeout, Concurrency: s.Concurrency,
	}
}

// KinesisSink is a stream of Kinesis Data Streams.
type KinesisSink struct {
	// Stream is the name or the ARN of the stream.
	Stream string
	// AWS has the Region, the Credentials and, if it is another one than that of the
	// region, the BaseEndpoint.
	AWS *aws.Config
	// Key is a path in an event, such as $.customer.
	Key string
	// Records may be "dynamodb": changes are then written as DynamoDB writes them to a
	// Kinesis streaming destination.
	Records     string
	Timeout     time.Duration
	Concurrency int
}

func (s KinesisSink) declare() sink.Declaration {
	d := &sink.Kinesis{Stream: s.Stream, Key: s.Key, Records: s.Records, AWS: signedBy(s.AWS, ""), Timeout: s.Timeout, Concurrency: s.Concurrency}
	if s.AWS != nil {
		d.URL = aws.ToString(s.AWS.BaseEndpoint)
	}
	return d
}

func signedBy(cfg *aws.Config, service string) *sink.AWS {
	if cfg == nil {
		return nil
	}
	return &sink.AWS{Region: cfg.Region, Keys: cfg.Credentials, Service: service}
}

// KafkaSink is a topic of Kafka.
type KafkaSink struct {
	Brokers []string // hosts with ports
	Topic   string
	// Key is a path in an event, such as $.customer.
	Key string
	// TLS is for the connections to brokers; nil means that they have none.
	TLS *tls.Config
	// Mechanism of SASL is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty means none.
	Mechanism, User, Password string
	MaxMessageBytes           int64
	Timeout                   time.Duration
	Concurrency               int
}

func (s KafkaSink) declare() sink.Declaration {
	d := &sink.Kafka{Brokers: s.Brokers, Topic: s.Topic, Key: s.Key, MaxMessageBytes: s.MaxMessageBytes, Timeout: s.Timeout, Concurrency: s.Concurrency}
	if s.TLS != nil {
		d.TLS = &sink.KafkaTLS{Config: s.TLS}
	}
	if s.Mechanism != "" {
		d.SASL = &sink.SASL{Mechanism: s.Mechanism, User: s.User, Password: s.Password}
	}
	return d
}

// FilesSink is a directory of files.
type FilesSink struct {
	Dir       string
	Format    string // ndjson or parquet
	Partition string // hour, day or none
	MaxBytes  int64
	MaxAge    time.Duration
	Columns   []SinkColumn // of Parquet files
}

// SinkColumn is a column of Parquet files: what is at a path in an event, if it is of
// the type, which is string, long, double or boolean.
type SinkColumn struct{ Name, Path, Type string }

func (s FilesSink) declare() sink.Declaration {
	d := &sink.Files{Dir: s.Dir, Format: s.Format, Partition: s.Partition, MaxBytes: s.MaxBytes, MaxAge: s.MaxAge}
	for _, c := range s.Columns {
		d.Columns = append(d.Columns, sink.Column(c))
	}
	return d
}

// openSinks opens the sinks of the server; nil if there are none.
func (s *Server) openSinks() (*sink.Set, error) {
	if len(s.Sinks) == 0 {
		return nil, nil
	}
	declared := make(map[string]sink.Declaration, len(s.Sinks))
	for name, one := range s.Sinks {
		if one == nil {
			return nil, fmt.Errorf("sink %s: it is nil", name)
		}
		declared[name] = one.declare()
	}
	return sink.New(declared)
}
