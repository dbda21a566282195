package dynamodb

import (
	"context"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// tableImport is what the store keeps of an import. It is stored as JSON, and
// immutable.
type tableImport struct {
	ID        string               `json:"id"`
	Request   ddb.ImportTableInput `json:"request"`
	Token     string               `json:"token"`
	Status    string               `json:"status"`
	Started   time.Time            `json:"started"`
	Ended     time.Time            `json:"ended,omitzero"`
	Table     descriptor           `json:"table"`
	Bytes     int64                `json:"bytes"` // that were read, uncompressed
	Processed int64                `json:"processed"`
	Imported  int64                `json:"imported"`
	Errors    int64                `json:"errors"`
	Failure   string               `json:"failure,omitempty"`
	Message   string               `json:"message,omitempty"`
}

func (m *tableImport) id() recordID { return recordID{m.Table.id().ns, m.ID} }

func (m *tableImport) arn() string { return m.Table.arn() + "/import/" + m.ID }

// age says how an import is found again, as that of an export does.
func (m *tableImport) age() (token string, started, ended time.Time) {
	return m.Token, m.Started, m.Ended
}

// startImport fills a table from a bucket in the background. If the bucket cannot
// be read the table remains, with what had been read.
func (e *Engine) startImport(t *table, m *tableImport) {
	e.startWork("import", m.arn(), func() error {
		done := *m
		err := e.readImport(t, &done)
		if e.background.ctx.Err() != nil {
			return err
		}
		done.Status = ddb.ImportStatusCompleted
		if err != nil {
			done.Status = ddb.ImportStatusFailed
			done.Failure, done.Message = failure(err)
			e.log.Error("dynamodb: import failed", "import", m.arn(), "error", err)
		}
		sum, err := e.totalOf(itemPrefix(t.id), t.current.Load().slim())
		if err != nil {
			return err
		}
		return e.open(t, sum, func(b kv.Batch) {
			done.Ended = time.Now()
			e.imports.stage(b, done.id(), &done)
		}, func() { e.imports.remember(done.id(), &done) })
	})
}

// describe returns an import as answers show it.
func (m *tableImport) describe() ddb.ImportTableDescription {
	in := &m.Request
	out := ddb.ImportTableDescription{
		ImportArn: api.Some(m.arn()), ImportStatus: api.Some(m.Status),
		TableArn: api.Some(m.Table.arn()), TableId: api.Some(m.Table.UUID),
		ClientToken: api.Some(m.Token), S3BucketSource: in.S3BucketSource,
		ErrorCount: api.Some(m.Errors), InputFormat: in.InputFormat, InputFormatOptions: in.InputFormatOptions,
		InputCompressionType:    api.Some(in.InputCompressionType.Or(ddb.InputCompressionTypeNone)),
		TableCreationParameters: in.TableCreationParameters,
		StartTime:               api.Some(m.Started),
		ProcessedSizeBytes:      api.Some(m.Bytes), ProcessedItemCount: api.Some(m.Processed), ImportedItemCount: api.Some(m.Imported),
		FailureCode: some(m.Failure), FailureMessage: some(m.Message),
	}
	if !m.Ended.IsZero() {
		out.EndTime = api.Some(m.Ended)
	}
	return out
}

// readImport reads all objects of an import into the items of its table, and
// counts. An item with the key of one before takes its place.
func (e *Engine) readImport(t *table, m *tableImport) error {
	if e.buckets == nil {
		return errNoBuckets
	}
	w := e.newBulk()
	defer w.discard()
	erasePrefix(w.batch, itemPrefix(t.id))
	erasePrefix(w.batch, tableIndexPrefix(t.id))
	r := &importReader{w: w, v: t.current.Load(), m: m}
	from := m.Request.S3BucketSource
	for key, err := range e.buckets.List(e.background.ctx, from.S3Bucket.V, from.S3KeyPrefix.V) {
		if err == nil {
			err = e.readObject(e.background.ctx, r, key)
		}
		if err != nil {
			return err
		}
	}
	return w.flush()
}

func (e *Engine) readObject(ctx context.Context, r *importReader, key string) error {
	object, err := e.buckets.Open(ctx, r.m.Request.S3BucketSource.S3Bucket.V, key)
	if err != nil {
		return err
	}
	defer object.Close()
	return r.read(object)
}
