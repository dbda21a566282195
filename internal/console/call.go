package console

import (
	"crypto/rand"
	"fmt"
	"net/netip"

	"github.com/levee-io/levee/internal/api"
)

// accessKey is the access key id of what the console does.
const accessKey = "console"

// call runs an operation as a request of an SDK would: the constraints of the
// model are checked first.
func call[O api.Output](v *visit, target, name string, in api.Input) (out O, err error) {
	op := v.c.operations[target+"."+name]
	if op == nil || op.Handle == nil {
		return out, fmt.Errorf("console: there is no operation %s", name)
	}
	var violations api.Violations
	in.Validate(&violations)
	if err := violations.Err(); err != nil {
		return out, err
	}
	answer, err := op.Handle(v.r.Context(), v.caller(), in)
	if err != nil {
		return out, err
	}
	return answer.(O), nil
}

// run is call for an answer that says nothing.
func run(v *visit, target, name string, in api.Input) error {
	_, err := call[api.Output](v, target, name, in)
	return err
}

// newID returns a random UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (v *visit) caller() *api.Caller {
	scheme := "http://"
	if v.r.TLS != nil {
		scheme = "https://"
	}
	c := &api.Caller{Namespace: v.ns, AccessKey: accessKey, BaseURL: scheme + v.r.Host, RequestID: newID()}
	if addr, err := netip.ParseAddrPort(v.r.RemoteAddr); err == nil {
		c.Remote = addr
	}
	return c
}
