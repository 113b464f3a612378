package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "wayguard"

// floors is the house: a package imports only from strictly lower floors. A
// path that ends in /... stands for every package below it. A package may be
// absent until it is built.
var floors = map[string]int{
	"cmd/wayguard":             5,
	"web":                      4,
	"notify/email":             4,
	"notify/sms":               4,
	"notify/webhook":           4,
	"notify/webpush":           4,
	"notify":                   3,
	"tracker/ingest/...":       2,
	"tracker/boltstore":        2,
	"tracker":                  1,
	"firmware-protocol/device": 1,
	"firmware-protocol":        0,
	"geofence":                 0,
}

// doors names, for a module, the only packages that may import it, tests
// exempt. cmd stands for everything below it.
var doors = map[string][]string{
	"github.com/mochi-mqtt/server":          {"tracker/ingest/broker"},
	"github.com/eclipse/paho.mqtt.golang":   {"tracker/ingest/bridge", "firmware-protocol/device"},
	"go.etcd.io/bbolt":                      {"tracker/boltstore"},
	"github.com/paulmach/orb":               {"geofence", "tracker", "web", "cmd/wayguard"},
	"github.com/gorilla/websocket":          {"web", "cmd/wayguard"},
	"github.com/twilio/twilio-go":           {"notify/sms"},
	"github.com/wneessen/go-mail":           {"notify/email"},
	"github.com/emersion/go-message":        {"notify/email"},
	"github.com/emersion/go-msgauth":        {"notify/email"},
	"github.com/SherClockHolmes/webpush-go": {"notify/webpush"},
}

// source is one Go file.
type source struct {
	file    string
	pkg     string
	test    bool
	doc     string
	imports []string
}

func TestArchitecture(t *testing.T) {
	sources := readSources(t, "../..")
	if len(sources) < 20 {
		t.Fatalf("found only %d Go files: the walk is wrong", len(sources))
	}
	for _, problem := range problems(sources) {
		t.Error(problem)
	}
}

// TestArchitectureNotices feeds the check with a house that breaks each rule.
func TestArchitectureNotices(t *testing.T) {
	good := source{file: "geofence/a.go", pkg: "geofence", doc: "Package geofence."}
	for name, test := range map[string]struct {
		bad  source
		want string
	}{
		"higher floor": {source{file: "geofence/b.go", pkg: "geofence", imports: []string{"wayguard/tracker"}}, "higher"},
		"same floor":   {source{file: "tracker/boltstore/b.go", pkg: "tracker/boltstore", doc: "d", imports: []string{"wayguard/tracker/ingest/broker"}}, "same"},
		"door":         {source{file: "web/b.go", pkg: "web", doc: "d", imports: []string{"go.etcd.io/bbolt/errors"}}, "door"},
		"no floor":     {source{file: "util/b.go", pkg: "util", doc: "d"}, "no floor"},
		"no doc":       {source{file: "web/b.go", pkg: "web"}, "doc comment"},
	} {
		t.Run(name, func(t *testing.T) {
			found := problems([]source{good, test.bad})
			if len(found) != 1 || !strings.Contains(found[0], test.want) {
				t.Errorf("problems = %q, want one about %q", found, test.want)
			}
		})
	}
	if found := problems([]source{good, {file: "web/b_test.go", pkg: "web", test: true, imports: []string{"go.etcd.io/bbolt"}}, {file: "web/a.go", pkg: "web", doc: "d"}}); len(found) != 0 {
		t.Errorf("problems = %q, want none: tests may pass every door", found)
	}
}

func problems(sources []source) []string {
	var found []string
	documented := make(map[string]bool)
	for _, s := range sources {
		documented[s.pkg] = documented[s.pkg] || s.doc != ""
		if s.test {
			continue
		}
		for _, imported := range s.imports {
			found = append(found, importProblems(s, imported)...)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := floorOf(pkg); !ok {
			found = append(found, fmt.Sprintf("package %s is on no floor", pkg))
		}
		if !documented[pkg] {
			found = append(found, fmt.Sprintf("package %s has no doc comment", pkg))
		}
	}
	return found
}

func importProblems(s source, imported string) []string {
	var found []string
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		from, _ := floorOf(s.pkg)
		to, known := floorOf(ours)
		if known && to >= from {
			found = append(found, fmt.Sprintf("%s imports %s, which is on the same or a higher floor (%d, %d)", s.file, ours, from, to))
		}
	}
	for door, allowed := range doors {
		if imported != door && !strings.HasPrefix(imported, door+"/") {
			continue
		}
		if !slices.Contains(allowed, s.pkg) {
			found = append(found, fmt.Sprintf("%s imports %s, whose door is %s", s.file, imported, strings.Join(allowed, ", ")))
		}
	}
	return found
}

func floorOf(pkg string) (int, bool) {
	if floor, ok := floors[pkg]; ok {
		return floor, true
	}
	for pattern, floor := range floors {
		if below, ok := strings.CutSuffix(pattern, "..."); ok && strings.HasPrefix(pkg, below) {
			return floor, true
		}
	}
	return 0, false
}

// readSources parses every Go file of the module but those of testdata and
// node_modules.
func readSources(t *testing.T, root string) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != root && (base == "node_modules" || base == "testdata" || strings.HasPrefix(base, ".")) {
			return fs.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(base, ".go") {
			s, err := readSource(root, name)
			sources = append(sources, s)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

func readSource(root, name string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return source{}, err
	}
	rel = filepath.ToSlash(rel)
	s := source{file: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go")}
	if !s.test {
		s.doc = file.Doc.Text()
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		s.imports = append(s.imports, imported)
	}
	return s, nil
}
