package dynamodb

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// memBuckets is one bucket, "bucket", in memory.
type memBuckets struct {
	mu      sync.Mutex
	objects map[string][]byte // guarded by mu
	stalled chan struct{}     // Put waits until it is closed, unless nil
}

func newBuckets() *memBuckets { return &memBuckets{objects: map[string][]byte{}} }

func (m *memBuckets) Put(ctx context.Context, bucket, key string, body []byte) error {
	if m.stalled != nil {
		select {
		case <-m.stalled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch bucket {
	case "bucket":
		m.objects[key] = bytes.Clone(body)
		return nil
	case "locked":
		return fs.ErrPermission
	}
	return fs.ErrNotExist
}

func (m *memBuckets) Open(_ context.Context, _, key string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, ok := m.objects[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

func (m *memBuckets) List(_ context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if bucket != "bucket" {
			yield("", fs.ErrNotExist)
			return
		}
		for _, key := range m.keys(prefix) {
			if !yield(key, nil) {
				return
			}
		}
	}
}

func (m *memBuckets) keys(prefix string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(func(yield func(string) bool) {
		for key := range m.objects {
			if strings.HasPrefix(key, prefix) && !yield(key) {
				return
			}
		}
	})
}

// withBuckets runs a test in a bubble, on an engine with buckets.
func withBuckets(t *testing.T, test func(h *harness, m *memBuckets)) {
	synctest.Test(t, func(t *testing.T) {
		m := newBuckets()
		test(newEngineWith(t, Options{Buckets: m}), m)
	})
}

const richARN = "arn:aws:dynamodb:us-east-1:000000000000:table/rich"

// exportAnswer is what the tests look at of an export.
type exportAnswer struct {
	ExportDescription struct {
		ExportArn, ExportStatus, FailureCode, FailureMessage, ExportManifest, ClientToken string
		ItemCount                                                                         int
	}
}

// export exports the table rich, and waits until it is done.
func (h *harness) export(rest string) (out exportAnswer) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.mustDo("ExportTableToPointInTime", `{"TableArn":"`+richARN+`","S3Bucket":"bucket"`+rest+`}`)), &out); err != nil {
		h.t.Fatal(err)
	}
	if out.ExportDescription.ExportStatus != "IN_PROGRESS" {
		h.t.Errorf("export: %+v", out)
	}
	synctest.Wait()
	return h.exported(out.ExportDescription.ExportArn)
}

func (h *harness) exported(arn string) (out exportAnswer) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.mustDo("DescribeExport", fmt.Sprintf(`{"ExportArn":%q}`, arn))), &out); err != nil {
		h.t.Fatal(err)
	}
	return out
}

// lines returns the lines of all data files of an export, after a check of what
// the manifests say.
func (m *memBuckets) lines(t testing.TB, x exportAnswer) (lines []string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	var summary struct {
		ManifestFilesS3Key string
		ItemCount          int
	}
	manifest := x.ExportDescription.ExportManifest
	m.verify(t, manifest)
	if err := json.Unmarshal(m.objects[manifest], &summary); err != nil {
		t.Fatalf("%s: %v", manifest, err)
	}
	m.verify(t, summary.ManifestFilesS3Key)
	counted := 0
	for line := range bytes.Lines(m.objects[summary.ManifestFilesS3Key]) {
		var file struct {
			ItemCount                  int
			DataFileS3Key, MD5Checksum string
		}
		if err := json.Unmarshal(line, &file); err != nil {
			t.Fatal(err)
		}
		body := m.objects[file.DataFileS3Key]
		if sum := md5.Sum(body); base64.StdEncoding.EncodeToString(sum[:]) != file.MD5Checksum {
			t.Errorf("checksum of %s", file.DataFileS3Key)
		}
		zip, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(zip); s.Scan(); {
			lines = append(lines, s.Text())
		}
		counted += file.ItemCount
	}
	if counted != len(lines) || summary.ItemCount != counted || x.ExportDescription.ItemCount != counted {
		t.Errorf("%d lines, counted %d, %d, %d", len(lines), counted, summary.ItemCount, x.ExportDescription.ItemCount)
	}
	slices.Sort(lines)
	return lines
}

func (m *memBuckets) verify(t testing.TB, key string) {
	t.Helper()
	sum := md5.Sum(m.objects[key])
	if got := string(m.objects[strings.TrimSuffix(key, ".json")+".md5"]); got != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Errorf("checksum of %s: %s", key, got)
	}
}

func exportedItems(items []string) (lines []string) {
	for _, item := range items {
		lines = append(lines, `{"Item":`+item+`}`)
	}
	slices.Sort(lines)
	return lines
}

func TestExport(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		rng := rand.New(rand.NewPCG(1, 9))
		h.mustDo("CreateTable", richTable)
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		for range 30 {
			h.writeRandom(rng)
		}
		then, at := h.all("rich", ""), time.Now().Add(time.Second)
		time.Sleep(2 * time.Second)
		for range 30 {
			h.writeRandom(rng)
		}
		now := h.export(`,"S3Prefix":"some/prefix"`)
		if now.ExportDescription.ExportStatus != "COMPLETED" || !strings.HasPrefix(now.ExportDescription.ExportManifest, "some/prefix/AWSDynamoDB/") {
			t.Errorf("%+v", now)
		}
		if got, want := m.lines(t, now), exportedItems(h.all("rich", "")); !slices.Equal(got, want) {
			t.Errorf("present\n got %v\nwant %v", got, want)
		}
		time.Sleep(time.Second)
		past := h.export(fmt.Sprintf(`,"ExportTime":%d`, at.Unix()))
		if got, want := m.lines(t, past), exportedItems(then); !slices.Equal(got, want) {
			t.Errorf("past\n got %v\nwant %v", got, want)
		}
		id := past.ExportDescription.ExportArn[len(richARN+"/export/"):]
		var names []string
		for _, key := range m.keys("AWSDynamoDB/" + id) {
			name := key[len("AWSDynamoDB/"+id+"/"):]
			if strings.HasPrefix(name, "data/") && strings.HasSuffix(name, ".json.gz") {
				name = "data/*.json.gz"
			}
			names = append(names, name)
		}
		if want := []string{"_started", "data/*.json.gz", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5"}; !slices.Equal(names, want) {
			t.Errorf("%v", names)
		}
		list := h.mustDo("ListExports", `{"MaxResults":1}`)
		if !strings.Contains(list, now.ExportDescription.ExportArn) || strings.Contains(list, id) {
			t.Errorf("first page: %s", list)
		}
		var page struct{ NextToken string }
		if err := json.Unmarshal([]byte(list), &page); err != nil {
			t.Error(err)
		}
		h.expect("ListExports", fmt.Sprintf(`{"NextToken":%q}`, page.NextToken), fmt.Sprintf(`{"ExportSummaries":[{"ExportArn":%q,"ExportStatus":"COMPLETED","ExportType":"FULL_EXPORT"}]}`, past.ExportDescription.ExportArn))
		if err := h.forgetHistoryAt(time.Now().Add(jobLife + time.Second)); err != nil {
			t.Error(err)
		}
		h.expect("ListExports", `{}`, `{"ExportSummaries":[]}`)
	})
}

// An incremental export says of each item that changed what it was and what it
// became; a model of the table says the same.
func TestIncrementalExport(t *testing.T) {
	withBuckets(t, func(h *harness, m *memBuckets) {
		rng := rand.New(rand.NewPCG(2, 3))
		h.mustDo("CreateTable", richTable)
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		looks := []map[string]string{}
		start := time.Now().Add(time.Minute / 2)
		for range 8 {
			for range 8 {
				h.writeRandom(rng)
			}
			looks = append(looks, h.byKey())
			time.Sleep(15 * time.Minute)
		}
		for from := range 5 {
			for _, view := range []string{"NEW_IMAGE", "NEW_AND_OLD_IMAGES"} {
				to := from + 1 + rng.IntN(3)
				x := h.export(fmt.Sprintf(`,"ExportType":"INCREMENTAL_EXPORT","IncrementalExportSpecification":{"ExportFromTime":%d,"ExportToTime":%d,"ExportViewType":%q}`,
					start.Add(time.Duration(from)*15*time.Minute).Unix(), start.Add(time.Duration(to)*15*time.Minute).Unix(), view))
				checkChanges(t, m.lines(t, x), looks[from], looks[to], view == "NEW_AND_OLD_IMAGES")
			}
		}
		h.mustDo("UpdateContinuousBackups", recoveryOff)
		h.checkNoUndo()
	})
}

// byKey returns the items of the table rich by the JSON of their keys.
func (h *harness) byKey() map[string]string {
	items := map[string]string{}
	for _, text := range h.all("rich", "") {
		var item map[string]map[string]any
		if err := json.Unmarshal([]byte(text), &item); err != nil {
			h.t.Fatal(err)
		}
		items[fmt.Sprintf(`{"a":{"S":"%s"},"b":{"N":"%s"}}`, item["a"]["S"], item["b"]["N"])] = text
	}
	return items
}

// checkChanges checks the records of an export against what the table was before
// and after. An item may have a record though it is the same again.
func checkChanges(t *testing.T, lines []string, before, after map[string]string, both bool) {
	t.Helper()
	changed := map[string]bool{}
	for _, line := range lines {
		var r struct{ Metadata, Keys, OldImage, NewImage json.RawMessage }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		key, old := string(r.Keys), before[string(r.Keys)]
		if !both {
			old = ""
		}
		if changed[key] || string(r.NewImage) != after[key] || string(r.OldImage) != old || !strings.Contains(string(r.Metadata), `{"WriteTimestampMicros":{"N":"`) {
			t.Errorf("%s\nwas %s\nis %s", line, before[key], after[key])
		}
		changed[key] = true
	}
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for key := range keys {
		if before[key] != after[key] && !changed[key] {
			t.Errorf("%s changed from %s to %s, which is not exported", key, before[key], after[key])
		}
	}
}

func TestExportRefusals(t *testing.T) {
	withBuckets(t, func(h *harness, _ *memBuckets) {
		h.mustDo("CreateTable", richTable)
		request := func(rest string) string { return `{"TableArn":"` + richARN + `","S3Bucket":"bucket"` + rest + `}` }
		h.fails("ExportTableToPointInTime", request(``), "PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'rich'")
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		h.fails("ExportTableToPointInTime", strings.Replace(request(``), "rich", "none", 1), "TableNotFoundException: Table not found: "+strings.Replace(richARN, "rich", "none", 1))
		h.fails("ExportTableToPointInTime", request(fmt.Sprintf(`,"ExportTime":%d`, time.Now().Add(-time.Hour).Unix())), "InvalidExportTimeException: Export Time is invalid")
		h.refused("ExportTableToPointInTime", request(`,"ExportFormat":"ION"`), "Levee does not support the parameter ExportFormat ION yet")
		first := h.export(`,"ClientToken":"token"`)
		again := h.mustDo("ExportTableToPointInTime", request(`,"ClientToken":"token"`))
		if !strings.Contains(again, first.ExportDescription.ExportArn) {
			t.Errorf("again: %s", again)
		}
		h.fails("ExportTableToPointInTime", request(`,"ClientToken":"token","S3Prefix":"x"`), "ExportConflictException: Export conflict: Duplicate request detected with conflicting parameters")
		for bucket, want := range map[string]string{"none": "S3NoSuchBucket: The specified bucket does not exist", "locked": "S3AccessDenied: Access Denied"} {
			failed := h.export(`,"S3Bucket":"` + bucket + `"`).ExportDescription
			if got := failed.FailureCode + ": " + failed.FailureMessage; failed.ExportStatus != "FAILED" || got != want {
				t.Errorf("%s: %+v", bucket, failed)
			}
		}
		h.fails("DescribeExport", `{"ExportArn":"`+richARN+`/export/01234567890123-a1b2c3d4"}`, "ExportNotFoundException: Export not found: Export not found: "+richARN+"/export/01234567890123-a1b2c3d4")
	})
}

// An export that a restart interrupts is of the same moment.
func TestInterruptedExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newBuckets()
		m.stalled = make(chan struct{})
		h := newEngineWith(t, Options{Buckets: m})
		h.mustDo("CreateTable", richTable)
		h.mustDo("UpdateContinuousBackups", recoveryOn)
		h.putRich("rich", "x", 1, "")
		want := exportedItems(h.all("rich", ""))
		x := h.export(``)
		h.putRich("rich", "y", 1, "")
		h.mustDo("UpdateContinuousBackups", recoveryOff)
		m.stalled = nil
		h.restart()
		synctest.Wait()
		x = h.exported(x.ExportDescription.ExportArn)
		if got := m.lines(t, x); x.ExportDescription.ExportStatus != "COMPLETED" || !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", x, got, want)
		}
		h.checkNoUndo()
	})
}
