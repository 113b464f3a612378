package main

import (
	"errors"
	"strings"
	"testing"
)

func TestPreviewPrintsAMessage(t *testing.T) {
	for name, tt := range map[string]struct {
		cmd  previewCmd
		want string
	}{
		"text": {previewCmd{Kind: "approaching", Language: "de", Channel: "email", Format: "text"}, "Subject: Ihre Lieferung kommt gleich\n\n"},
		"html": {previewCmd{Kind: "approaching", Language: "fr", Channel: "email", Format: "html"}, `<html lang="fr">`},
		"sms":  {previewCmd{Kind: "alert.route.off", Language: "es", Channel: "sms", Format: "text", Sender: "Fleet"}, "Fleet: Fuera de la ruta prevista"},
	} {
		var out strings.Builder
		if err := tt.cmd.print(&out); err != nil || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
}

func TestPreviewSaysWhatThereIs(t *testing.T) {
	for name, tt := range map[string]struct {
		cmd  previewCmd
		want string
	}{
		"kind":     {previewCmd{Kind: "x", Language: "en", Channel: "sms"}, "--kind must be one of ordered, departed"},
		"language": {previewCmd{Kind: "ordered", Language: "xx", Channel: "sms"}, "--language must be one of en, de"},
		"format":   {previewCmd{Kind: "ordered", Language: "en", Channel: "sms", Format: "html"}, "no such part"},
	} {
		var out strings.Builder
		err := tt.cmd.print(&out)
		if wrong := new(inputError); !errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
