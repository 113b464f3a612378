package email

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"golang.org/x/text/language"

	"wayguard/notify"
)

// UnsubscribePath is where the handler must be mounted, for GET and POST, with a
// wildcard {token} behind it.
const UnsubscribePath = "/unsubscribe/"

// storeTimeout is how long a wish may wait for the store.
const storeTimeout = 15 * time.Second

// link is where the owner of an address stops the mails, empty for nowhere. Mail
// programs press only buttons that lead to https.
func (u Unsubscribe) link(address string) string {
	if u.PublicURL == nil || u.PublicURL.Scheme != "https" {
		return ""
	}
	return u.PublicURL.JoinPath(UnsubscribePath, u.Suppressed.Token(notify.Email, address)).String()
}

// ServeHTTP shows a page with a button for GET, since programs that check mails
// follow every link, and stops the mails for POST, as mail programs and the
// button send it; with the field again it lets them through again.
func (u Unsubscribe) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	words := wordsFor(r)
	token := r.PathValue("token")
	var err error
	if r.Method == http.MethodPost {
		err = u.note(r, token)
	}
	var stopped bool
	if err == nil {
		stopped, err = u.Suppressed.FindToken(notify.Email, token)
	}
	p := unsubscribePage{words: words, Title: words.Title, Text: words.Ask, Button: words.Stop}
	status := http.StatusOK
	switch {
	case errors.Is(err, notify.ErrToken):
		status = http.StatusNotFound
		p.Text, p.Button = words.Unknown, ""
	case err != nil:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "60")
		p.Text, p.Button = words.Later, ""
	case stopped:
		p.Title, p.Text, p.Button, p.Again = words.Stopped, words.Done, words.Resume, true
	}
	p.write(w, status)
}

// note stores the wish of a POST.
func (u Unsubscribe) note(r *http.Request, token string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), storeTimeout)
	defer cancel()
	if r.PostFormValue("again") != "" {
		return u.Suppressed.RemoveToken(ctx, notify.Email, token)
	}
	return u.Suppressed.AddToken(ctx, notify.Email, token, notify.Suppression{Reason: "unsubscribed", Since: u.Clock.Now().UTC(), Asked: true})
}

//go:embed unsubscribe.html
var unsubscribeHTML string

var unsubscribeTemplate = template.Must(template.New("unsubscribe").Parse(unsubscribeHTML))

type unsubscribePage struct {
	words
	Title, Text string
	Button      string // empty for none
	Again       bool
}

func (p unsubscribePage) write(w http.ResponseWriter, status int) {
	var b bytes.Buffer
	if err := unsubscribeTemplate.Execute(&b, p); err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", p.Language)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // Whoever asked may be gone.
}

// words are what the page says in one language.
type words struct {
	Language                                                string
	Title, Ask, Stop, Stopped, Done, Resume, Unknown, Later string
}

func wordsFor(r *http.Request) words {
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return texts[i]
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.German, language.Spanish, language.French})

// texts are in the order of matcher.
var texts = []words{
	{"en", "Stop these emails?", "You will get no more emails about your deliveries at this address.", "Stop the emails",
		"No more emails", "Nothing more will be sent to this address.", "Send me emails again",
		"This link is not complete. Open it from the email once more.", "That did not work. Please try again in a minute."},
	{"de", "Diese E-Mails abbestellen?", "Sie erhalten an diese Adresse keine E-Mails mehr zu Ihren Lieferungen.", "E-Mails abbestellen",
		"Keine E-Mails mehr", "An diese Adresse wird nichts mehr gesendet.", "Wieder E-Mails erhalten",
		"Dieser Link ist unvollständig. Öffnen Sie ihn bitte noch einmal aus der E-Mail.", "Das hat nicht geklappt. Bitte versuchen Sie es in einer Minute noch einmal."},
	{"es", "¿Dejar de recibir estos correos?", "No recibirá más correos sobre sus entregas en esta dirección.", "Dejar de recibir correos",
		"No habrá más correos", "No se enviará nada más a esta dirección.", "Volver a recibir correos",
		"Este enlace está incompleto. Ábralo de nuevo desde el correo.", "No ha funcionado. Inténtelo de nuevo dentro de un minuto."},
	{"fr", "Ne plus recevoir ces e-mails ?", "Vous ne recevrez plus d’e-mails sur vos livraisons à cette adresse.", "Ne plus recevoir d’e-mails",
		"Plus d’e-mails", "Plus rien ne sera envoyé à cette adresse.", "Recevoir de nouveau des e-mails",
		"Ce lien est incomplet. Ouvrez-le de nouveau depuis l’e-mail.", "Cela n’a pas fonctionné. Réessayez dans une minute."},
}
