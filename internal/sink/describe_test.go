package sink

import (
	"slices"
	"strings"
	"testing"
)

// What a sink is said to be has no secret of it.
func TestDescriptions(t *testing.T) {
	set, err := Read(strings.NewReader(`
search: {opensearch: {url: "https://user:geheim@search.example:9200/geheim", index: orders}}
hook: {http: {url: "https://hook.example/geheim?token=geheim", signing_key: geheim}}
archive: {files: {dir: `+t.TempDir()+`}}
`), Env{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	list := set.List()
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = d.Name + " " + d.Kind
		if strings.Contains(d.To, "geheim") || d.To == "" {
			t.Errorf("%+v", d)
		}
	}
	if want := []string{"archive files", "hook http", "search opensearch"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if to := list[2].To; to != "https://search.example:9200/orders" {
		t.Errorf("search leads to %s", to)
	}
}
