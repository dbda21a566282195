package sink_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/levee-io/levee/internal/pipeline"
	"github.com/levee-io/levee/internal/sink"
)

// at is an event of a time.
func at(text, body string) *pipeline.Event {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &pipeline.Event{ID: body, Data: []byte(body), Time: t}
}

// found returns what is in files, by the directory and the end of the name.
func found(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		got[filepath.ToSlash(filepath.Dir(rel))+filepath.Ext(path)] += string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, got map[string]string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got[pairs[i]] != pairs[i+1] {
			t.Errorf("%s has %q, want %q", pairs[i], got[pairs[i]], pairs[i+1])
		}
	}
	if len(got) != len(pairs)/2 {
		t.Errorf("files %v", got)
	}
}

// Events stand in the file of their time, which has its name when it is finished:
// when it is old, and when the sink is closed.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		set, err := sink.Read(strings.NewReader(fmt.Sprintf(`s: {files: {dir: %q, max_age: 1m}}`, dir)), sink.Env{})
		if err != nil {
			t.Fatal(err)
		}
		s := set.Sink("s")
		if errs := s.Put(t.Context(), []*pipeline.Event{at("2024-05-06T07:59:59Z", "{\n\"a\": 1}"), at("2024-05-06T08:00:00Z", "text"), at("2024-05-06T07:00:00Z", "2")}, true); errs != nil {
			t.Fatal(errs)
		}
		const seven, eight = "year=2024/month=05/day=06/hour=07", "year=2024/month=05/day=06/hour=08"
		want(t, found(t, dir), seven+".unfinished", "{\"a\":1}\n2\n", eight+".unfinished", "\"text\"\n")
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, found(t, dir), seven+".ndjson", "{\"a\":1}\n2\n", eight+".ndjson", "\"text\"\n")
		s.Put(t.Context(), []*pipeline.Event{at("2024-05-06T07:00:00Z", "3")}, true)
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		if got := found(t, dir)[seven+".ndjson"]; got != "{\"a\":1}\n2\n3\n" && got != "3\n{\"a\":1}\n2\n" {
			t.Errorf("got %q", got)
		}
		if errs := s.Put(t.Context(), events("late"), true); failed(errs, 1) != "x" {
			t.Error("a sink that is closed takes events")
		}
	})
}

// A full file is finished, and of many stretches of time only some files are open.
func TestFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	s := read(t, fmt.Sprintf(`s: {files: {dir: %q, max_bytes: 10}}`, dir))
	for range 3 {
		s.Put(t.Context(), []*pipeline.Event{at("2024-05-06T07:00:00Z", "12345678")}, true)
	}
	want(t, found(t, dir), "year=2024/month=05/day=06/hour=07.ndjson", "12345678\n12345678\n", "year=2024/month=05/day=06/hour=07.unfinished", "12345678\n")
	for i := range 24 {
		s.Put(t.Context(), []*pipeline.Event{at(fmt.Sprintf("2024-05-07T%02d:00:00Z", i), "1")}, true)
	}
	open := 0
	for name := range found(t, dir) {
		if strings.HasSuffix(name, ".unfinished") {
			open++
		}
	}
	if open != 16 {
		t.Errorf("%d files are open", open)
	}
}

// What a crash has left is finished without the line in which it happened.
func TestFilesAfterCrash(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/whole.unfinished": "1\n2\n", "a/torn.unfinished": "3\n{\"x\":", "b/none.unfinished": "{\"x", "b/empty.unfinished": "",
		"c/long.unfinished": "4\n" + strings.Repeat("x", 200<<10), "d/done.ndjson": "5\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	read(t, fmt.Sprintf(`s: {files: {dir: %q, partition: none}}`, dir))
	want(t, found(t, dir), "a.ndjson", "3\n1\n2\n", "c.ndjson", "4\n", "d.ndjson", "5\n")
}

// A disk that does not write takes nothing, and the sink goes on when it does again.
func TestFilesFail(t *testing.T) {
	dir := t.TempDir()
	s := read(t, fmt.Sprintf(`s: {files: {dir: %q}}`, dir))
	blocked := filepath.Join(dir, "year=2024")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	all := []*pipeline.Event{at("2023-05-06T07:00:00Z", "1"), at("2024-05-06T07:00:00Z", "2")}
	if got := failed(s.Put(t.Context(), all, false), 2); got != "-x" {
		t.Errorf("failed %s", got)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if errs := s.Put(t.Context(), all[1:], false); errs != nil {
		t.Error(errs)
	}
}
