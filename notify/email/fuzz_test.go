package email

import (
	"bytes"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzAddress wants of every address that is taken that it cannot end a command,
// and that it stays what it is when it is read again.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{
		"nn@example.org", "n.n+x@bücher.example", "jörg@example.org", `"a b"@example.org`, `"a\"b"@example.org`, "a@[127.0.0.1]", "a@b", "",
		"a@b\r\nRCPT TO:<c@d>", "<a@b>", "N <a@b.example>", "a@xn--", "a@-b.example", "a@b..example", "\"\r\n\"@example.org", "a\x00@b.example",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAddress(text)
		if err != nil {
			if a != (address{}) {
				t.Errorf("%q was refused and gave %+v", text, a)
			}
			return
		}
		e := a.envelope()
		if strings.ContainsAny(e, "\r\n\x00") || !strings.HasPrefix(e, "<") || !strings.HasSuffix(e, ">") || strings.ContainsFunc(a.domain, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Errorf("%q became %q", text, e)
		}
		again, err := parseAddress(strings.TrimSuffix(strings.TrimPrefix(e, "<"), ">"))
		if err != nil || again != a {
			t.Errorf("%q became %+v, then %+v, %v", text, a, again, err)
		}
	})
}

// FuzzVerdict wants of whatever a server says that nothing but codes is repeated.
func FuzzVerdict(f *testing.F) {
	f.Add(550, "5.1.1 <secret>: no such user")
	f.Add(451, "4.7.1 secret")
	f.Add(250, "")
	f.Add(-1, "5.1.1")
	f.Add(554, "9.9.9 secret")
	f.Fuzz(func(t *testing.T, code int, text string) {
		v := verdict(&textproto.Error{Code: code, Msg: text})
		if v.Reason == "" || v.Dead && !v.Permanent || v.Unsure {
			t.Errorf("%+v", v)
		}
		if (code >= 500) != v.Permanent {
			t.Errorf("code %d is permanent: %v", code, v.Permanent)
		}
		if strings.Contains(v.Error(), "secret") || len(v.Code) > 40 {
			t.Errorf("%q repeats %q", v.Error(), text)
		}
	})
}

// FuzzNotification wants of any mail that it is read to an end within bounds, or
// refused with nothing, and that nothing of it but codes is repeated.
func FuzzNotification(f *testing.F) {
	seeds, err := filepath.Glob("testdata/bounces/*.eml")
	if err != nil || len(seeds) == 0 {
		f.Fatal("no seeds:", err)
	}
	for _, name := range seeds {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		words := strings.NewReplacer("SENDER", "bounces+"+strings.Repeat("0", 26)+"."+strings.Repeat("v", 16)+"@example.com", "RECIPIENT", "nn@example.org", "ACTION", "failed", "STATUS", "5.1.1")
		f.Add([]byte(words.Replace(string(text))))
	}
	f.Fuzz(func(t *testing.T, mail []byte) {
		n, err := parseNotification(bytes.NewReader(mail))
		if err != nil {
			if n != nil || err != errNoMail && err != errNoNotification {
				t.Errorf("%+v, %v", n, err)
			}
			return
		}
		if len(n.recipients) == 0 || len(n.recipients) > maxParts*maxFates || len(n.marks) > maxMarks || len(n.messageID) > maxMessageID {
			t.Errorf("%+v", n)
		}
		for _, r := range n.recipients {
			if code := enhanced.FindString(r.code); code != r.code {
				t.Errorf("code %q", r.code)
			}
			if v := r.verdict(); v != nil && (v.Dead && (!v.Permanent || r.code[0] != '5') || v.Unsure || v.Err != nil) {
				t.Errorf("%+v gives %+v", r, v)
			}
			if found, ok := n.of(r.addresses[0]); !ok || found.verdict() == nil != (r.verdict() == nil) && len(n.recipients) == 1 {
				t.Errorf("%+v is not found", r)
			}
		}
	})
}
