package cloudwatchlogs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

var caller = &api.Caller{Namespace: api.Namespace{Account: "111122223333", Region: "us-east-1"}}

// base is when the first invocation of a test begins, unix milliseconds.
const base = 1_700_000_000_000

// invocation is one that prints, from one second after base on to another.
func invocation(id, stream string, from, to int, lines ...string) Log {
	text := "START RequestId: " + id + " Version: $LATEST\n" + strings.Join(lines, "\n") + "\nEND RequestId: " + id + "\nREPORT RequestId: " + id + "\tDuration: ...\n"
	at := func(s int) time.Time { return time.UnixMilli(base + int64(s)*1000) }
	return Log{RequestID: id, Stream: stream, Begin: at(from), End: at(to), Text: []byte(text)}
}

// engineOf returns an engine with one function, f.
func engineOf(logs ...Log) *Engine {
	return New(Source{
		Functions: func(ns api.Namespace) []string {
			if ns == caller.Namespace {
				return []string{"f"}
			}
			return nil
		},
		Logs: func(ns api.Namespace, function string) []Log {
			if ns == caller.Namespace && function == "f" {
				return logs
			}
			return nil
		},
	})
}

var group = model.Group{LogGroupName: api.Some("/aws/lambda/f")}

// words shortens events: START of a becomes Sa.
func words(events []model.LogEvent) string {
	var list []string
	for _, e := range events {
		first, rest, platform := strings.Cut(strings.TrimSpace(e.Message), " RequestId: ")
		if platform {
			first = first[:1] + rest[:1]
		}
		list = append(list, first)
	}
	return strings.Join(list, " ")
}

func (e *Engine) filter(t *testing.T, in *model.FilterLogEventsRequest) *model.FilterLogEventsResponse {
	t.Helper()
	in.Group = group
	out, err := e.FilterLogEvents(t.Context(), caller, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Two invocations at the same time, in two environments: their events are in the
// order of time, with those of an end at the end.
func TestFilterLogEvents(t *testing.T) {
	e := engineOf(invocation("b", "two", 1, 2, "b1 error 7", "b2"), invocation("a", "one", 0, 3, "a1 error 8"))
	at := func(s int64) api.Opt[int64] { return api.Some(base + 1000*s) }
	for _, c := range []struct {
		what string
		in   model.FilterLogEventsRequest
		want string
	}{
		{"all", model.FilterLogEventsRequest{}, "Sa a1 error 8 Sb b1 error 7 b2 Eb Rb Ea Ra"},
		{"a stream", model.FilterLogEventsRequest{LogStreamNames: []string{"one"}}, "Sa a1 error 8 Ea Ra"},
		{"a prefix", model.FilterLogEventsRequest{LogStreamNamePrefix: api.Some("t")}, "Sb b1 error 7 b2 Eb Rb"},
		{"from", model.FilterLogEventsRequest{StartTime: at(2)}, "Eb Rb Ea Ra"},
		{"to, with that moment", model.FilterLogEventsRequest{StartTime: at(1), EndTime: at(1)}, "Sb b1 error 7 b2"},
		{"a term", model.FilterLogEventsRequest{FilterPattern: api.Some("error")}, "a1 error 8 b1 error 7"},
		{"a phrase", model.FilterLogEventsRequest{FilterPattern: api.Some(`"error 7"`)}, "b1 error 7"},
		{"two terms", model.FilterLogEventsRequest{FilterPattern: api.Some("error a1")}, "a1 error 8"},
		{"one not", model.FilterLogEventsRequest{FilterPattern: api.Some("error -a1")}, "b1 error 7"},
		{"one of two", model.FilterLogEventsRequest{FilterPattern: api.Some(`?b2 ?"error 8"`)}, "a1 error 8 b2"},
		{"another case", model.FilterLogEventsRequest{FilterPattern: api.Some("Error")}, ""},
	} {
		if got := words(e.filter(t, &c.in).Events); got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
	out := e.filter(t, &model.FilterLogEventsRequest{LogStreamNames: []string{"one"}})
	if first := out.Events[0]; first.Timestamp != base || first.Message != "START RequestId: a Version: $LATEST\n" || first.LogStreamName != "one" || first.EventID == "" {
		t.Errorf("%+v", first)
	}
}

// Pages give each event once, whatever their size.
func TestFilterLogEventsPages(t *testing.T) {
	var logs []Log
	for i := range 300 {
		var lines []string
		for j := range 100 {
			lines = append(lines, fmt.Sprint(i, " ", j, strings.Repeat(".", i%90)))
		}
		logs = append(logs, invocation(fmt.Sprint("r", i), "s", i/3, i/3+2, lines...))
	}
	e := engineOf(logs...)
	for _, limit := range []int64{31, 999, 10_000} {
		seen := map[string]bool{}
		var last string
		in := &model.FilterLogEventsRequest{Limit: api.Some(limit), StartTime: api.Some(int64(base + 20_000)), EndTime: api.Some(int64(base + 30_000))}
		if limit == 10_000 {
			in.StartTime, in.EndTime = api.Opt[int64]{}, api.Opt[int64]{}
		}
		for {
			out := e.filter(t, in)
			size := 0
			for _, x := range out.Events {
				if seen[x.EventID] || x.EventID <= last {
					t.Fatalf("event %s comes again, or late", x.EventID)
				}
				seen[x.EventID], last = true, x.EventID
				size += len(x.Message)
			}
			if len(out.Events) > int(limit) || size > maxPage {
				t.Errorf("a page of %d events, %d bytes", len(out.Events), size)
			}
			if in.NextToken = out.NextToken; !in.NextToken.OK {
				break
			}
		}
		want := 300 * 103
		if limit < 10_000 {
			want = 33*101 + 33*2 // 20 to 30 s have 33 starts, and as many ends
		}
		if len(seen) != want {
			t.Errorf("limit %d: %d events, want %d", limit, len(seen), want)
		}
	}
}

// A page that ends because it has enough bytes has nothing of what comes behind the
// first event that it has no room for, however many events there are.
func TestFilterLogEventsPagesOfBytes(t *testing.T) {
	const long, limit = 40_000, 1000
	var logs []Log
	for i := range 40 {
		logs = append(logs, invocation(fmt.Sprint("long", i), "s", i, i, strings.Repeat("x", long)))
	}
	logs = append(logs,
		invocation("many", "s", 50, 50, strings.Split(strings.Repeat(".", 4*limit+maxEvents), "")...),
		invocation("last", "s", 60, 60, "short"))
	e := engineOf(logs...)
	in := &model.FilterLogEventsRequest{Limit: api.Some(int64(limit))}
	long40, last := 0, ""
	for {
		out := e.filter(t, in)
		for _, x := range out.Events {
			if len(x.Message) > long {
				long40++
			}
			last = x.Message
		}
		if in.NextToken = out.NextToken; !in.NextToken.OK {
			break
		}
	}
	if long40 != 40 || !strings.HasPrefix(last, "REPORT RequestId: last") {
		t.Errorf("%d of 40 long events, the last one is %q", long40, last)
	}
}

// A stream is read from its end backwards, from its beginning forwards, and on when
// there is more; who is at an end gets the token back.
func TestGetLogEvents(t *testing.T) {
	logs := []Log{invocation("a", "s", 0, 1, "a1"), invocation("b", "s", 2, 3, "b1"), invocation("c", "other", 2, 3, "c1")}
	e := engineOf(logs[0], logs[2])
	get := func(in model.GetLogEventsRequest) (string, *model.GetLogEventsResponse) {
		t.Helper()
		in.Group, in.LogStreamName = group, api.Some("s")
		out, err := e.GetLogEvents(t.Context(), caller, &in)
		if err != nil {
			t.Fatal(err)
		}
		return words(out.Events), out
	}
	two := api.Some(int64(2))
	got, out := get(model.GetLogEventsRequest{Limit: two})
	if got != "Ea Ra" {
		t.Errorf("the last are %q", got)
	}
	got, back := get(model.GetLogEventsRequest{Limit: two, NextToken: api.Some(out.NextBackwardToken)})
	if got != "Sa a1" {
		t.Errorf("before them are %q", got)
	}
	got, none := get(model.GetLogEventsRequest{NextToken: api.Some(back.NextBackwardToken)})
	if got != "" || none.NextBackwardToken != back.NextBackwardToken {
		t.Errorf("before all are %q, token %s after %s", got, none.NextBackwardToken, back.NextBackwardToken)
	}
	if got, none = get(model.GetLogEventsRequest{NextToken: api.Some(out.NextForwardToken)}); got != "" || none.NextForwardToken != out.NextForwardToken {
		t.Errorf("after all are %q, token %s after %s", got, none.NextForwardToken, out.NextForwardToken)
	}
	e = engineOf(logs...)
	if got, _ = get(model.GetLogEventsRequest{NextToken: api.Some(out.NextForwardToken)}); got != "Sb b1 Eb Rb" {
		t.Errorf("later there are %q", got)
	}
	if got, _ = get(model.GetLogEventsRequest{StartFromHead: api.Some(true), Limit: two}); got != "Sa a1" {
		t.Errorf("the first are %q", got)
	}
	if got, _ = get(model.GetLogEventsRequest{StartTime: api.Some(int64(base + 1000)), EndTime: api.Some(int64(base + 2000))}); got != "Ea Ra" {
		t.Errorf("in a second are %q", got)
	}
}

func TestDescribe(t *testing.T) {
	e := engineOf(invocation("a", "b", 0, 9), invocation("b", "a", 1, 2), invocation("c", "c", 3, 4), invocation("d", "a", 5, 6))
	groups, err := e.DescribeLogGroups(t.Context(), caller, &model.DescribeLogGroupsRequest{LogGroupNamePrefix: api.Some("/aws/lambda/")})
	if err != nil || len(groups.LogGroups) != 1 || groups.LogGroups[0].CreationTime != base || groups.LogGroups[0].ARN != "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/f" {
		t.Fatalf("%+v, %v", groups, err)
	}
	for _, c := range []struct {
		what string
		in   model.DescribeLogStreamsRequest
		want string
	}{
		{"by name", model.DescribeLogStreamsRequest{}, "a b c"},
		{"by time, the last first", model.DescribeLogStreamsRequest{OrderBy: api.Some("LastEventTime"), Descending: api.Some(true)}, "b a c"},
		{"a prefix", model.DescribeLogStreamsRequest{LogStreamNamePrefix: api.Some("c")}, "c"},
	} {
		for _, by := range []model.Group{group, {LogGroupIdentifier: api.Some(groups.LogGroups[0].ARN + ":*")}} {
			in, names := c.in, []string(nil)
			in.Group, in.Limit = by, api.Some(int64(1))
			for more := true; more; more = in.NextToken.OK {
				out, err := e.DescribeLogStreams(t.Context(), caller, &in)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range out.LogStreams {
					names = append(names, s.LogStreamName)
				}
				in.NextToken = out.NextToken
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("%s: got %q, want %q", c.what, got, c.want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	e := engineOf(invocation("a", "s", 0, 1))
	other := model.Group{LogGroupName: api.Some("/aws/lambda/g")}
	for _, c := range []struct {
		in   model.FilterLogEventsRequest
		want string
	}{
		{model.FilterLogEventsRequest{}, model.CodeInvalidParameter},
		{model.FilterLogEventsRequest{Group: other}, model.CodeResourceNotFound},
		{model.FilterLogEventsRequest{Group: model.Group{LogGroupIdentifier: api.Some("arn:aws:logs:us-east-1:999999999999:log-group:/aws/lambda/f")}}, model.CodeResourceNotFound},
		{model.FilterLogEventsRequest{Group: group, LogStreamNames: []string{"s", "t"}}, model.CodeResourceNotFound},
		{model.FilterLogEventsRequest{Group: group, LogStreamNames: []string{"s"}, LogStreamNamePrefix: api.Some("s")}, model.CodeInvalidParameter},
		{model.FilterLogEventsRequest{Group: group, FilterPattern: api.Some("{ $.a = 1 }")}, model.CodeInvalidParameter},
		{model.FilterLogEventsRequest{Group: group, FilterPattern: api.Some(`"open`)}, model.CodeInvalidParameter},
		{model.FilterLogEventsRequest{Group: group, FilterPattern: api.Some(`a -`)}, model.CodeInvalidParameter},
	} {
		_, err := e.FilterLogEvents(t.Context(), caller, &c.in)
		var typed *api.Error
		if !errors.As(err, &typed) || typed.Code != c.want {
			t.Errorf("%+v: %v, want %s", c.in, err, c.want)
		}
	}
	if ops := e.Operations(); !slices.IsSortedFunc(ops, func(a, b api.Operation) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the operations are not sorted")
	}
}
