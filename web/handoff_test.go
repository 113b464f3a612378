package web

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"
)

func TestAHandOffThroughTheAPI(t *testing.T) {
	s := startSite(t)
	d := s.api(http.StatusCreated, http.MethodPost, "/api/v1/deliveries",
		withJSON(strings.Replace(least, `"address"`, `"parcels":["P1"],"proof":["code","scan"],"address"`, 1))).delivery()
	one := "/api/v1/deliveries/" + string(d.ID)
	var code struct{ Code string }
	s.api(http.StatusCreated, http.MethodPost, one+"/code").decode(&code)
	s.api(http.StatusConflict, http.MethodPost, one+"/handoff", withJSON(`{"parcels":["P1"],"code":"`+code.Code+`"}`))
	s.api(http.StatusOK, http.MethodPost, one+"/state", withJSON(`{"state":"departed"}`))
	if p := s.api(http.StatusUnprocessableEntity, http.MethodPost, one+"/handoff", withJSON(`{"parcels":["P1"]}`)).problem(); p.Member != "code" {
		t.Errorf("%+v", p)
	}
	for range 5 {
		s.api(http.StatusUnprocessableEntity, http.MethodPost, one+"/handoff", withJSON(`{"parcels":["P1"],"code":"12345x"}`))
	}
	if a := s.api(http.StatusTooManyRequests, http.MethodPost, one+"/handoff", withJSON(`{"parcels":["P1"],"code":"`+code.Code+`"}`)); a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.api(http.StatusCreated, http.MethodPost, one+"/code").decode(&code)
	a := s.api(http.StatusOK, http.MethodPost, one+"/handoff", withJSON(`{"parcels":["P1"],"code":"`+code.Code+`","left_with":"the owner"}`))
	if done := a.delivery(); done.State != "delivered" || done.Handoff == nil || done.Handoff.LeftWith != "the owner" || len(done.Handoff.Shown) != 2 {
		t.Errorf("%s", a.body)
	}
	if strings.Contains(string(a.body), code.Code) || strings.Contains(s.log.String(), code.Code) {
		t.Error("the code is shown, or logged")
	}
}

func TestPhotosOfAHandOff(t *testing.T) {
	s := startSite(t)
	one := "/api/v1/deliveries/" + string(s.deliver().ID)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	send := withBody("image/png", picture.String())
	var made, again struct{ ID string }
	s.api(http.StatusCreated, http.MethodPost, one+"/photos", send).decode(&made)
	s.api(http.StatusCreated, http.MethodPost, one+"/photos", send).decode(&again)
	if made.ID != again.ID {
		t.Error("the same picture has two ids")
	}
	a := s.api(http.StatusOK, http.MethodGet, one+"/photos/"+made.ID)
	if !bytes.Equal(a.body, picture.Bytes()) || a.header.Get("Content-Type") != "image/png" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d bytes of %s", len(a.body), a.header.Get("Content-Type"))
	}
	other := "/api/v1/deliveries/" + string(s.deliver().ID)
	for _, path := range []string{other + "/photos/" + made.ID, one + "/photos/..%2f..%2fkeyring", one + "/photos/x", "/api/v1/deliveries/none/photos/" + made.ID} {
		if a := s.send(http.MethodGet, path, withToken); a.status == http.StatusOK || a.status == http.StatusInternalServerError {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	s.api(http.StatusUnsupportedMediaType, http.MethodPost, one+"/photos", withBody("image/png", "<svg onload=alert(1)>"))
}
