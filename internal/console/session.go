package console

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	sessionCookie = "levee_console"
	sessionLife   = 12 * time.Hour
)

// sessions signs the cookies of sessions. Nothing is kept of them: a cookie says
// whose it is, whether they logged in, and until when, and the key is gone with
// the process.
type sessions struct{ key [32]byte }

// session is one browser. Without a login it serves to tie forms to it.
type session struct {
	id string
	in bool // they logged in
}

func (s *sessions) mac(purpose, text string) string {
	h := hmac.New(sha256.New, s.key[:])
	h.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// start makes a session and its cookie.
func (s *sessions) start(in, secure bool, now time.Time) (session, *http.Cookie) {
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	made := session{hex.EncodeToString(random[:]), in}
	text := made.id + "." + strconv.FormatBool(in) + "." + strconv.FormatInt(now.Add(sessionLife).Unix(), 10)
	return made, &http.Cookie{
		Name: sessionCookie, Value: text + "." + s.mac("session", text), Path: Path,
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode, MaxAge: int(sessionLife / time.Second),
	}
}

// read returns the session of a cookie, an empty one if there is none that counts.
func (s *sessions) read(r *http.Request, now time.Time) session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}
	}
	at := strings.LastIndexByte(cookie.Value, '.')
	if at < 0 || !hmac.Equal([]byte(cookie.Value[at+1:]), []byte(s.mac("session", cookie.Value[:at]))) {
		return session{}
	}
	parts := strings.Split(cookie.Value[:at], ".") // three, as we signed it
	until, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || now.Unix() >= until {
		return session{}
	}
	return session{parts[0], parts[1] == "true"}
}

// csrf returns the token that the forms of the session carry.
func (v *visit) csrf() string { return v.c.sessions.mac("csrf", v.session.id) }
