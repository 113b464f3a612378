package web

import (
	"bytes"
	"fmt"
	"strings"
)

// warningStyle is where warn puts its style sheet.
const warningStyle = "/warning.css"

// warn has the page show text over everything else. It needs no script and
// nothing in the body, which the page's script replaces.
func warn(files map[string]*asset, text string) error {
	page := files["/index.html"]
	whole := bytes.Replace(page.content, []byte("</head>"), []byte(`<link rel="stylesheet" href="`+warningStyle+`"></head>`), 1)
	if len(whole) == len(page.content) {
		return fmt.Errorf("the embedded page has no </head> to put a warning in")
	}
	files["/index.html"] = newAsset(whole, page.contentType, page.caching)
	files["/"] = files["/index.html"]
	files[warningStyle] = newAsset(warningSheet(text), "text/css; charset=utf-8", revalidate)
	return nil
}

func warningSheet(text string) []byte {
	// What ends a string in CSS, and what could begin something else.
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "<", `\3c `).Replace(text)
	return fmt.Appendf(nil, `body::after {
  content: "%s";
  position: fixed; inset: auto 0 0 0; z-index: 2147483647; pointer-events: none;
  padding: .5rem 1rem; text-align: center; font: 600 1rem/1.4 system-ui, sans-serif;
  background: #b3001b; color: #fff;
}
`, quoted)
}
