package dynamodb

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path"
	"strconv"
	"strings"
	"time"

	ddb "github.com/levee-io/levee/internal/api/dynamodbapi"
	"github.com/levee-io/levee/internal/attr"
	"github.com/levee-io/levee/internal/kv"
)

// exportFileBytes is about how much a data file holds before it is compressed.
const exportFileBytes = 16 << 20

// writeExport writes all objects of an export, and counts what it wrote. Written
// again, the export has the same objects.
func (e *Engine) writeExport(x *export) error {
	if e.buckets == nil {
		return errNoBuckets
	}
	w := &exportWriter{ctx: e.background.ctx, buckets: e.buckets, x: x}
	if err := w.put(w.key("_started"), nil); err != nil {
		return err
	}
	var err error
	if x.incremental() {
		err = e.writeChanges(w)
	} else {
		err = e.writeItems(w)
	}
	if err != nil {
		return err
	}
	return w.finish(time.Now())
}

// writeItems writes the items of a full export.
func (e *Engine) writeItems(w *exportWriter) error {
	if _, err := e.copyRows(w.x.Table.ID, w.x.Scratch, w.x.At, nil); err != nil {
		return err
	}
	it := e.store.Scan(kv.PrefixRange(itemPrefix(w.x.Scratch)))
	defer it.Close()
	for it.Next() {
		size, err := attr.SizeEncoded(it.Value())
		if err != nil {
			return err
		}
		line := append(w.line[:0], `{"Item":`...)
		line = attr.EncodedItem(it.Value()).AppendJSON(line)
		w.line = append(line, "}\n"...)
		if err := w.writeLine(size); err != nil {
			return err
		}
	}
	return it.Err()
}

// exportWriter writes the data files and manifests of one export.
type exportWriter struct {
	ctx     context.Context
	buckets Buckets
	x       *export
	line    []byte // the next line

	body  bytes.Buffer // the data file that is being written, compressed
	zip   *gzip.Writer // nil between two files
	raw   int          // bytes before compression
	items int64
	files []byte // manifest-files.json
	count int    // of files
}

// key returns the key of an object of the export's own.
func (w *exportWriter) key(name string) string {
	return path.Join(w.x.Prefix, "AWSDynamoDB", w.x.ID, name)
}

// dataKey returns the key of a data file. Those of incremental exports have a
// folder in common.
func (w *exportWriter) dataKey(n int) string {
	sum := sha256.Sum256([]byte(w.x.arn() + strconv.Itoa(n)))
	name := "data/" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:26]) + ".json.gz"
	if w.x.incremental() {
		return path.Join(w.x.Prefix, "AWSDynamoDB", name)
	}
	return w.key(name)
}

func (w *exportWriter) put(key string, body []byte) error {
	return w.buckets.Put(w.ctx, w.x.Bucket, key, body)
}

// writeLine adds the line to the data file. size is that of its item, as the
// service counts it.
func (w *exportWriter) writeLine(size int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	w.begin()
	if _, err := w.zip.Write(w.line); err != nil {
		return err
	}
	w.items++
	w.x.Items++
	w.x.Bytes += int64(size)
	if w.raw += len(w.line); w.raw < exportFileBytes {
		return nil
	}
	return w.endFile()
}

func (w *exportWriter) begin() {
	if w.zip == nil {
		w.zip = gzip.NewWriter(&w.body)
	}
}

// endFile writes the data file, and its line of the manifest.
func (w *exportWriter) endFile() error {
	if err := w.zip.Close(); err != nil {
		return err
	}
	key, sum := w.dataKey(w.count), md5.Sum(w.body.Bytes())
	if err := w.put(key, w.body.Bytes()); err != nil {
		return err
	}
	line, err := json.Marshal(struct {
		ItemCount   int64  `json:"itemCount"`
		MD5Checksum string `json:"md5Checksum"`
		ETag        string `json:"etag"`
		DataFile    string `json:"dataFileS3Key"`
	}{w.items, base64.StdEncoding.EncodeToString(sum[:]), hex.EncodeToString(sum[:]) + "-1", key})
	if err != nil {
		return err
	}
	w.files = append(append(w.files, line...), '\n')
	w.count++
	w.zip, w.items, w.raw = nil, 0, 0
	w.body.Reset()
	return nil
}

// finish writes the last data file, if there is only an empty one, and the
// manifests with their checksums.
func (w *exportWriter) finish(now time.Time) error {
	if w.zip != nil || w.count == 0 {
		w.begin()
		if err := w.endFile(); err != nil {
			return err
		}
	}
	if err := w.manifest("manifest-files", w.files); err != nil {
		return err
	}
	summary, err := json.Marshal(w.summary(now))
	if err != nil {
		return err
	}
	w.x.Manifest = w.key("manifest-summary.json")
	return w.manifest("manifest-summary", summary)
}

func (w *exportWriter) manifest(name string, text []byte) error {
	if err := w.put(w.key(name+".json"), text); err != nil {
		return err
	}
	sum := md5.Sum(text)
	return w.put(w.key(name+".md5"), []byte(base64.StdEncoding.EncodeToString(sum[:])))
}

// exportSummary is manifest-summary.json.
type exportSummary struct {
	Version   string  `json:"version"`
	ExportARN string  `json:"exportArn"`
	Started   string  `json:"startTime"`
	Ended     string  `json:"endTime"`
	TableARN  string  `json:"tableArn"`
	TableID   string  `json:"tableId"`
	Time      string  `json:"exportTime,omitempty"`
	From      string  `json:"exportFromTime,omitempty"`
	To        string  `json:"exportToTime,omitempty"`
	Bucket    string  `json:"s3Bucket"`
	Prefix    *string `json:"s3Prefix"`
	Algorithm string  `json:"s3SseAlgorithm"`
	KMSKey    *string `json:"s3SseKmsKeyId"`
	Files     string  `json:"manifestFilesS3Key"`
	Bytes     int64   `json:"billedSizeBytes"`
	Items     int64   `json:"itemCount"`
	Format    string  `json:"outputFormat"`
	View      string  `json:"outputView,omitempty"`
	Type      string  `json:"exportType,omitempty"`
}

func (w *exportWriter) summary(now time.Time) *exportSummary {
	x := w.x
	s := &exportSummary{
		Version: "2020-06-30", ExportARN: x.arn(), Started: isoTime(x.Started), Ended: isoTime(now),
		TableARN: x.Table.arn(), TableID: x.Table.UUID, Bucket: x.Bucket, Prefix: orNull(x.Prefix),
		Algorithm: ddb.S3SseAlgorithmAes256, KMSKey: orNull(x.KMSKey), Files: w.key("manifest-files.json"),
		Bytes: x.Bytes, Items: x.Items, Format: ddb.ExportFormatDynamodbJson,
	}
	if x.Algorithm != "" {
		s.Algorithm = x.Algorithm
	}
	if !x.incremental() {
		s.Time = isoTime(x.Time)
		return s
	}
	s.Version, s.From, s.To = "2023-08-01", isoTime(x.From), isoTime(x.To)
	s.View, s.Type = x.View, ddb.ExportTypeIncrementalExport
	return s
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
