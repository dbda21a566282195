package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/levee-io/levee/internal/api"
	"github.com/levee-io/levee/internal/jsontok"
)

// CBOR (RFC 8949) is the form of bodies in Smithy RPC v2, in which SDKs speak to
// CloudWatch. What comes in is made JSON, and what JSON goes out is made CBOR, so that
// operations know one form. Of CBOR, what shapes are made of is understood: maps with
// text keys, lists, text, bytes, numbers, booleans, null and timestamps.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html

// The major types.
const (
	cborUint  = 0
	cborNeg   = 1
	cborBytes = 2
	cborText  = 3
	cborList  = 4
	cborMap   = 5
	cborTag   = 6
	cborOther = 7

	cborIndefinite = 31
	cborBreak      = 0xff
	cborEpoch      = 1 // the tag of a timestamp

	maxCBORDepth = 64
)

// rpcPath is how the paths of Smithy RPC v2 begin: the service follows, and the
// operation.
const (
	rpcPath      = "/service/"
	rpcOperation = "/operation/"
	cborType     = "application/cbor"
)

// findRPC returns the route that a path names, and its service; that is CloudWatch, the
// only one here that speaks CBOR, if there is none.
func (e *Endpoint) findRPC(path string) (*route, *service) {
	target, operation, _ := strings.Cut(strings.TrimPrefix(path, rpcPath), rpcOperation)
	r := e.routes[target+"."+operation]
	if r == nil || r.service.times == nil {
		return nil, monitoring
	}
	return r, r.service
}

// runRPC is run for a request in CBOR, whose answer, or error, is made CBOR.
func (x *exchange) runRPC(ctx context.Context) {
	var err error
	if x.body, err = jsonOfCBOR(x.req.Body); err != nil {
		x.body, err = nil, errMalformed()
	} else {
		err = x.run(ctx)
	}
	if err != nil {
		x.fail(err)
	}
}

// inCBOR makes the response CBOR.
func (x *exchange) inCBOR() {
	if x.protocol != rpcCBOR {
		return
	}
	x.resp.Body = appendCBOR(nil, x.resp.Body, x.service.times)
	x.resp.ContentType = cborType
	x.resp.Header = append(x.resp.Header, api.Entry[string]{Key: "Smithy-Protocol", Value: "rpc-v2-cbor"})
}

var errCBOR = errors.New("wire: malformed CBOR")

// cborReader makes JSON of CBOR.
type cborReader struct {
	in    []byte
	out   []byte
	depth int
}

// jsonOfCBOR returns one value as JSON. An empty body is an empty map.
func jsonOfCBOR(body []byte) ([]byte, error) {
	if len(body) == 0 {
		return []byte("{}"), nil
	}
	r := cborReader{in: body}
	if err := r.value(); err != nil {
		return nil, err
	}
	if len(r.in) > 0 {
		return nil, errCBOR
	}
	return r.out, nil
}

// head reads the head of an item: its major type and argument; indefinite says that
// a break ends it.
func (r *cborReader) head() (major byte, argument uint64, indefinite bool, err error) {
	if len(r.in) == 0 {
		return 0, 0, false, errCBOR
	}
	major, info := r.in[0]>>5, r.in[0]&31
	r.in = r.in[1:]
	if info < 24 {
		return major, uint64(info), false, nil
	}
	if info == cborIndefinite {
		return major, 0, true, nil
	}
	n := 1 << (info - 24)
	if info > 27 || len(r.in) < n {
		return 0, 0, false, errCBOR
	}
	var b [8]byte
	copy(b[8-n:], r.in)
	r.in = r.in[n:]
	return major, binary.BigEndian.Uint64(b[:]), false, nil
}

func (r *cborReader) value() error {
	if r.depth++; r.depth > maxCBORDepth {
		return errCBOR
	}
	defer func() { r.depth-- }()
	if len(r.in) == 0 {
		return errCBOR
	}
	if r.in[0]>>5 == cborOther {
		return r.simple()
	}
	major, n, indefinite, err := r.head()
	if err != nil {
		return err
	}
	switch major {
	case cborUint:
		r.out = strconv.AppendUint(r.out, n, 10)
	case cborNeg:
		if n > math.MaxInt64 {
			return errCBOR
		}
		r.out = strconv.AppendInt(r.out, -1-int64(n), 10)
	case cborBytes, cborText:
		return r.text(major, n, indefinite)
	case cborList:
		return r.items(n, indefinite, '[', ']', r.value)
	case cborMap:
		return r.items(n, indefinite, '{', '}', r.entry)
	default: // a tag, which says nothing that the shape does not
		if indefinite {
			return errCBOR
		}
		return r.value()
	}
	if indefinite {
		return errCBOR
	}
	return nil
}

// simple reads a boolean, null or a float.
func (r *cborReader) simple() error {
	switch info := r.in[0] & 31; info {
	case 20, 21:
		r.out = strconv.AppendBool(r.out, info == 21)
		r.in = r.in[1:]
		return nil
	case 22, 23:
		r.out = append(r.out, "null"...)
		r.in = r.in[1:]
		return nil
	}
	width := r.in[0] & 31
	_, bits, _, err := r.head()
	if err != nil {
		return err
	}
	var v float64
	switch width {
	case 26:
		v = float64(math.Float32frombits(uint32(bits)))
	case 27:
		v = math.Float64frombits(bits)
	default:
		return errCBOR
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return errCBOR
	}
	r.out = strconv.AppendFloat(r.out, v, 'f', -1, 64)
	return nil
}

// text reads text, or bytes as base64. That of indefinite length comes in chunks.
func (r *cborReader) text(major byte, n uint64, indefinite bool) error {
	var whole []byte
	for {
		if indefinite {
			if len(r.in) > 0 && r.in[0] == cborBreak {
				r.in = r.in[1:]
				break
			}
			chunk, size, nested, err := r.head()
			if err != nil || nested || chunk != major {
				return errCBOR
			}
			n = size
		}
		if n > uint64(len(r.in)) {
			return errCBOR
		}
		whole = append(whole, r.in[:n]...)
		r.in = r.in[n:]
		if !indefinite {
			break
		}
	}
	switch {
	case major == cborBytes:
		r.out = jsontok.AppendBase64(r.out, whole)
	case !utf8.Valid(whole):
		return errCBOR
	default:
		r.out = jsontok.AppendString(r.out, whole)
	}
	return nil
}

// items reads the items of a list or map.
func (r *cborReader) items(n uint64, indefinite bool, open, end byte, one func() error) error {
	if n > uint64(len(r.in)) || n > api.MaxElements {
		return errCBOR
	}
	r.out = append(r.out, open)
	for i := uint64(0); indefinite || i < n; i++ {
		if indefinite && len(r.in) > 0 && r.in[0] == cborBreak {
			r.in = r.in[1:]
			break
		}
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if err := one(); err != nil {
			return err
		}
	}
	r.out = append(r.out, end)
	return nil
}

func (r *cborReader) entry() error {
	major, n, indefinite, err := r.head()
	if err != nil || major != cborText {
		return errCBOR
	}
	if err := r.text(major, n, indefinite); err != nil {
		return err
	}
	r.out = append(r.out, ':')
	return r.value()
}

// appendCBOR appends JSON as CBOR. The members that times names are timestamps, or
// lists of some. The JSON is an operation's own, so it is well-formed.
func appendCBOR(dst, json []byte, times map[string]bool) []byte {
	var d jsontok.Decoder
	d.Reset(json)
	return appendCBORValue(dst, &d, times, false)
}

func appendCBORValue(dst []byte, d *jsontok.Decoder, times map[string]bool, isTime bool) []byte {
	switch d.Kind() {
	case jsontok.Object:
		dst = append(dst, cborMap<<5|cborIndefinite)
		d.Object()
		for key, ok := d.Key(); ok; key, ok = d.Key() {
			name := string(key)
			dst = appendCBORText(dst, name)
			dst = appendCBORValue(dst, d, times, times[name])
		}
		return append(dst, cborBreak)
	case jsontok.Array:
		dst = append(dst, cborList<<5|cborIndefinite)
		d.Array()
		for d.Elem() {
			dst = appendCBORValue(dst, d, times, isTime)
		}
		return append(dst, cborBreak)
	case jsontok.String:
		return appendCBORText(dst, d.String())
	case jsontok.Number:
		if isTime {
			dst = append(dst, cborTag<<5|cborEpoch)
		}
		dst = append(dst, cborOther<<5|27)
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(d.Float()))
	case jsontok.Bool:
		if d.Bool() {
			return append(dst, cborOther<<5|21)
		}
		return append(dst, cborOther<<5|20)
	}
	d.Null()
	return append(dst, cborOther<<5|22)
}

func appendCBORText(dst []byte, s string) []byte {
	n := uint64(len(s))
	switch {
	case n < 24:
		dst = append(dst, cborText<<5|byte(n))
	case n < 1<<8:
		dst = append(dst, cborText<<5|24, byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, cborText<<5|25), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, cborText<<5|26), uint32(n))
	}
	return append(dst, s...)
}
