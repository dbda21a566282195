package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

const deployDir = "../../deploy"

func deployed(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(deployDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// served is what the parser of levee makes of arguments in a file of deploy/.
func served(t *testing.T, args []string) serveCmd {
	t.Helper()
	var r root
	parser, err := kong.New(&r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Errorf("levee does not take %q: %v", args, err)
	}
	return r.Serve
}

// found returns what the group of a pattern, which is in the text once, has matched.
func found(t *testing.T, pattern, text string) string {
	t.Helper()
	ms := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(ms) != 1 {
		t.Fatalf("%s is there %d times", pattern, len(ms))
	}
	return ms[0][1]
}

// wantTimeToStop checks that who starts levee lets it end.
func wantTimeToStop(t *testing.T, seconds string) {
	t.Helper()
	if n, err := strconv.Atoi(seconds); err != nil || time.Duration(n)*time.Second <= stopTimeout {
		t.Errorf("killed after %s s, while requests in flight get %v", seconds, stopTimeout)
	}
}

func TestUnitOfSystemd(t *testing.T) {
	unit := deployed(t, "levee.service")
	command := strings.ReplaceAll(found(t, `(?m)^ExecStart=((?:.*\\\n)*.*)$`, unit), "\\\n", "")
	dirs := map[string]string{"STATE_DIRECTORY": "/var/lib/levee", "CREDENTIALS_DIRECTORY": "/run/credentials/levee.service"}
	args := strings.Fields(os.Expand(command, func(name string) string {
		if dirs[name] == "" {
			t.Errorf("$%s is not set by systemd", name)
		}
		return dirs[name]
	}))
	c := served(t, args[1:])
	if c.Data != "/var/lib/levee" || c.Auth != "/run/credentials/levee.service/"+found(t, `(?m)^LoadCredential=(\w+):`, unit) {
		t.Errorf("data in %s, keys in %s", c.Data, c.Auth)
	}
	wantTimeToStop(t, found(t, `(?m)^TimeoutStopSec=(\d+)$`, unit))
}

func TestContainerfile(t *testing.T) {
	file := deployed(t, "Containerfile")
	var entry, command []string
	for name, list := range map[string]*[]string{"ENTRYPOINT": &entry, "CMD": &command} {
		if err := json.Unmarshal([]byte(found(t, `(?m)^`+name+` (\[.*\])$`, file)), list); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !slices.Equal(entry, []string{found(t, `(?m)^COPY --from=build /levee (\S+)$`, file)}) {
		t.Errorf("what is started is not what was copied: %q", entry)
	}
	c := served(t, command)
	if volume := found(t, `(?m)^VOLUME (\S+)$`, file); c.Data != volume {
		t.Errorf("data in %s, the volume is %s", c.Data, volume)
	}
	if ports := found(t, `(?m)^EXPOSE (.+)$`, file); ports != port(t, c.Addr)+" "+port(t, c.Observe.AdminAddr) {
		t.Errorf("listens on %s and %s, and exposes %s", c.Addr, c.Observe.AdminAddr, ports)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if image, needs := found(t, `(?m)^FROM golang:(\S+) AS build$`, file), found(t, `(?m)^go (\d+\.\d+)`, string(mod)); image != needs {
		t.Errorf("built with Go %s, go.mod wants %s", image, needs)
	}
	wantTimeToStop(t, found(t, `--stop-timeout (\d+)`, file))
}

func port(t *testing.T, addr string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Error(err)
	}
	return port
}

// values are those of the chart.
type values map[string]any

// statefulSet is what the test reads of one.
type statefulSet struct {
	Spec struct {
		VolumeClaimTemplates []struct{ Metadata struct{ Name string } } `yaml:"volumeClaimTemplates"`
		Template             struct {
			Metadata struct{ Annotations map[string]string }
			Spec     struct {
				Grace      string `yaml:"terminationGracePeriodSeconds"`
				Volumes    []struct{ Name string }
				Containers []struct {
					Args  []string
					Ports []struct {
						Name string
						Port string `yaml:"containerPort"`
					}
					Mounts []struct {
						Name string
						Path string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

// rendered is a template of the chart, with the functions of Helm that it uses.
func rendered(t *testing.T, name string, set values) string {
	t.Helper()
	v := values{}
	if err := yaml.Unmarshal([]byte(deployed(t, "helm/levee/values.yaml")), &v); err != nil {
		t.Fatal(err)
	}
	maps.Copy(v, set)
	all := template.New("")
	indented := func(n int, text string) string {
		margin := strings.Repeat(" ", n)
		return "\n" + margin + strings.ReplaceAll(text, "\n", "\n"+margin)
	}
	all.Funcs(template.FuncMap{
		"nindent":    indented,
		"quote":      func(v any) string { return strconv.Quote(fmt.Sprint(v)) },
		"trunc":      func(n int, text string) string { return text[:min(n, len(text))] },
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"toYaml": func(v any) (string, error) {
			b, err := yaml.Marshal(v)
			return strings.TrimSuffix(string(b), "\n"), err
		},
		"include": func(name string, data any) (string, error) {
			var b bytes.Buffer
			err := all.ExecuteTemplate(&b, name, data)
			return b.String(), err
		},
	})
	template.Must(all.ParseGlob(filepath.Join(deployDir, "helm/levee/templates/*")))
	var b bytes.Buffer
	data := map[string]any{"Values": v, "Release": map[string]string{"Name": "shop", "Service": "Helm"}}
	if err := all.ExecuteTemplate(&b, name, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestChart(t *testing.T) {
	for name, tt := range map[string]struct {
		set                   values
		volumes, claims       string
		auth, tls, slow, data string
	}{
		"as it is":    {values{}, "[]", "[data]", "", "", "0s", "/data/levee"},
		"keys":        {values{"keysSecret": "a"}, "[keys]", "[data]", "/keys/keys", "", "0s", "/data/levee"},
		"TLS":         {values{"tlsSecret": "b"}, "[tls]", "[data]", "", "/tls/tls.crt", "0s", "/data/levee"},
		"arguments":   {values{"extraArgs": []string{"--slow-requests=100ms"}}, "[]", "[data]", "", "", "100ms", "/data/levee"},
		"no claim":    {values{"persistence": values{"enabled": false, "size": "1Gi"}}, "[data]", "[]", "", "", "0s", "/data/levee"},
		"all of them": {values{"keysSecret": "a", "tlsSecret": "b", "persistence": values{"enabled": false, "size": "1Gi"}}, "[data keys tls]", "[]", "/keys/keys", "/tls/tls.crt", "0s", "/data/levee"},
	} {
		t.Run(name, func(t *testing.T) {
			var set statefulSet
			if err := yaml.Unmarshal([]byte(rendered(t, "statefulset.yaml", tt.set)), &set); err != nil {
				t.Fatal(err)
			}
			pod := set.Spec.Template.Spec
			if len(pod.Containers) != 1 {
				t.Fatalf("%d containers", len(pod.Containers))
			}
			levee := pod.Containers[0]
			c := served(t, levee.Args)
			if c.Data != tt.data || c.Auth != tt.auth || c.TLS.Cert != tt.tls || c.Observe.SlowRequests.String() != tt.slow {
				t.Errorf("data in %s, keys in %q, certificate in %q, slow after %v", c.Data, c.Auth, c.TLS.Cert, c.Observe.SlowRequests)
			}
			var volumes, claims []string
			for _, v := range pod.Volumes {
				volumes = append(volumes, v.Name)
			}
			for _, v := range set.Spec.VolumeClaimTemplates {
				claims = append(claims, v.Metadata.Name)
			}
			if fmt.Sprint(volumes) != tt.volumes || fmt.Sprint(claims) != tt.claims {
				t.Errorf("volumes %v, claims %v", volumes, claims)
			}
			var paths []string
			for _, m := range levee.Mounts {
				if !slices.Contains(volumes, m.Name) && !slices.Contains(claims, m.Name) {
					t.Errorf("%s is mounted and is no volume", m.Name)
				}
				paths = append(paths, m.Path)
			}
			for _, path := range []string{c.Data, c.Auth, c.TLS.Cert, c.TLS.Key} {
				if path != "" && !slices.Contains(paths, filepath.Dir(path)) {
					t.Errorf("%s is in none of %v", path, paths)
				}
			}
			for _, p := range levee.Ports {
				addr := map[string]string{"api": c.Addr, "admin": c.Observe.AdminAddr}[p.Name]
				if port(t, addr) != p.Port {
					t.Errorf("port %s is %s, and levee listens on %s", p.Name, p.Port, addr)
				}
			}
			if scraped := set.Spec.Template.Metadata.Annotations["prometheus.io/port"]; scraped != port(t, c.Observe.AdminAddr) {
				t.Errorf("Prometheus asks port %s", scraped)
			}
			wantTimeToStop(t, pod.Grace)
		})
	}
}
