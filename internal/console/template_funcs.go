package console

import (
	"html/template"
	"net/url"
	"strings"
	"time"
)

// funcs are what templates call.
func (l *language) funcs() template.FuncMap {
	return template.FuncMap{
		"t":         l.text,
		"count":     count,
		"bytes":     byteSize,
		"time":      func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"at":        base,
		"inside":    strings.HasPrefix,
		"choose":    func(list []string, value string) choices { return choices{list, value} },
		"iterate":   func(n int) []int { return []int{1, 2, 3}[:n] },
		"at2":       nth,
		"pair":      func(name, value string) pair { return pair{name, value} },
		"views":     func() []string { return streamViews },
		"keyop":     isKeyComparison,
		"selectall": func(table string) string { return `SELECT * FROM "` + table + `"` },
		"withview":  withForm,
		"short":     shortened,
		"last":      func(arn string) string { return afterLast(arn, ":") },

		"attributerows": attributeRows,
		"took":          func(d time.Duration) time.Duration { return d.Round(max(d/1000, 10*time.Microsecond)) },

		"share":     func(label string, value, most float64) share { return share{label, value, most} },
		"steps":     func() []int { return []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9} },
		"surgebars": func() []string { return []string{"sent", "stored", "propagated"} },
		"surgefacts": func() []string {
			return []string{"waiting", "inflight", "oldest", "killed", "lost", "resent", "dropped"}
		},
	}
}

// pair is a field and its value, for a template that is used for many.
type pair struct{ Name, Value string }

// choices is a list of which one may be chosen.
type choices struct {
	List  []string
	Value string
}

// nth returns the value of a field that comes several times, "" if there is none.
func nth(form url.Values, name string, i int) string {
	if i < len(form[name]) {
		return form[name][i]
	}
	return ""
}

// share is how much there is of something that has a most.
type share struct {
	Label       string
	Value, Most float64
}

// streamViews are what the records of a stream may show.
var streamViews = []string{"NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"}

// isKeyComparison reports whether a sort key can be compared so.
func isKeyComparison(op string) bool {
	switch op {
	case "=", "<", "<=", ">", ">=", "between", "begins_with":
		return true
	}
	return false
}

// withForm returns the path of an editor as that of its form.
func withForm(path string) (string, error) {
	u, err := url.Parse(path)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("view", "form")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// maxBody is how many characters of a message a list shows.
const maxBody = 2000

func shortened(text string) string {
	if len(text) <= maxBody {
		return text
	}
	return strings.ToValidUTF8(text[:maxBody], "") + "…"
}

// attributeRow is an attribute of a message in the form.
type attributeRow struct{ Name, Type, Value string }

// attributeRows returns the attributes that were typed, and room for three at
// least.
func attributeRows(form url.Values) []attributeRow {
	rows := make([]attributeRow, max(3, min(len(form["name"]), maxAttributeFields)))
	for i := range rows {
		rows[i].Type = "String"
		if i < len(form["name"]) && i < len(form["type"]) && i < len(form["value"]) {
			rows[i] = attributeRow{form["name"][i], form["type"][i], form["value"][i]}
		}
	}
	return rows
}

func afterLast(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }
