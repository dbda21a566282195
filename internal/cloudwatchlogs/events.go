package cloudwatchlogs

import (
	"bytes"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/logsapi"
)

const (
	// maxEvents is how many events one answer has, and maxPage about how many bytes.
	maxEvents = 10_000
	maxPage   = 1 << 20
)

// search is what is wanted of the events of a group.
type search struct {
	wanted   func(stream string) bool
	from, to int64 // unix milliseconds, both included
	pattern  pattern
	after    string // an id: only what comes after it; "": from the beginning
	before   string // an id: only what comes before it; "": to the end
	limit    int
	last     bool // the last of them, if there are more
}

// forever is after all times of events.
const forever = int64(1) << 62

// window sets the times of a search.
func (s *search) window(start, end api.Opt[int64]) {
	s.from, s.to = start.V, end.Or(forever)
}

// find returns events in the order of their ids, and whether there are more.
func (s *search) find(logs []Log) (list []model.LogEvent, more bool) {
	order := func(a, b model.LogEvent) int { return strings.Compare(a.EventID, b.EventID) }
	cut := func() {
		slices.SortFunc(list, order)
		n := s.fitting(list)
		if n == len(list) {
			return
		}
		more = true
		if s.last { // what is to come has no room beyond what was cut off
			s.after = list[len(list)-n-1].EventID
			list = slices.Clone(list[len(list)-n:])
		} else {
			s.before = list[n].EventID
			list = slices.Clone(list[:n])
		}
	}
	for i := range logs {
		if l := &logs[i]; s.wanted(l.Stream) && l.Begin.UnixMilli() <= s.to && l.End.UnixMilli() >= s.from {
			list = s.appendEvents(list, l)
		}
		if len(list) > 4*s.limit+maxEvents { // a list as long as all logs is never held
			cut()
		}
	}
	cut()
	return list, more
}

// fitting returns how many events of a sorted list one answer has.
func (s *search) fitting(list []model.LogEvent) int {
	n, size := 0, 0
	for n < min(len(list), s.limit) {
		e := &list[n]
		if s.last {
			e = &list[len(list)-1-n]
		}
		if size += len(e.Message) + 26; n > 0 && size > maxPage { // as the service counts them
			break
		}
		n++
	}
	return n
}

// appendEvents appends the events of an invocation that are wanted. Those of the end
// of it have its time.
func (s *search) appendEvents(list []model.LogEvent, l *Log) []model.LogEvent {
	h := fnv.New64a()
	h.Write([]byte(l.RequestID))
	invocation := h.Sum64()
	begin, end := l.Begin.UnixMilli(), l.End.UnixMilli()
	rest, id := l.Text, make([]byte, 0, 56)
	for n := 0; len(rest) > 0; n++ {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line = rest[:i+1]
		}
		rest = rest[len(line):]
		e := model.LogEvent{LogStreamName: l.Stream, Timestamp: begin}
		if isEnd(line, l.RequestID) {
			e.Timestamp = end
		}
		if e.Timestamp < s.from || e.Timestamp > s.to || !s.pattern.matches(line) {
			continue
		}
		id = appendPadded(appendPadded(appendPadded(id[:0], uint64(e.Timestamp), 20), invocation, 20), uint64(n), 16)
		if s.after != "" && string(id) <= s.after || s.before != "" && string(id) >= s.before {
			continue
		}
		e.EventID = string(id)
		e.Message = strings.ToValidUTF8(string(line), "\uFFFD")
		list = append(list, e)
	}
	return list
}

// appendPadded appends a number with zeros before it, so many digits in all.
func appendPadded(b []byte, n uint64, digits int) []byte {
	var text [20]byte
	for i := range digits {
		text[digits-1-i], n = byte('0'+n%10), n/10
	}
	return append(b, text[:digits]...)
}

// isEnd reports whether a line is one that the platform writes at the end.
func isEnd(line []byte, requestID string) bool {
	for _, word := range [...]string{"END RequestId: ", "REPORT RequestId: "} {
		if rest, ok := bytes.CutPrefix(line, []byte(word)); ok && bytes.HasPrefix(rest, []byte(requestID)) {
			return true
		}
	}
	return false
}
