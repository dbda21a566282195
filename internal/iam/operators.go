package iam

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operators are the condition operators by name (IAM User Guide, "IAM JSON
// policy elements: Condition operators").
var operators = map[string]operator{
	"StringEquals":              {compare: equal},
	"StringNotEquals":           {compare: equal, negated: true},
	"StringEqualsIgnoreCase":    {compare: equalFold},
	"StringNotEqualsIgnoreCase": {compare: equalFold, negated: true},
	"StringLike":                {compare: like},
	"StringNotLike":             {compare: like, negated: true},
	"NumericEquals":             {compare: numeric(func(c int) bool { return c == 0 }), check: isNumber},
	"NumericNotEquals":          {compare: numeric(func(c int) bool { return c == 0 }), check: isNumber, negated: true},
	"NumericLessThan":           {compare: numeric(func(c int) bool { return c < 0 }), check: isNumber},
	"NumericLessThanEquals":     {compare: numeric(func(c int) bool { return c <= 0 }), check: isNumber},
	"NumericGreaterThan":        {compare: numeric(func(c int) bool { return c > 0 }), check: isNumber},
	"NumericGreaterThanEquals":  {compare: numeric(func(c int) bool { return c >= 0 }), check: isNumber},
	"DateEquals":                {compare: date(func(c int) bool { return c == 0 }), check: isDate},
	"DateNotEquals":             {compare: date(func(c int) bool { return c == 0 }), check: isDate, negated: true},
	"DateLessThan":              {compare: date(func(c int) bool { return c < 0 }), check: isDate},
	"DateLessThanEquals":        {compare: date(func(c int) bool { return c <= 0 }), check: isDate},
	"DateGreaterThan":           {compare: date(func(c int) bool { return c > 0 }), check: isDate},
	"DateGreaterThanEquals":     {compare: date(func(c int) bool { return c >= 0 }), check: isDate},
	"Bool":                      {compare: equalFold},
	"BinaryEquals":              {compare: equal, check: isBase64},
	"IpAddress":                 {compare: inNetwork, check: isNetwork},
	"NotIpAddress":              {compare: inNetwork, check: isNetwork, negated: true},
	"ArnEquals":                 {compare: likeARN},
	"ArnLike":                   {compare: likeARN},
	"ArnNotEquals":              {compare: likeARN, negated: true},
	"ArnNotLike":                {compare: likeARN, negated: true},
	"Null":                      {null: true},
}

func equal(have string, want *pattern, r *Request) bool {
	text, ok := want.text(r)
	return ok && text == have
}

func equalFold(have string, want *pattern, r *Request) bool {
	text, ok := want.text(r)
	return ok && strings.EqualFold(text, have)
}

func like(have string, want *pattern, r *Request) bool { return want.match(have, r) }

// numeric compares numbers, which are short enough to be exact as rationals.
func numeric(holds func(int) bool) func(string, *pattern, *Request) bool {
	return func(have string, want *pattern, r *Request) bool {
		text, ok := want.text(r)
		a, okA := number(have)
		b, okB := number(text)
		return ok && okA && okB && holds(a.Cmp(b))
	}
}

// number reads a decimal number. Exponents are refused: they would make a short
// text a number of any size.
func number(s string) (*big.Rat, bool) {
	if len(s) > 64 || strings.ContainsAny(s, "eEpPxX/_") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

func isNumber(s string) bool {
	_, ok := number(s)
	return ok
}

func date(holds func(int) bool) func(string, *pattern, *Request) bool {
	return func(have string, want *pattern, r *Request) bool {
		text, ok := want.text(r)
		a, okA := moment(have)
		b, okB := moment(text)
		return ok && okA && okB && holds(a.Compare(b))
	}
}

// moment reads a date in a form of ISO 8601 or in seconds since 1970.
func moment(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) > 4 {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isDate(s string) bool {
	_, ok := moment(s)
	return ok
}

func isBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

func inNetwork(have string, want *pattern, r *Request) bool {
	text, ok := want.text(r)
	addr, err := netip.ParseAddr(have)
	network, known := network(text)
	return ok && err == nil && known && network.Contains(addr.Unmap())
}

// network reads an address, or a range of them in CIDR form.
func network(s string) (netip.Prefix, bool) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil
}

func isNetwork(s string) bool {
	_, ok := network(s)
	return ok
}

// likeARN compares two ARNs part by part, so that a wildcard does not match
// beyond its part; the sixth is whatever follows the fifth colon.
func likeARN(have string, want *pattern, r *Request) bool {
	list, ok := want.resolve(r)
	if !ok {
		return false
	}
	parts := strings.SplitN(have, ":", 6)
	for i, text := range parts {
		end := len(list)
		if i < 5 {
			if end = colon(list); end < 0 {
				return false
			}
		}
		if !matchGlyphs(list[:end], text) {
			return false
		}
		list = list[min(end+1, len(list)):]
	}
	return len(parts) == 6
}

func colon(list []glyph) int {
	for i, g := range list {
		if g.kind == literal && g.b == ':' {
			return i
		}
	}
	return -1
}
