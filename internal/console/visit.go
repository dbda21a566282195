package console

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/levee-io/levee/internal/api"
)

// visit is one request of a page.
type visit struct {
	c       *Console
	w       http.ResponseWriter
	r       *http.Request
	session session
	lang    *language
	ns      api.Namespace // empty on pages of all namespaces
	status  int           // of the page, 0 for OK
	problem string        // shown above the page
	subject string        // the table or queue that the page is of
}

// newVisit begins a visit, and a session if the browser has none.
func (c *Console) newVisit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{c: c, w: w, r: r, lang: languageOf(r)}
	now := time.Now()
	if v.session = c.sessions.read(r, now); v.session.id == "" && r.Method == http.MethodGet {
		var cookie *http.Cookie
		v.session, cookie = c.sessions.start(false, r.TLS != nil, now)
		http.SetCookie(w, cookie)
	}
	return v
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// readNamespace reads the namespace of the path, if it has one.
func (v *visit) readNamespace() error {
	v.ns = api.Namespace{Account: v.r.PathValue("account"), Region: v.r.PathValue("region")}
	if v.ns != (api.Namespace{}) && !isNamespace(v.ns) {
		return refusal{http.StatusNotFound, "error.namespace", nil}
	}
	return nil
}

func isNamespace(ns api.Namespace) bool {
	return accountPattern.MatchString(ns.Account) && regionPattern.MatchString(ns.Region)
}

// base returns the path of a namespace.
func base(ns api.Namespace) string { return Path + "at/" + ns.Account + "/" + ns.Region + "/" }

// to returns a path in the namespace of the visit, of segments to be escaped.
func (v *visit) to(segments ...string) string {
	path := base(v.ns)
	for i, s := range segments {
		if i > 0 {
			path += "/"
		}
		path += url.PathEscape(s)
	}
	return path
}

func (v *visit) text(key string, args ...any) string { return v.lang.text(key, args...) }

func (v *visit) redirect(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// done goes to a page, which says what was done.
func (v *visit) done(path, key string) error {
	return v.redirect(path + "?" + url.Values{"done": {key}}.Encode())
}

// frame is what every page is made of.
type frame struct {
	Title   string
	Subject string // the table or queue that the page is of
	Lang    string
	CSRF    string
	NS      api.Namespace
	Base    string // of the namespace, "" without one
	Here    string // path and query of the page
	Section string // of the navigation
	Problem string
	Done    string
	CanExit bool
	Data    any
}

// show answers with a page.
func (v *visit) show(name, title string, data any) error {
	f := frame{
		Title: v.text(title), Subject: v.subject, Lang: v.lang.tag, CSRF: v.csrf(), NS: v.ns, Here: v.r.URL.RequestURI(),
		Section: name, Problem: v.problem, CanExit: v.session.in, Data: data,
	}
	if v.ns != (api.Namespace{}) {
		f.Base = base(v.ns)
	}
	if v.r.Method == http.MethodPost { // cannot be asked for again
		f.Here = cmp.Or(f.Base, Path)
	}
	if done := v.r.URL.Query().Get("done"); done != "" && v.lang.has("done."+done) {
		f.Done = v.text("done." + done)
	}
	return v.render(name, "layout", f)
}

// render answers with a template of a page: all of it or, for htmx, a part.
func (v *visit) render(page, part string, data any) error {
	t := v.lang.pages[page]
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, part, data); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if v.status != 0 {
		v.w.WriteHeader(v.status)
	}
	_, _ = out.WriteTo(v.w) // the client went away
	return nil
}

// refused reports whether an operation has refused what a form asked for, so that
// the form is shown again with the reason.
func (v *visit) refused(err error) bool {
	var e *api.Error
	if !isClientError(err) || !errors.As(err, &e) {
		return false
	}
	v.problem, v.status = e.Error(), http.StatusUnprocessableEntity
	return true
}

// isClientError reports whether an operation says that the request was wrong.
func isClientError(err error) bool {
	var e *api.Error
	return errors.As(err, &e) && e.Fault == api.Client
}

// fail answers with an error.
func (v *visit) fail(err error) {
	var known refusal
	var refused *api.Error
	v.problem, v.status = v.text("error.internal"), http.StatusInternalServerError
	switch {
	case errors.As(err, &known):
		v.problem, v.status = v.text(known.key), known.status
	case errors.As(err, &refused):
		v.problem, v.status = refused.Error(), statusOf(refused)
	default:
		v.c.log.Error("page failed unexpectedly", "path", v.r.URL.Path, "err", err)
	}
	if err := v.show("error", "error.title", nil); err != nil {
		v.c.log.Error("page cannot be shown", "path", v.r.URL.Path, "err", err)
		http.Error(v.w, v.problem, v.status)
	}
}

func statusOf(e *api.Error) int {
	switch {
	case e.Fault == api.Server:
		return http.StatusInternalServerError
	case e.Code == "ResourceNotFoundException" || e.Code == "QueueDoesNotExist" || e.Code == "NotFoundException":
		return http.StatusNotFound
	}
	return http.StatusBadRequest
}
