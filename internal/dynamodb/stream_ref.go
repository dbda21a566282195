package dynamodb

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
	"github.com/levee-io/levee/internal/kv"
)

// streamRef is a stream that a request names.
type streamRef struct {
	v        *view
	settings streamSettings
	live     *stream // nil once the stream is disabled
}

// findStream returns the stream of an ARN.
func (e *Engine) findStream(c *api.Caller, arn string) (*streamRef, error) {
	id, label, err := parseStreamARN(arn)
	if err != nil {
		return nil, err
	}
	e.catalog.RLock()
	t := e.catalog.tables[id]
	e.catalog.RUnlock()
	if t == nil || id.ns != c.Namespace {
		return nil, errNoStream(arn)
	}
	v := t.current.Load()
	if v == nil {
		return nil, errNoStream(arn)
	}
	for _, s := range v.streams() {
		if s.Label != label || s.forgotten(time.Now()) {
			continue
		}
		ref := &streamRef{v: v, settings: s}
		if v.stream != nil && v.stream.id == s.ID {
			ref.live = v.stream
		}
		return ref, nil
	}
	return nil, errNoStream(arn)
}

func errNoStream(arn string) *api.Error {
	return api.Errorf(streams.CodeResourceNotFoundException, "Requested resource not found: Stream: %s not found", arn)
}

// parseStreamARN takes arn:aws:dynamodb:region:account:table/name/stream/label
// apart.
func parseStreamARN(arn string) (id tableID, label string, err error) {
	part := strings.SplitN(arn, ":", 6)
	if len(part) == 6 && part[0] == "arn" && part[2] == "dynamodb" {
		name, found := strings.CutPrefix(part[5], "table/")
		name, label, labelled := strings.Cut(name, "/stream/")
		if found && labelled {
			return tableID{api.Namespace{Account: part[4], Region: part[3]}, name}, label, nil
		}
	}
	return id, "", api.Validation("Invalid StreamArn")
}

// forgotten reports whether a disabled stream has no records left to read.
func (s *streamSettings) forgotten(now time.Time) bool {
	return !s.Disabled.IsZero() && now.Sub(s.Disabled) >= streamRetention
}

// shardID is the identifier of a shard: when its stream was made, then the start
// of its range of partition hashes over the stream's number. Identifiers sort in
// the order of the shards, as some consumers expect.
func (s *streamSettings) shardID(i int) string {
	const mask = 1<<shardShift - 1
	return fmt.Sprintf("shardId-%020d-%08x", s.Created.UnixMilli(), uint32(i)<<shardShift|uint32(s.ID)&mask)
}

// shardOf returns the shard of an identifier.
func (s *streamSettings) shardOf(id string) (int, error) {
	for i := range streamShards {
		if s.shardID(i) == id {
			return i, nil
		}
	}
	return 0, api.Errorf(streams.CodeResourceNotFoundException, "Requested resource not found: Shard does not exist")
}

// shardEnd returns the last sequence number of a shard whose record is durable, and
// so are those of all records before; 0 if there is none.
func (e *Engine) shardEnd(ref *streamRef, i int) (uint64, error) {
	if ref.live == nil {
		last, err := e.lastRecord(ref.settings.ID, i)
		return last, errors.Join(err, e.settled())
	}
	s := &ref.live.shard[i]
	s.mu.Lock()
	last, commit := s.last, s.commit
	s.mu.Unlock()
	if commit == nil {
		return last, nil
	}
	return last, commit.Wait()
}

// lastRecord returns the last sequence number that a shard has stored, or 0.
func (e *Engine) lastRecord(id uint64, shard int) (last uint64, err error) {
	s := stream{prefix: streamPrefix(id)}
	r := kv.PrefixRange(s.shardPrefix(shard))
	r.Reverse, r.Limit = true, 1
	it := e.store.Scan(r)
	defer it.Close()
	if it.Next() {
		last = recordSequence(it.Key())
	}
	return last, it.Err()
}
