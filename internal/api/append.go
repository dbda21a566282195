package api

import (
	"context"
	"strconv"
	"time"

	"github.com/levee-io/levee/internal/jsontok"
	"github.com/levee-io/levee/internal/turn"
)

// The appenders below are what the generated shapes are made of.

// AppendName appends the name of an object's member, given as `"Name":`, and
// the comma before it unless dst still ends with the object's brace.
func AppendName(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(dst, name...)
}

// AppendInt appends an integer.
func AppendInt(dst []byte, v int64) []byte { return strconv.AppendInt(dst, v, 10) }

// AppendBool appends a boolean.
func AppendBool(dst []byte, v bool) []byte { return strconv.AppendBool(dst, v) }

// AppendFloat appends a double; capacity units are written as 1.0, as the
// service does.
func AppendFloat(dst []byte, v float64) []byte {
	if v == float64(int64(v)) && v < 1e15 && v > -1e15 {
		return append(strconv.AppendInt(dst, int64(v), 10), ".0"...)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// AppendTime appends a timestamp: seconds since the epoch with milliseconds.
func AppendTime(dst []byte, t time.Time) []byte {
	return strconv.AppendFloat(dst, float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// AppendBlob appends a blob as base64 text.
func AppendBlob(dst []byte, v []byte) []byte { return jsontok.AppendBase64(dst, v) }

// longList is from how many elements on a list is long work: a page of items.
const longList = 256

// AppendList appends a list. A long one has no long ones in it.
func AppendList[T any](dst []byte, list []T, one func([]byte, T) []byte) []byte {
	var long *turn.Turn
	if len(list) >= longList {
		if t, err := turn.Take(context.Background()); err == nil {
			defer t.Give()
			long = t
		}
	}
	dst = append(dst, '[')
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, v)
		if long != nil {
			long.Pause()
		}
	}
	return append(dst, ']')
}

// AppendEntries appends a map.
func AppendEntries[T any](dst []byte, m Map[T], one func([]byte, T) []byte) []byte {
	dst = append(dst, '{')
	for i := range m {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsontok.AppendString(dst, m[i].Key)
		dst = append(dst, ':')
		dst = one(dst, m[i].Value)
	}
	return append(dst, '}')
}
