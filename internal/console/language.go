package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed locale/*.json
var locales embed.FS

//go:embed templates/*.html
var templates embed.FS

const languageCookie = "levee_language"

// language is a catalog of texts, and the pages in it.
type language struct {
	tag   string
	texts map[string]string
	pages map[string]*template.Template // by name of the page
}

// languages are those that there are, the first for everybody else. Each is loaded for
// its first page: parsing the templates takes longer than starting the server.
var languages = []struct {
	tag  string
	load func() *language
}{
	{"en", sync.OnceValue(func() *language { return loadLanguage("en") })},
	{"ko", sync.OnceValue(func() *language { return loadLanguage("ko") })},
}

func loadLanguage(tag string) *language {
	l := &language{tag: tag, texts: map[string]string{}, pages: map[string]*template.Template{}}
	data, err := locales.ReadFile("locale/" + tag + ".json")
	if err == nil {
		err = json.Unmarshal(data, &l.texts)
	}
	if err != nil {
		panic(err) // embedded, and tested
	}
	layout := template.Must(template.New("layout").Funcs(l.funcs()).ParseFS(templates, "templates/layout.html", "templates/*parts.html"))
	files, err := templates.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".html"); name != "layout" && !strings.HasSuffix(name, "parts") {
			l.pages[name] = template.Must(template.Must(layout.Clone()).ParseFS(templates, path.Join("templates", f.Name())))
		}
	}
	return l
}

// text returns the text of a key. A key that has none, which a test rules out,
// stands for itself.
func (l *language) text(key string, args ...any) string {
	text, ok := l.texts[key]
	if !ok {
		return key
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

func (l *language) has(key string) bool {
	_, ok := l.texts[key]
	return ok
}

// languageOf returns the language that was chosen, or the first one that the
// browser asks for and is there.
func languageOf(r *http.Request) *language {
	if cookie, err := r.Cookie(languageCookie); err == nil {
		if l := findLanguage(cookie.Value); l != nil {
			return l
		}
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if l := findLanguage(tag); l != nil {
			return l
		}
	}
	return languages[0].load()
}

// findLanguage returns the language of a tag such as ko-KR, nil if it is not there.
func findLanguage(tag string) *language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, l := range languages {
		if l.tag == primary {
			return l.load()
		}
	}
	return nil
}

func (v *visit) chooseLanguage() error {
	if l := findLanguage(v.r.PostForm.Get("language")); l != nil {
		http.SetCookie(v.w, &http.Cookie{Name: languageCookie, Value: l.tag, Path: Path, HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 365 * 24 * 3600})
	}
	back := v.r.PostForm.Get("back")
	if !isOwnPath(back) {
		back = Path
	}
	return v.redirect(back)
}

// count writes a number with a thin space between its thousands.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "\u2009" + digits[at:]
	}
	return digits
}

func byteSize(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	size, unit := float64(n)/1024, 0
	for size >= 1024 && unit < len(units)-1 {
		size, unit = size/1024, unit+1
	}
	return strconv.FormatFloat(size, 'f', 1, 64) + " " + units[unit:unit+1] + "B"
}
