package dynamodb

import (
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// streamRef is a stream that a request names. Its table may be deleted.
type streamRef struct {
	d        *descriptor
	settings *streamSettings
	live     *stream // nil once the stream is disabled
}

// findStream returns the stream of an ARN.
func (e *Engine) findStream(c *api.Caller, arn string) (*streamRef, error) {
	id, label, err := parseStreamARN(arn)
	if err != nil {
		return nil, err
	}
	if id.ns != c.Namespace {
		return nil, errNoStream(arn)
	}
	e.catalog.RLock()
	t, gone := e.catalog.tables[id], e.catalog.gone[id]
	e.catalog.RUnlock()
	now := time.Now()
	if t != nil {
		if v := t.current.Load(); v != nil {
			if s := v.streamLabelled(label, now); s != nil {
				ref := &streamRef{d: v.descriptor, settings: s}
				if v.stream != nil && v.stream.id == s.ID {
					ref.live = v.stream
				}
				return ref, nil
			}
		}
	}
	for _, d := range gone {
		if s := d.streamLabelled(label, now); s != nil {
			return &streamRef{d: d, settings: s}, nil
		}
	}
	return nil, errNoStream(arn)
}

// streamLabelled returns the readable stream of a label, or nil.
func (d *descriptor) streamLabelled(label string, now time.Time) *streamSettings {
	for _, s := range d.streams() {
		if s.Label == label && !s.forgotten(now) {
			return &s
		}
	}
	return nil
}

func errNoStream(arn string) *api.Error {
	return api.Errorf(streams.CodeResourceNotFoundException, "Requested resource not found: Stream: %s not found", arn)
}

// parseStreamARN takes arn:aws:dynamodb:region:account:table/name/stream/label
// apart.
func parseStreamARN(arn string) (id tableID, label string, err error) {
	if named, ok := api.ParseARN(arn); ok && named.Service == "dynamodb" {
		name, found := strings.CutPrefix(named.Resource, "table/")
		name, label, labelled := strings.Cut(name, "/stream/")
		if found && labelled {
			return tableID{named.Namespace, name}, label, nil
		}
	}
	return id, "", api.Validation("Invalid StreamArn")
}

// forgotten reports whether a disabled stream has no records left to read.
func (s *streamSettings) forgotten(now time.Time) bool {
	return !s.Disabled.IsZero() && now.Sub(s.Disabled) >= streamRetention
}

// shardEnd returns the last sequence number of a shard whose record is durable,
// and so are those of all records before.
func (e *Engine) shardEnd(ref *streamRef, one *shard) (uint64, error) {
	s := ref.live.numbered(one.Number)
	if s == nil {
		return one.End, e.settled()
	}
	s.mu.Lock()
	last, commit := s.last, s.commit
	s.mu.Unlock()
	if commit == nil {
		return last, nil
	}
	return last, commit.Wait()
}
