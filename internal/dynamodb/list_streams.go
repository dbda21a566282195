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

// streamsOf returns the readable streams of a table, or of all tables, sorted.
func (e *Engine) streamsOf(c *api.Caller, name api.Opt[string]) []streams.Stream {
	now := time.Now()
	var list []streams.Stream
	e.catalog.RLock()
	defer e.catalog.RUnlock()
	for id, t := range e.catalog.tables {
		v := t.current.Load()
		if v == nil || id.ns != c.Namespace || name.OK && name.V != id.name {
			continue
		}
		for _, s := range v.streams() {
			if !s.forgotten(now) {
				list = append(list, streams.Stream{
					StreamArn:   api.Some(v.streamARN(&s)),
					TableName:   api.Some(v.Name),
					StreamLabel: api.Some(s.Label),
				})
			}
		}
	}
	slices.SortFunc(list, func(a, b streams.Stream) int { return strings.Compare(a.StreamArn.V, b.StreamArn.V) })
	return list
}
