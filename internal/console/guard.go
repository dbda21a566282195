package console

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const (
	// maxForm is the largest body of a form in bytes, room for an item of 400 KB
	// with its JSON escaped and percent-encoded. maxUpload is that of a file; the
	// wire lets no more through.
	maxForm   = 4 << 20
	maxUpload = 16 << 20
	// maxFormMemory is how much of a form with files is held in memory: all, as
	// nothing may be written to a disk.
	maxFormMemory = maxUpload
)

// policy is the content security policy: what is embedded, and nothing else.
// Images are data: URLs of the style sheet.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if c.opts.Password == "" && !(isLocalClient(r.RemoteAddr) && isLocalHost(r.Host)) {
		http.Error(w, "The console answers only this machine, at localhost or 127.0.0.1, unless levee serve has a --console-password.", http.StatusForbidden)
		return
	}
	c.mux.ServeHTTP(w, r)
}

// isLocalClient reports whether a client is on this machine. One in this process
// has no address.
func isLocalClient(addr string) bool {
	if addr == "" {
		return true
	}
	ap, err := netip.ParseAddrPort(addr)
	return err == nil && ap.Addr().Unmap().IsLoopback()
}

// isLocalHost reports whether a Host header names this machine in a way that no
// name server has a say in.
func isLocalHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// check reads the form of a visit, bounded, and refuses one that changes something
// and was not sent by a page of this console.
func (v *visit) check() error {
	if v.r.Method == http.MethodGet || v.r.Method == http.MethodHead {
		return v.r.ParseForm()
	}
	multi := strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/form-data")
	limit := int64(maxForm)
	if multi {
		limit = maxUpload
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, limit)
	err := v.r.ParseForm()
	if multi && err == nil {
		err = v.r.ParseMultipartForm(maxFormMemory)
	}
	if err != nil {
		return refusal{http.StatusBadRequest, "error.form", err}
	}
	if err := new(http.CrossOriginProtection).Check(v.r); err != nil {
		return refusal{http.StatusForbidden, "error.csrf", err}
	}
	token := v.r.PostForm.Get("csrf")
	if v.session.id == "" || subtle.ConstantTimeCompare([]byte(token), []byte(v.csrf())) != 1 {
		return refusal{http.StatusForbidden, "error.csrf", nil}
	}
	return nil
}

// refusal is an error with a status and the key of its text.
type refusal struct {
	status int
	key    string
	cause  error
}

func (r refusal) Error() string {
	if r.cause != nil {
		return fmt.Sprintf("%s: %v", r.key, r.cause)
	}
	return r.key
}

func (r refusal) Unwrap() error { return r.cause }
