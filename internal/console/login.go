package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxWrong is how many wrong passwords are heard in a minute, from everybody
// together. Then none is, right or wrong, until the minute is over.
const maxWrong = 10

// attempts counts wrong passwords. The zero value is ready.
type attempts struct {
	mu    sync.Mutex
	since time.Time // guarded by mu
	wrong int       // since then; guarded by mu
}

// allowed reports whether a password is heard.
func (a *attempts) allowed(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.since) >= time.Minute {
		a.since, a.wrong = now, 0
	}
	return a.wrong < maxWrong
}

func (a *attempts) failed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wrong++
}

type loginData struct{ Next string }

func (v *visit) showLogin() error {
	return v.show("login", "login.title", loginData{v.r.Form.Get("next")})
}

// askLogin sends to the login page, and from there back.
func (v *visit) askLogin() error {
	if v.r.Method != http.MethodGet || v.r.Header.Get("Accept") == "application/json" {
		return refusal{http.StatusUnauthorized, "error.login", nil}
	}
	return v.redirect(Path + "login?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode())
}

func (v *visit) login() error {
	if !v.c.logins.allowed(time.Now()) {
		return refusal{http.StatusTooManyRequests, "error.attempts", nil}
	}
	given, want := sha256.Sum256([]byte(v.r.PostForm.Get("password"))), sha256.Sum256([]byte(v.c.opts.Password))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 || v.c.opts.Password == "" {
		v.c.logins.failed()
		v.problem = v.text("error.password")
		v.status = http.StatusForbidden
		return v.show("login", "login.title", loginData{v.r.PostForm.Get("next")})
	}
	_, cookie := v.c.sessions.start(true, v.r.TLS != nil, time.Now())
	http.SetCookie(v.w, cookie)
	next := v.r.PostForm.Get("next")
	if !isOwnPath(next) {
		next = Path
	}
	return v.redirect(next)
}

// isOwnPath reports whether a browser sent there stays in the console.
func isOwnPath(path string) bool {
	return strings.HasPrefix(path, Path) && !strings.ContainsAny(path, "\\\r\n")
}

func (v *visit) logout() error {
	http.SetCookie(v.w, &http.Cookie{Name: sessionCookie, Path: Path, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return v.redirect(Path)
}
