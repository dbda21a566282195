package dynamodb

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"time"

	"github.com/levee-io/levee/internal/api"
	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/kv"
)

// Buckets are where exports go and imports come from. An error that is
// fs.ErrNotExist says that there is no such bucket or object, one that is
// fs.ErrPermission that it must not be used.
type Buckets interface {
	// Put writes an object whole; it is durable when Put returns.
	Put(ctx context.Context, bucket, key string, body []byte) error
	// Open returns an object to be read.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	// List returns the keys that begin with a prefix.
	List(ctx context.Context, bucket, prefix string) iter.Seq2[string, error]
}

const (
	// jobTokenLife is how long the ClientToken of an export or import is
	// remembered (API reference, ExportTableToPointInTime, ImportTable).
	jobTokenLife = 8 * time.Hour
	// jobLife is how long exports and imports are listed (API reference,
	// ListExports, ListImports).
	jobLife = 90 * 24 * time.Hour
)

// export is what the store keeps of an export. It is stored as JSON, and
// immutable.
type export struct {
	ID      string     `json:"id"`
	Request string     `json:"request"` // JSON of the parameters, to recognise a repeat
	Token   string     `json:"token"`
	Status  string     `json:"status"`
	Started time.Time  `json:"started"`
	Ended   time.Time  `json:"ended,omitzero"`
	Table   descriptor `json:"table"`
	Scratch uint64     `json:"scratch"` // number of the rows in which it is prepared

	Bucket    string `json:"bucket"`
	Owner     string `json:"owner,omitempty"`
	Prefix    string `json:"prefix,omitempty"`
	Algorithm string `json:"algorithm,omitempty"`
	Type      string `json:"type,omitempty"` // as the request named it
	KMSKey    string `json:"kmsKey,omitempty"`

	// Time is that of the table that is exported; of an incremental export, From
	// and To. At is the moment that is pinned.
	Time     time.Time `json:"time,omitzero"`
	From     time.Time `json:"from,omitzero"`
	To       time.Time `json:"to,omitzero"`
	View     string    `json:"view,omitempty"` // "" for a full export
	At       moment    `json:"at"`
	Items    int64     `json:"items"`
	Bytes    int64     `json:"bytes"`
	Failure  string    `json:"failure,omitempty"`
	Message  string    `json:"message,omitempty"`
	Manifest string    `json:"manifest,omitempty"` // key
}

func (x *export) id() recordID { return recordID{x.Table.id().ns, x.ID} }

func (x *export) arn() string { return x.Table.arn() + "/export/" + x.ID }

// incremental reports whether the export is of changes.
func (x *export) incremental() bool { return x.View != "" }

// startExport writes an export in the background.
func (e *Engine) startExport(t *table, x *export) {
	e.startWork("export", x.arn(), func() error {
		done := *x
		err := e.writeExport(&done)
		if e.background.ctx.Err() != nil {
			return err
		}
		done.Status, done.Ended = ddb.ExportStatusCompleted, time.Now()
		if err != nil {
			done.Status, done.Manifest = ddb.ExportStatusFailed, ""
			done.Failure, done.Message = failure(err)
			e.log.Error("dynamodb: export failed", "export", x.arn(), "error", err)
		}
		if err := e.finishExport(&done); err != nil {
			return err
		}
		return e.unpin(t, x.At)
	})
}

// finishExport stores the end of an export and deletes what it was prepared in.
func (e *Engine) finishExport(x *export) error {
	b := e.store.NewBatch()
	defer b.Discard()
	erasePrefix(b, itemPrefix(x.Scratch))
	e.exports.stage(b, x.id(), x)
	commit, err := e.store.Apply(b, kv.Sync)
	if err != nil {
		return err
	}
	e.exports.remember(x.id(), x)
	return commit.Wait()
}

var errNoBuckets = errors.New("this server has no buckets: start it with --buckets or --s3-endpoint")

// failure returns the code and the text of what an export or import failed by.
func failure(err error) (code, message string) {
	switch {
	case errors.Is(err, errNoBuckets):
		return "S3NoSuchBucket", err.Error()
	case errors.Is(err, fs.ErrNotExist):
		return "S3NoSuchBucket", "The specified bucket does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "S3AccessDenied", "Access Denied"
	}
	return "UNKNOWN", err.Error()
}

// describe returns an export as answers show it.
func (x *export) describe() *ddb.ExportDescription {
	out := &ddb.ExportDescription{
		ExportArn:      api.Some(x.arn()),
		ExportStatus:   api.Some(x.Status),
		StartTime:      api.Some(x.Started),
		TableArn:       api.Some(x.Table.arn()),
		TableId:        api.Some(x.Table.UUID),
		ClientToken:    api.Some(x.Token),
		S3Bucket:       api.Some(x.Bucket),
		S3BucketOwner:  some(x.Owner),
		S3Prefix:       some(x.Prefix),
		S3SseAlgorithm: some(x.Algorithm),
		S3SseKmsKeyId:  some(x.KMSKey),
		ExportFormat:   api.Some(ddb.ExportFormatDynamodbJson),
		ExportType:     some(x.Type),
		FailureCode:    some(x.Failure),
		FailureMessage: some(x.Message),
		ExportManifest: some(x.Manifest),
	}
	if x.incremental() {
		out.IncrementalExportSpecification = &ddb.IncrementalExportSpecification{
			ExportFromTime: api.Some(x.From), ExportToTime: api.Some(x.To), ExportViewType: api.Some(x.View),
		}
	} else {
		out.ExportTime = api.Some(x.Time)
	}
	if !x.Ended.IsZero() {
		out.EndTime = api.Some(x.Ended)
	}
	if x.Status == ddb.ExportStatusCompleted {
		out.ItemCount, out.BilledSizeBytes = api.Some(x.Items), api.Some(x.Bytes)
	}
	return out
}

// some returns a text, absent if it is empty.
func some(s string) api.Opt[string] { return api.Opt[string]{V: s, OK: s != ""} }

// age says how an export is found again: by its token for some hours, and by its
// name for some months after its end.
func (x *export) age() (token string, started, ended time.Time) { return x.Token, x.Started, x.Ended }
