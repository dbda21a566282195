package api

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"
)

// The appenders below write elements of the query protocol's answers.

// AppendXMLString appends an element that holds a text.
func AppendXMLString(dst []byte, name, v string) []byte {
	return closeElement(AppendXMLText(openElement(dst, name), v), name)
}

// AppendXMLInt appends an element that holds an integer.
func AppendXMLInt(dst []byte, name string, v int64) []byte {
	return closeElement(strconv.AppendInt(openElement(dst, name), v, 10), name)
}

// AppendXMLBool appends an element that holds a boolean.
func AppendXMLBool(dst []byte, name string, v bool) []byte {
	return closeElement(strconv.AppendBool(openElement(dst, name), v), name)
}

// AppendXMLBlob appends an element that holds the base64 of bytes.
func AppendXMLBlob(dst []byte, name string, v []byte) []byte {
	return closeElement(base64.StdEncoding.AppendEncode(openElement(dst, name), v), name)
}

func openElement(dst []byte, name string) []byte {
	return append(append(append(dst, '<'), name...), '>')
}

func closeElement(dst []byte, name string) []byte {
	return append(append(append(dst, '<', '/'), name...), '>')
}

// AppendXMLText appends the text of an element. A carriage return is escaped, or a
// parser would make a line feed of it. What XML cannot hold at all, which no
// message may contain, becomes a replacement character.
func AppendXMLText(dst []byte, s string) []byte {
	for i, r := range s {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\r':
			dst = append(dst, "&#xD;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		case r < utf8.RuneSelf:
			dst = append(dst, s[i])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
