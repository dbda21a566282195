package wire

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// appendHead appends the head of a response. The last one of a connection says so.
func appendHead(b []byte, r *Response, now time.Time, last bool) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(r.Status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(r.Status)...)
	b = append(b, "\r\nDate: "...)
	b = append(b, date(now)...)
	if r.ContentType != "" {
		b = appendHeader(b, "Content-Type", r.ContentType)
	}
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(r.Body)), 10)
	if r.RequestID != "" {
		b = appendHeader(b, "x-amzn-RequestId", r.RequestID)
	}
	if r.HasCRC32 {
		b = append(b, "\r\nx-amz-crc32: "...)
		b = strconv.AppendUint(b, uint64(r.CRC32), 10)
	}
	if r.QueryError != "" {
		b = appendHeader(b, "x-amzn-query-error", r.QueryError)
	}
	for _, e := range r.Header {
		b = appendHeader(b, e.Key, e.Value)
	}
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	return append(b, "\r\n\r\n"...)
}

// appendHeader appends a header, whose value cannot be the beginning of another one.
func appendHeader(b []byte, name, value string) []byte {
	b = append(b, "\r\n"...)
	b = append(b, name...)
	b = append(b, ": "...)
	from := len(b)
	b = append(b, value...)
	for i, c := range b[from:] {
		if c == '\r' || c == '\n' {
			b[from+i] = ' '
		}
	}
	return b
}

// dated is a second and how HTTP writes it.
type dated struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dated]

// date returns a time as HTTP writes it, which is made anew once a second.
func date(now time.Time) string {
	second := now.Unix()
	if d := lastDate.Load(); d != nil && d.second == second {
		return d.text
	}
	d := &dated{second, now.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
