package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"wayguard/tracker/ingest/warning"
)

// Limits of a request's body.
const (
	maxBody   = 1 << 20
	maxFences = 16 << 20
	maxOrders = 16 << 20
)

// changeTimeout is how long a change may wait for the store. A full disk keeps
// it waiting until there is room.
const changeTimeout = 15 * time.Second

// handler answers a request; an error becomes the answer, as a problem.
type handler func(w http.ResponseWriter, r *http.Request, who principal) error

// route is one line of the table below.
type route struct {
	// pattern is as in net/http.ServeMux, and the route's name in metrics.
	pattern string
	role    role // the least that may; empty for anybody
	// partners may, too; the handler keeps them to what is theirs.
	partners bool
	handler  handler
	takes    []string // parameters of the query
	body     int64    // 0 for maxBody
	page     bool     // problems are shown as a page
	// parts: the handler does the parts of a request once, each for itself.
	parts bool
	// keeps: what it answers first is kept for whoever repeats the request, since
	// it cannot be made again.
	keeps bool
	// always: it answers whatever the limits, since whoever watches the server
	// must not take it for ill because of what others send.
	always bool
}

func (s *Server) routes() []route {
	return slices.Concat(s.catalogRoutes(), s.customerRoutes(), s.staffRoutes(), s.webhookRoutes(), s.notifyRoutes(), s.pushRoutes(), s.parcelRoutes(), []route{
		{pattern: "GET /healthz", handler: s.healthz, always: true},
		{pattern: "GET /readyz", handler: s.readyz, always: true},
		{pattern: "GET /metrics", role: admin, handler: s.showMetrics()},

		{pattern: "GET /signin/{code}", handler: s.signin, page: true},
		{pattern: "POST /api/v1/signin-links", role: dispatcher, handler: s.createSigninLink, keeps: true},
		{pattern: "GET /api/v1/session", role: driver, partners: true, handler: s.showSession},
		{pattern: "DELETE /api/v1/session", role: driver, handler: s.endSession},

		{pattern: "GET /api/v1/devices", role: dispatcher, handler: s.listDevices, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/devices", role: admin, handler: s.createDevice, takes: []string{"qr"}, keeps: true},
		{pattern: "GET /api/v1/devices/{id}", role: dispatcher, handler: s.showDevice},
		{pattern: "DELETE /api/v1/devices/{id}", role: admin, handler: s.deleteDevice},
		{pattern: "POST /api/v1/devices/{id}/secret", role: admin, handler: s.rotateSecret, takes: []string{"qr"}, keeps: true},
		{pattern: "POST /api/v1/devices/{id}/certificate", role: admin, handler: s.rotateCertificate, keeps: true},
		{pattern: "PUT /api/v1/devices/{id}/limits", role: dispatcher, handler: s.putDeviceLimits},
		{pattern: "POST /api/v1/devices/{id}/door-token", role: admin, handler: s.createDoorToken, keeps: true},
		{pattern: "DELETE /api/v1/devices/{id}/door-token", role: admin, handler: s.deleteDoorToken},
		{pattern: "PUT /api/v1/devices/{id}/owntracks-key", role: admin, handler: s.putOwnTracksKey},
		{pattern: "DELETE /api/v1/devices/{id}/owntracks-key", role: admin, handler: s.deleteOwnTracksKey},
		{pattern: "GET /api/v1/devices/{id}/track", role: dispatcher, handler: s.showTrack, takes: []string{"from", "to", "format"}},
		{pattern: "GET /api/v1/devices/{id}/readings", role: dispatcher, handler: s.showReadings, takes: []string{"from", "to", "kind"}},
		{pattern: "GET /api/v1/devices/{id}/desired", role: dispatcher, handler: s.showDesired},
		{pattern: "PUT /api/v1/devices/{id}/desired", role: dispatcher, handler: s.putDesired},
		{pattern: "PATCH /api/v1/devices/{id}/desired", role: dispatcher, handler: s.patchDesired},

		{pattern: "GET /api/v1/enrol-codes", role: dispatcher, handler: s.listEnrolCodes, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/enrol-codes", role: admin, handler: s.createEnrolCode, keeps: true},
		{pattern: "DELETE /api/v1/enrol-codes/{id}", role: admin, handler: s.deleteEnrolCode},
		{pattern: "POST /api/v1/enrol", handler: s.enrol, keeps: true},
		{pattern: "GET /enrol", handler: s.showEnrolPage, page: true},
		{pattern: "GET /enrol/{code}", handler: s.showEnrolPage, page: true},
		{pattern: "POST /enrol", handler: s.useEnrolPage, page: true},

		{pattern: "GET /api/v1/fences", role: dispatcher, handler: s.listFences, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/fences", role: dispatcher, handler: s.createFences, body: maxFences},
		{pattern: "GET /api/v1/fences/{id}", role: dispatcher, handler: s.showFence},
		{pattern: "PUT /api/v1/fences/{id}", role: dispatcher, handler: s.putFence, body: maxFences},
		{pattern: "DELETE /api/v1/fences/{id}", role: dispatcher, handler: s.deleteFence},

		{pattern: "GET /api/v1/deliveries", role: driver, partners: true, handler: s.listDeliveries, takes: []string{"id", "state", "customer", "round", "reference", "q", "before", "limit"}},
		{pattern: "POST /api/v1/deliveries", role: dispatcher, partners: true, handler: s.createDelivery, body: maxOrders, parts: true},
		{pattern: "POST /api/v1/deliveries/import", role: dispatcher, partners: true, handler: s.importDeliveries, takes: []string{"dry_run"}, body: maxOrders, parts: true},
		{pattern: "GET /api/v1/deliveries/{id}", role: driver, partners: true, handler: s.showDelivery},
		{pattern: "PATCH /api/v1/deliveries/{id}", role: dispatcher, partners: true, handler: s.patchDelivery},
		{pattern: "POST /api/v1/deliveries/{id}/state", role: driver, partners: true, handler: s.moveDelivery},
		{pattern: "POST /api/v1/deliveries/{id}/handoff", role: driver, handler: s.handOff},
		{pattern: "POST /api/v1/deliveries/{id}/code", role: dispatcher, handler: s.createCode},
		{pattern: "POST /api/v1/deliveries/{id}/photos", role: driver, handler: s.createPhoto, body: maxPhoto},
		{pattern: "GET /api/v1/deliveries/{id}/photos/{photo}", role: dispatcher, handler: s.showPhoto},
		{pattern: "GET /api/v1/api-keys", role: admin, handler: s.listAPIKeys, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/api-keys", role: admin, handler: s.createAPIKey, keeps: true},
		{pattern: "DELETE /api/v1/api-keys/{id}", role: admin, handler: s.deleteAPIKey},
		{pattern: "GET /api/v1/rounds", role: driver, handler: s.listRounds, takes: []string{"state", "routes", "before", "limit"}},
		{pattern: "POST /api/v1/rounds", role: dispatcher, handler: s.createRound, body: maxOrders},
		{pattern: "POST /api/v1/rounds/import", role: dispatcher, handler: s.importRounds, takes: []string{"dry_run"}, body: maxOrders, parts: true},
		{pattern: "GET /api/v1/rounds/{id}", role: driver, handler: s.showRound},
		{pattern: "PATCH /api/v1/rounds/{id}", role: dispatcher, handler: s.patchRound, body: maxOrders},
		{pattern: "POST /api/v1/rounds/{id}/start", role: dispatcher, handler: s.startRound},
		{pattern: "POST /api/v1/rounds/{id}/end", role: dispatcher, handler: s.endRound},
		{pattern: "GET /api/v1/hazards", role: dispatcher, handler: s.listHazards, takes: []string{"after", "limit"}},
		{pattern: "POST /api/v1/hazards", role: dispatcher, handler: s.importHazards, body: warning.MaxBytes},
		{pattern: "DELETE /api/v1/hazards/{id}", role: dispatcher, handler: s.deleteHazard},
		{pattern: "GET /api/v1/messages", role: dispatcher, handler: s.listMessages, takes: []string{"state", "channel", "delivery", "before", "limit"}},
		{pattern: "GET /api/v1/messages/{id}", role: dispatcher, handler: s.showMessage},
		{pattern: "POST /api/v1/messages/{id}/resend", role: dispatcher, handler: s.resendMessage, keeps: true},
		{pattern: "GET /mailbox", role: dispatcher, handler: s.showMailbox, page: true},
		{pattern: "GET /mailbox/{id}", role: dispatcher, handler: s.showMailboxMessage, page: true},
		{pattern: "GET /mailbox/{id}/html", role: dispatcher, handler: s.showMailboxHTML, page: true},
		{pattern: "GET /mailbox.css", handler: s.mailboxStyle},
		{pattern: "GET /api/v1/alerts", role: dispatcher, handler: s.listAlerts, takes: []string{"state", "before", "limit"}},
		{pattern: "GET /api/v1/alerts/{id}", role: dispatcher, handler: s.showAlert},
		{pattern: "POST /api/v1/alerts/{id}/acknowledge", role: dispatcher, handler: s.acknowledgeAlert},
		{pattern: "POST /api/v1/alerts/{id}/resolve", role: dispatcher, handler: s.resolveAlert},
		{pattern: "GET /api/v1/customers", role: dispatcher, handler: s.listCustomers, takes: []string{"after", "limit"}},
		{pattern: "GET /api/v1/customers/{id}", role: dispatcher, handler: s.showCustomer},
		{pattern: "PATCH /api/v1/customers/{id}", role: dispatcher, handler: s.patchCustomer},
		{pattern: "DELETE /api/v1/customers/{id}", role: admin, handler: s.eraseCustomer},
		{pattern: "GET /api/v1/customers/{id}/export", role: dispatcher, handler: s.exportCustomer},

		{pattern: "GET /api/v1/events", role: dispatcher, handler: s.listEvents, takes: []string{"after", "limit", "last", "device", "type", "subject"}},
		{pattern: "GET /api/v1/quarantine", role: dispatcher, handler: s.listQuarantine, takes: []string{"before", "limit"}},
		{pattern: "GET /api/v1/live", role: dispatcher, partners: true, handler: s.openLive, takes: []string{"after", "alerts"}},

		{pattern: "GET /api/v1/config", role: dispatcher, handler: s.showConfig},
		{pattern: "GET /api/v1/basemap", role: dispatcher, handler: s.showBasemap},
		{pattern: "GET /api/v1/openapi.yaml", role: dispatcher, handler: s.showDescription},

		{pattern: "GET /page.css", handler: s.pageStyle},
		{pattern: apiRest, role: driver, partners: true, handler: s.noSuchRoute},
		{pattern: siteRest, handler: s.showFile},
	})
}

// The patterns that catch what no other does.
const (
	apiRest  = "/api/"
	siteRest = "/"
)

// handle puts around a route what every route needs.
func (s *Server) handle(rt route) http.Handler {
	limit := rt.body
	if limit == 0 {
		limit = maxBody
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &recorder{ResponseWriter: w}
		started := time.Now()
		defer func() { s.metrics.answered(rt.pattern, rec.status, time.Since(started)) }()
		defer s.recoverPanic(rec, rt)
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		if strings.HasPrefix(r.URL.Path, "/api/") {
			rec.Header().Set("Cache-Control", "no-store")
		}
		if err := s.answer(rt, rec, r); err != nil {
			s.fail(rec, rt, err)
		}
	})
}

func (s *Server) answer(rt route, w http.ResponseWriter, r *http.Request) error {
	who, err := s.admit(rt, r)
	if err != nil {
		return err
	}
	if rt.strict() {
		if err := checkQuery(r.URL.RawQuery, rt.takes); err != nil {
			return err
		}
		if err := checkIfMatch(rt, r); err != nil {
			return err
		}
	}
	if err := s.keepOnce(rt, r, who); err != nil {
		return err
	}
	return s.answerOnce(rt, w, r, who)
}

// strict reports whether parameters that the route does not take are refused:
// a misspelt filter must not show everything.
func (rt route) strict() bool { return strings.Contains(rt.pattern, " /api/") }

// change does what needs the store, within changeTimeout. Where the request
// carries an Idempotency-Key it is not done again: see again.
func change(r *http.Request, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), changeTimeout)
	defer cancel()
	if b, ok := r.Body.(*onceBody); ok {
		return b.do(ctx, do)
	}
	return do(ctx)
}

// admit lets r in or says why not. Requests are counted before they are
// refused, so that refusals are limited too.
func (s *Server) admit(rt route, r *http.Request) (who principal, err error) {
	var refusal error
	switch rt.role {
	case "":
	case device:
		who, refusal = s.authenticateDevice(r)
	default:
		who, refusal = s.authenticate(r)
	}
	if !rt.always {
		if err := s.limitRequest(r, who); err != nil {
			return principal{}, err
		}
	}
	if refusal != nil {
		return principal{}, refusal
	}
	if !rt.allows(who.role) {
		s.metrics.refused("role")
		return principal{}, &problem{status: http.StatusForbidden, detail: roleRefusal}
	}
	if rt.role == "" {
		return who, nil // No cookie gets anything from it.
	}
	return who, s.checkOrigin(r, who)
}

// fail answers with the problem that err is. When the answer had begun, it can
// only be broken off, so that the client sees that it is not whole.
func (s *Server) fail(rec *recorder, rt route, err error) {
	p, foreseen := problemOf(err)
	if !foreseen && !errors.Is(err, errClientGone) {
		s.log.Error("request failed", "route", rt.pattern, "error", err)
	}
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	if rt.page {
		if s.problemPage(rec, p) == nil {
			return
		}
	}
	p.write(rec)
}

// recoverPanic keeps a mistake of ours in one request from ending the server.
func (s *Server) recoverPanic(rec *recorder, rt route) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.log.Error("panic", "route", rt.pattern, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	p, _ := problemOf(nil)
	p.write(rec)
}

// noSuchRoute answers what no other route of the API does.
func (s *Server) noSuchRoute(_ http.ResponseWriter, r *http.Request, _ principal) error {
	if s.allowedMethods(r) != "" {
		return s.noSuchMethod(r)
	}
	return notFound("There is nothing at this address. GET /api/v1/openapi.yaml describes the API.")
}

func (s *Server) noSuchMethod(r *http.Request) error {
	allowed := s.allowedMethods(r)
	if allowed == "" {
		allowed = http.MethodGet
	}
	return &problem{
		status: http.StatusMethodNotAllowed,
		detail: "This address takes only " + allowed + ".",
		header: map[string]string{"Allow": allowed},
	}
}

// allowedMethods are those with which r's address has a route of its own.
func (s *Server) allowedMethods(r *http.Request) string {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != apiRest && pattern != siteRest {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}
