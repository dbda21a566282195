package lambda

import (
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/levee-io/levee/internal/api"
	model "github.com/levee-io/levee/internal/api/lambdaapi"
)

// latest is the one version that functions have here.
const latest = "$LATEST"

// maxName is the longest name of a function.
const maxName = 64

// ParseName takes a function name apart, which may be a name, a part of an ARN
// (account:function:name) or an ARN, each with a qualifier or without. What a name
// leaves out is the caller's.
func ParseName(ns api.Namespace, text string) (name Name, qualifier string) {
	name.Namespace = ns
	parts := strings.Split(text, ":")
	if len(parts) > 4 && parts[0] == "arn" {
		name.Region = parts[3]
		parts = parts[4:]
	}
	if len(parts) > 1 && strings.Count(parts[0], "-") >= 2 && len(parts[1]) == 12 {
		name.Region, parts = parts[0], parts[1:] // region:account:...
	}
	if len(parts) > 1 && len(parts[0]) == 12 && strings.Trim(parts[0], "0123456789") == "" {
		name.Account, parts = parts[0], parts[1:]
	}
	if len(parts) > 1 && parts[0] == "function" {
		parts = parts[1:]
	}
	name.Function = parts[0]
	if len(parts) > 1 {
		qualifier = parts[1]
	}
	return name, qualifier
}

// find returns a function that a request names, with a qualifier within the name
// or beside it.
func (e *Engine) find(c *api.Caller, text string, qualifier api.Opt[string]) (*entry, *function, error) {
	name, within := ParseName(c.Namespace, text)
	if within == "" {
		within = qualifier.V
	}
	if name.Namespace == c.Namespace && (within == "" || within == latest) {
		if at, f := e.lookUp(name); f != nil {
			return at, f, nil
		}
	}
	return nil, nil, errNoFunction(name, within)
}

// lookUp returns a function, nil if there is none.
func (e *Engine) lookUp(name Name) (*entry, *function) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at := e.functions[name]
	if at == nil && e.handlers[name.Function] != nil {
		at = &entry{name: name, current: implicit(name)}
		e.functions[name] = at
	}
	if at == nil || at.current == nil {
		return nil, nil
	}
	return at, at.current
}

func errNoFunction(n Name, qualifier string) *api.Error {
	arn := n.ARN()
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return api.Errorf(model.CodeResourceNotFoundException, "Function not found: %s", arn)
}

func errParameter(format string, args ...any) *api.Error {
	return api.Errorf(model.CodeInvalidParameterValueException, format, args...)
}

// NewUUID returns a random UUID (RFC 9562, version 4).
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}
