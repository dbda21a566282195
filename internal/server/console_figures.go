package server

import (
	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/capacity"
	"github.com/levee-io/levee/internal/console"
	"github.com/levee-io/levee/internal/dynamodb"
	"github.com/levee-io/levee/internal/lambda"
	"github.com/levee-io/levee/internal/pipeline"
)

// consoleCapacity tells the console what tables may consume and what they have.
func (s *Server) consoleCapacity() []console.Capacity {
	figures := s.tables.CapacityFigures()
	list := make([]console.Capacity, len(figures))
	for i := range figures {
		f := &figures[i]
		list[i] = console.Capacity{
			Namespace: f.Namespace, Table: f.Table, Index: f.Index, OnDemand: f.OnDemand,
			Allowed: allowed(f), Units: f.Units, Throttles: throttles(f),
		}
	}
	return list
}

// allowed is what is provisioned or, on demand, what is sustained by now and not
// above the configured maximum; units a second.
func allowed(f *dynamodb.CapacityFigures) capacity.Rates {
	if !f.OnDemand {
		return f.Provisioned
	}
	rates := f.Warm
	for class := range rates {
		if f.Maximum[class] > 0 {
			rates[class] = min(rates[class], f.Maximum[class])
		}
	}
	return rates
}

// throttles are the refusals, by the reason as the service names it.
func throttles(f *dynamodb.CapacityFigures) (list []console.Throttle) {
	kind := "Table"
	if f.Index != "" {
		kind = "Index"
	}
	for class := range f.Throttled {
		for limit, n := range f.Throttled[class] {
			if n > 0 {
				list = append(list, console.Throttle{Reason: kind + capacity.Class(class).String() + capacity.Limit(limit).String(), Count: n})
			}
		}
	}
	return list
}

// contributorRules are what contributor insights count, with their texts in the
// console.
var contributorRules = []struct {
	rule dynamodb.ContributorRule
	text string
}{
	{dynamodb.AccessedPartitions, "heat.pkc"},
	{dynamodb.ThrottledPartitions, "heat.pkt"},
	{dynamodb.AccessedKeys, "heat.skc"},
	{dynamodb.ThrottledKeys, "heat.skt"},
}

// consoleHeat tells the console how a table's load is spread.
func (s *Server) consoleHeat(ns api.Namespace, table string) ([]console.Heat, bool) {
	heat := s.tables.Heat(ns, table)
	list := make([]console.Heat, len(heat))
	for i, h := range heat {
		list[i] = console.Heat{Index: h.Index, Limit: h.Limit}
		for _, p := range h.Partitions {
			list[i].Partitions = append(list[i].Partitions, console.Partition{
				From: p.From, Bytes: p.Bytes, Consumed: p.Consumed, Ended: p.Ended, Hot: p.HotMinutes, Splits: p.Splitting,
			})
		}
		for _, r := range contributorRules {
			if report, ok := s.tables.Contributors(ns, table, h.Index, r.rule); ok {
				list[i].Insights = true
				list[i].Keys = append(list[i].Keys, console.HotKeys{Rule: r.text, Running: hotKeys(report.Running), Ended: hotKeys(report.Ended)})
			}
		}
	}
	return list, heat != nil
}

// maxHotKeys is how many keys of a report the console shows.
const maxHotKeys = 5

func hotKeys(contributors []dynamodb.Contributor) (list []console.HotKey) {
	for _, c := range contributors[:min(len(contributors), maxHotKeys)] {
		list = append(list, console.HotKey{Key: string(c.Key.AppendJSON(nil)), Count: c.Count})
	}
	return list
}

// consoleMappings tells the console how far event source mappings and pipes are.
func (s *Server) consoleMappings() []console.Mapping {
	progress := s.pipes.Progress()
	list := make([]console.Mapping, len(progress))
	for i := range progress {
		p := &progress[i]
		list[i] = console.Mapping{
			Namespace: p.Namespace, ID: p.ID, Source: p.Source, Function: p.Function, Pipe: p.Pipe, Enabled: p.Enabled,
			Workers: p.Workers, Busy: p.Busy, Shards: shards(p), Handled: p.Handled, Failures: p.Failures, Failed: p.Failure.At, Failure: p.Failure.Text,
		}
	}
	return list
}

// consoleSinks tells the console where pipes may lead outside.
func (s *Server) consoleSinks() (list []console.Sink) {
	if s.sinks == nil {
		return nil
	}
	for _, d := range s.sinks.List() {
		list = append(list, console.Sink{Name: d.Name, Kind: d.Kind, To: d.To})
	}
	return list
}

func shards(p *pipeline.Progress) []console.Shard {
	list := make([]console.Shard, len(p.Shards))
	for i, one := range p.Shards {
		list[i] = console.Shard{Name: one.Shard, Sequence: one.Sequence, Records: one.Records, Oldest: one.Oldest}
	}
	return list
}

// shownLogs is how many invocations of a function the console shows.
const shownLogs = 32

// consoleLogs tells the console what a function printed.
func (s *Server) consoleLogs(ns api.Namespace, function string) []console.Log {
	logs := s.funcs.Logs(lambda.Name{Namespace: ns, Function: function})
	logs = logs[max(0, len(logs)-shownLogs):]
	list := make([]console.Log, len(logs))
	for i, l := range logs {
		list[i] = console.Log{RequestID: l.RequestID, Time: l.Time, Duration: l.Duration, Cold: l.Cold, Failed: l.Failed, Text: string(l.Text)}
	}
	return list
}
