package notify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestScratch(t *testing.T) {
	for _, l := range Languages() {
		for _, k := range Kinds() {
			c, err := Preview(k, l, SMS, Sender{})
			if err != nil { t.Fatal(err) }
			t.Log(l, k, utf8.RuneCountInString(c.Text), c.Text)
		}
		c, _ := Preview(Approaching, l, Email, Sender{})
		t.Log(c.Text)
	}
	_ = strings.ToLower
}
