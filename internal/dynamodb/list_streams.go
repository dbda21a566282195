package dynamodb

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/levee-io/levee/internal/api"
	streams "github.com/levee-io/levee/internal/api/streamsapi"
)

// maxStreams is the size of a page of ListStreams, maxShards of DescribeStream
// (API reference).
const (
	maxStreams = 100
	maxShards  = 100
)

// ListStreams returns the streams of a table, or of all, by their ARN.
func (e *Engine) ListStreams(_ context.Context, c *api.Caller, in *streams.ListStreamsInput) (*streams.ListStreamsOutput, error) {
	after := in.ExclusiveStartStreamArn
	if after.OK {
		if _, _, err := parseStreamARN(after.V); err != nil {
			return nil, err
		}
	}
	list := []streams.Stream{}
	for _, s := range e.streamsOf(c, in.TableName) {
		if s.StreamArn.V > after.V {
			list = append(list, s)
		}
	}
	out := &streams.ListStreamsOutput{Streams: list}
	if limit := int(min(in.Limit.Or(maxStreams), maxStreams)); len(list) > limit {
		out.Streams = list[:limit]
		out.LastEvaluatedStreamArn = list[limit-1].StreamArn
	}
	return out, nil
}

// streamsOf returns the readable streams of a table, or of all tables, sorted;
// those of deleted tables are among them.
func (e *Engine) streamsOf(c *api.Caller, name api.Opt[string]) []streams.Stream {
	now := time.Now()
	var list []streams.Stream
	add := func(d *descriptor) {
		for _, s := range d.streams() {
			if !s.forgotten(now) {
				list = append(list, streams.Stream{StreamArn: api.Some(d.streamARN(&s)), TableName: api.Some(d.Name), StreamLabel: api.Some(s.Label)})
			}
		}
	}
	wanted := func(id tableID) bool { return id.ns == c.Namespace && (!name.OK || name.V == id.name) }
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	for id, t := range e.catalog.tables {
		if v := t.current.Load(); v != nil && wanted(id) {
			add(v.descriptor)
		}
	}
	for id, gone := range e.catalog.gone {
		if wanted(id) {
			for _, d := range gone {
				add(d)
			}
		}
	}
	slices.SortFunc(list, func(a, b streams.Stream) int { return strings.Compare(a.StreamArn.V, b.StreamArn.V) })
	return list
}
