package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The meta pages of bbolt's file format, version 2, are the first two: a page
// header of 16 bytes, magic, version, page size and flags (4 bytes each), root
// (16 bytes), freelist, number of pages, transaction and checksum (8 bytes
// each), in the machine's byte order.
const (
	metaOffset = 16
	metaRoot   = metaOffset + 16
	metaPages  = metaOffset + 40
	metaTx     = metaOffset + 48
	metaSum    = metaOffset + 56
)

// datafile is the bytes of a data file, to be damaged.
type datafile struct {
	bytes []byte
	page  int
	// written are where the pages begin that the last commit wrote, without the
	// meta page.
	written []int
}

// meta is the newer meta page, or the older one.
func (d datafile) meta(newer bool) []byte {
	order := binary.NativeEndian
	first, second := d.bytes[:d.page], d.bytes[d.page:2*d.page]
	if order.Uint64(first[metaTx:]) > order.Uint64(second[metaTx:]) == newer {
		return first
	}
	return second
}

// end is that of the last page that is in use, or was.
func (d datafile) end() int {
	return d.page * int(binary.NativeEndian.Uint64(d.meta(true)[metaPages:]))
}

// pages are those that the last commit wrote, but the meta page.
func (d datafile) pages() (pages [][]byte) {
	for _, at := range d.written {
		pages = append(pages, d.bytes[at:at+d.page])
	}
	return pages
}

// damage is what happens to a file.
type damage struct {
	name string
	do   func(d datafile) []byte
	// refused is what the server must say and not start; empty where it may
	// start, as long as nothing acknowledged is missing.
	refused string
	// older: it may start without the last commit, as long as it says so.
	older bool
}

func metaDamages() []damage {
	to := func(newer bool, change func(meta []byte)) func(datafile) []byte {
		return func(d datafile) []byte { change(d.meta(newer)); return d.bytes }
	}
	zero := func(meta []byte) { clear(meta) }
	return []damage{
		{name: "nothing", do: func(d datafile) []byte { return d.bytes }},
		{name: "older meta: zeroed", do: to(false, zero)},
		{name: "newer meta: zeroed", do: to(true, zero), older: true},
		{name: "newer meta: torn", do: to(true, func(m []byte) { clear(m[metaTx:]) }), older: true},
		{name: "newer meta: root", do: to(true, func(m []byte) { m[metaRoot] ^= 1 }), older: true},
		{name: "newer meta: transaction", do: to(true, func(m []byte) { m[metaTx] ^= 0x10 }), older: true},
		{name: "newer meta: checksum", do: to(true, func(m []byte) { m[metaSum] ^= 0x80 }), older: true},
		{name: "both metas: zeroed", do: func(d datafile) []byte { clear(d.bytes[:2*d.page]); return d.bytes }, refused: dataFile},
		{name: "both metas: checksum", do: func(d datafile) []byte { d.meta(true)[metaSum]++; d.meta(false)[metaSum]++; return d.bytes }, refused: dataFile},
	}
}

func pageDamages() []damage {
	cut := func(length func(d datafile) int) func(datafile) []byte {
		return func(d datafile) []byte { return d.bytes[:length(d)] }
	}
	all := []damage{
		{name: "tail: a byte lost", do: cut(func(d datafile) int { return d.end() - 1 }), refused: "cut short"},
		{name: "tail: a page lost", do: cut(func(d datafile) int { return d.end() - d.page }), refused: "cut short"},
		{name: "tail: half lost", do: cut(func(d datafile) int { return d.end() / 2 }), refused: "cut short"},
		{name: "tail: all but metas lost", do: cut(func(d datafile) int { return 2 * d.page }), refused: "cut short"},
		{name: "tail: second meta cut", do: cut(func(d datafile) int { return d.page + metaTx }), refused: "cut short"},
		{name: "tail: all but a piece lost", do: cut(func(datafile) int { return 100 }), refused: dataFile},
	}
	for name, change := range map[string]func(page []byte){
		"zeroed": func(page []byte) { clear(page) },
		"torn":   func(page []byte) { clear(page[len(page)/2:]) },
		"garbage": func(page []byte) {
			for i := range page {
				page[i] ^= 0xff
			}
		},
	} {
		all = append(all, damage{name: "last page: " + name, do: func(d datafile) []byte { change(d.bytes[d.end()-d.page : d.end()]); return d.bytes }})
		all = append(all, damage{name: "last commit: all " + name, do: func(d datafile) []byte {
			for _, page := range d.pages() {
				change(page)
			}
			return d.bytes
		}})
		for i := range 4 {
			all = append(all, damage{name: fmt.Sprintf("last commit: page %d %s", i, name), do: func(d datafile) []byte {
				pages := d.pages()
				change(pages[i%len(pages)])
				return d.bytes
			}})
		}
	}
	return all
}

// TestDamagedFile starts the server on files that a broken disk or a copy that
// was broken off might leave. It must go on with everything acknowledged, or
// refuse and say why; where it can go on with all but the last commit, it must
// say so.
func TestDamagedFile(t *testing.T) {
	trouble(t)
	p := startServe(t, t.TempDir())
	p.drawFences(t)
	fleet := p.enrol(t, "damage", 3, 20)
	for _, r := range fleet {
		p.sendAll(t, r, shuttleMessages(shuttleStart(), 500)...)
	}
	name := filepath.Join(p.dir, dataFile)
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p.sendAll(t, fleet[0], shuttleMessage(shuttleStart()+1000))
	p.kill()
	after, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	whole := newDatafile(before, after)
	for _, d := range append(metaDamages(), pageDamages()...) {
		t.Run(d.name, func(t *testing.T) { d.test(t, whole, fleet) })
	}
}

func newDatafile(before, after []byte) datafile {
	d := datafile{bytes: after, page: os.Getpagesize()}
	for at := 2 * d.page; at < len(after); at += d.page {
		if at+d.page > len(before) || !bytes.Equal(before[at:at+d.page], after[at:at+d.page]) {
			d.written = append(d.written, at)
		}
	}
	return d
}

func (d damage) test(t *testing.T, whole datafile, fleet []*radio) {
	dir := t.TempDir()
	whole.bytes = bytes.Clone(whole.bytes)
	if err := os.WriteFile(filepath.Join(dir, dataFile), d.do(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{http: freeAddress(t), mqtt: freeAddress(t), dir: dir, token: testToken}
	p.start(t, "serve", "--data", dir, "--http", p.http, "--mqtt", p.mqtt)
	started := p.startsOrEnds(t)
	output := p.output.String()
	for _, word := range []string{"panic: ", "fatal error: ", "goroutine 1 ", "SIGBUS", "SIGSEGV"} {
		if strings.Contains(output, word) {
			t.Fatalf("it panics:\n%.2000s", output)
		}
	}
	if !started {
		says := strings.Contains(output, dataFile) || strings.Contains(output, "damaged")
		if status := p.cmd.ProcessState.ExitCode(); status <= 0 || !says || !strings.Contains(output, d.refused) {
			t.Errorf("exit status %d, and the message does not say %q of %s:\n%s", status, d.refused, dataFile, output)
		}
		return
	}
	if d.refused != "" {
		t.Fatalf("it starts:\n%s", output)
	}
	gone := 0
	for _, r := range fleet {
		gone += len(lost(r.got(), p.stored(t, r.id)))
	}
	if gone > 1 || gone == 1 && !(d.older && strings.Contains(output, "damaged")) {
		t.Errorf("%d acknowledged fixes are lost:\n%s", gone, output)
	}
}

// startsOrEnds waits for the one or the other.
func (p *process) startsOrEnds(t *testing.T) (started bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.exited:
			return false
		default:
		}
		resp, err := http.Get("http://" + p.http + "/readyz")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return true
		}
	}
	t.Fatalf("neither started nor ended:\n%s", p.output)
	return false
}
